//! VPC links of HTTP APIs: ways into the subnets of a private network.
//!
//! They are known here; that gateways reach what is in those subnets is the operator's work.

use super::{given, missing};
use crate::definitions::{Change, Record};
use crate::paging::{Items, Tokens};
use crate::rest::tags;
use crate::rest::users::in_use;
use crate::wire::{Failure, Nothing, Part, iso8601};
use crate::{Management, ids, limits};
use postern_definition::Map;
use postern_definition::routed::VpcLink;
use postern_plan::account::{VPC_LINKS_V2, vpc_link_v2_key};
use postern_store::{Key, decode};
use serde::Deserialize;

const NAME_CHARS_MAX: usize = 128;
const SUBNETS_MAX: usize = 10;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateVpcLink {
    name: String,
    #[serde(default)]
    security_group_ids: Vec<String>,
    subnet_ids: Vec<String>,
    tags: Option<Map<String>>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct UpdateVpcLink {
    name: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct AtLink {
    #[serde(rename = "vpcLinkId")]
    id: String,
}

impl Part for CreateVpcLink {}
impl Part for UpdateVpcLink {}
impl Part for AtLink {}

impl Record for VpcLink {
    fn key(&self) -> Key {
        vpc_link_v2_key(&self.vpc_link_id)
    }

    fn tags_mut(&mut self) -> &mut Map<String> {
        &mut self.tags
    }
}

fn checked(link: &VpcLink) -> Result<(), Failure> {
    given::named("Name", &link.name, NAME_CHARS_MAX)?;
    if link.subnet_ids.is_empty() {
        return Err(Failure::bad_request(
            "At least one subnet must be specified for vpc link.",
        ));
    }
    if link.subnet_ids.len() > SUBNETS_MAX {
        return Err(Failure::bad_request(format!(
            "At most {SUBNETS_MAX} subnets can be specified for vpc link."
        )));
    }
    for (what, ids, prefix) in [
        ("subnet", &link.subnet_ids, "subnet-"),
        ("security group", &link.security_group_ids, "sg-"),
    ] {
        let is_id = |id: &&String| id.len() > prefix.len() && id.starts_with(prefix);
        if let Some(id) = ids.iter().find(|id| !is_id(id)) {
            return Err(Failure::bad_request(format!(
                "Invalid {what} ID specified: {id}"
            )));
        }
    }
    Ok(())
}

pub(crate) async fn create(
    change: &mut Change<'_>,
    input: &CreateVpcLink,
) -> Result<VpcLink, Failure> {
    let link = VpcLink {
        created_date: iso8601(change.service().now()),
        name: input.name.clone(),
        security_group_ids: input.security_group_ids.clone(),
        subnet_ids: input.subnet_ids.clone(),
        tags: tags::given(input.tags.as_ref())?,
        vpc_link_id: ids::random(ids::SHORT),
        vpc_link_status: "AVAILABLE".to_owned(),
        vpc_link_status_message: "VPC link is ready to route traffic".to_owned(),
        vpc_link_version: "V2".to_owned(),
    };
    checked(&link)?;
    change.grow(&limits::VPC_LINKS_V2).await?;
    change.create(&link);
    Ok(VpcLink {
        vpc_link_status: "PENDING".to_owned(),
        vpc_link_status_message: "VPC link is provisioning ENIs".to_owned(),
        ..link
    })
}

pub(crate) async fn get(service: &Management, at: &AtLink) -> Result<VpcLink, Failure> {
    let found = service.definitions().get(&vpc_link_v2_key(&at.id)).await?;
    found.ok_or_else(missing::vpc_link)
}

pub(crate) async fn list(service: &Management, tokens: &Tokens) -> Result<Items<VpcLink>, Failure> {
    let paging = tokens.paging();
    let page = paging.page(service.definitions(), VPC_LINKS_V2, "").await?;
    Ok(page.try_map(|item| Ok(decode(&item)?))?.into())
}

pub(crate) async fn update(
    change: &mut Change<'_>,
    (at, input): &(AtLink, UpdateVpcLink),
) -> Result<VpcLink, Failure> {
    let found = change.read(&vpc_link_v2_key(&at.id)).await?;
    let before: VpcLink = found.ok_or_else(missing::vpc_link)?;
    let mut after = before.clone();
    if let Some(name) = &input.name {
        after.name.clone_from(name);
    }
    checked(&after)?;
    change.replace(&before, &after);
    Ok(after)
}

pub(crate) async fn delete(change: &mut Change<'_>, at: &AtLink) -> Result<Nothing, Failure> {
    let found = change.read(&vpc_link_v2_key(&at.id)).await?;
    let link: VpcLink = found.ok_or_else(missing::vpc_link)?;
    let users = in_use(change, &link).await?;
    if !users.is_empty() {
        return Err(Failure::bad_request(format!(
            "Cannot delete vpc link. Vpc link '{}', is referenced in [{}] in format of [ApiId:IntegrationId].",
            at.id,
            users.join(", ")
        )));
    }
    change.remove(&link);
    change.shrink(&limits::VPC_LINKS_V2).await?;
    Ok(Nothing {})
}
