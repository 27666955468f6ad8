//! Which stages and methods use a client certificate or a VPC link.

use crate::definitions::{Change, Definitions, Record, Use};
use crate::wire::Failure;
use postern_definition::rest::{ClientCertificate, ConnectionType, Integration, Method, VpcLink};
use postern_definition::{ResourceId, StageName, routed};
use postern_plan::account::vpc_link_key;
use postern_plan::{api_partition, stage_key};
use postern_store::Key;
use serde::Deserialize;

/// What parts of APIs use. Each knows how to ask one of them whether it still does.
pub(crate) trait Usable: Record {
    /// The part as refusals name it, where it uses this.
    async fn used_by(
        &self,
        definitions: Definitions<'_>,
        user: &Use,
    ) -> Result<Option<String>, Failure>;
}

impl Usable for ClientCertificate {
    async fn used_by(
        &self,
        definitions: Definitions<'_>,
        user: &Use,
    ) -> Result<Option<String>, Failure> {
        /// Of a stage of whichever kind of API.
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Stage {
            client_certificate_id: Option<String>,
        }
        let name = StageName::from(user.part.as_str());
        let stage: Option<Stage> = definitions.get(&stage_key(&user.api, &name)).await?;
        let uses = stage.is_some_and(|stage| {
            stage.client_certificate_id.as_deref() == Some(self.client_certificate_id.as_str())
        });
        Ok(uses.then(|| format!("{}:{name}", user.api)))
    }
}

impl Usable for VpcLink {
    async fn used_by(
        &self,
        definitions: Definitions<'_>,
        user: &Use,
    ) -> Result<Option<String>, Failure> {
        let Some((resource, verb)) = user.part.split_once(':') else {
            return linked(definitions, user, &self.id).await;
        };
        let id = ResourceId::from(resource);
        let method: Option<Method> = definitions.method(&user.api, &id, verb).await?;
        let integration = method.and_then(|method| method.method_integration);
        let uses = integration.is_some_and(|integration| {
            integration.connection_id.as_deref() == Some(self.id.as_str())
        });
        Ok(uses.then(|| format!("{}:{verb}:{resource}", user.api)))
    }
}

impl Usable for routed::VpcLink {
    async fn used_by(
        &self,
        definitions: Definitions<'_>,
        user: &Use,
    ) -> Result<Option<String>, Failure> {
        linked(definitions, user, &self.vpc_link_id).await
    }
}

/// An integration of an HTTP or WebSocket API, where it goes through a VPC link.
async fn linked(
    definitions: Definitions<'_>,
    user: &Use,
    link: &str,
) -> Result<Option<String>, Failure> {
    let key = Key::new(api_partition(&user.api), user.part.clone());
    let integration: Option<routed::Integration> = definitions.get(&key).await?;
    let uses = integration.filter(|integration| integration.connection_id.as_deref() == Some(link));
    Ok(uses.map(|integration| format!("{}:{}", user.api, integration.integration_id)))
}

/// Named in one refusal.
const NAMED_MAX: usize = 10;
/// Notes cleared away in one deletion, for they go in its transaction.
const CLEARED_MAX: usize = 60;

/// Who uses something, as refusals name them; not all, where they are many. Notes of who did once are cleared away.
pub(crate) async fn in_use<U: Usable>(
    change: &mut Change<'_>,
    used: &U,
) -> Result<Vec<String>, Failure> {
    let definitions = change.definitions();
    let mut names = Vec::new();
    let mut cleared = 0;
    let mut after = None;
    loop {
        let (users, next) = definitions.users(&used.key(), after).await?;
        for (note, user) in users {
            let exists = definitions.api(&user.api).await?.is_some()
                || definitions
                    .api_of::<routed::Api>(&user.api)
                    .await?
                    .is_some();
            let used_by = used.used_by(definitions, &user).await?;
            match used_by.filter(|_| exists) {
                Some(name) => names.push(name),
                None if cleared < CLEARED_MAX => {
                    cleared += 1;
                    change.delete(note);
                }
                None => {}
            }
            if names.len() == NAMED_MAX {
                return Ok(names);
            }
        }
        after = next;
        if after.is_none() {
            return Ok(names);
        }
    }
}

/// The VPC link that an integration goes through, where it names one itself.
pub(super) fn link_of(integration: &Integration) -> Option<Key> {
    let through = integration.connection_type == Some(ConnectionType::VpcLink);
    let id = integration.connection_id.as_deref().filter(|_| through);
    id.map(vpc_link_key)
}

/// A method as users of a VPC link are noted.
pub(super) fn method_part(resource: &ResourceId, verb: &str) -> String {
    format!("{resource}:{verb}")
}
