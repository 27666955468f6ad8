//! Which stages and methods use a client certificate or a VPC link.

use crate::definitions::{Change, Definitions, Record, Use};
use crate::wire::Failure;
use postern_definition::rest::{ClientCertificate, Method, VpcLink};
use postern_definition::{ResourceId, StageName};
use postern_store::decode;

/// What parts of APIs use. Each knows how to ask one of them whether it still does.
pub(super) trait Usable: Record {
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
        let name = StageName::from(user.part.as_str());
        let stage = definitions.stage(&user.api, &name).await?;
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
            return Ok(None);
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

/// Who uses something, as refusals name them. Notes of who did once are cleared away.
pub(super) async fn in_use<U: Usable>(
    change: &mut Change<'_>,
    used: &U,
) -> Result<Vec<String>, Failure> {
    let definitions = change.definitions();
    let mut users = Vec::new();
    for note in change.users(&used.key()).await? {
        let user: Use = decode(&note)?;
        let exists = definitions.api(&user.api).await?.is_some();
        let used_by = used.used_by(definitions, &user).await?;
        match used_by.filter(|_| exists) {
            Some(name) => users.push(name),
            None => change.delete(note.key),
        }
    }
    Ok(users)
}
