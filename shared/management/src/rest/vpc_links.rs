//! VPC links. Ours are ready as soon as they are made; a creation answers `PENDING` all the same, for that is what clients wait on.

use super::{missing, tags};
use crate::Management;
use crate::definitions::{Change, Record};
use crate::ids;
use crate::limits;
use crate::paging::{Page, Paging};
use crate::patch::{REPLACE, Row, Table, Unknown, Update};
use crate::rest::users::in_use;
use crate::wire::{Failure, Part};
use postern_definition::Map;
use postern_definition::rest::VpcLink;
use postern_plan::account::{VPC_LINKS, vpc_link_key};
use postern_store::{Key, decode};
use serde::{Deserialize, Serialize};

const NAME_CHARS_MAX: usize = 1_024;
const DESCRIPTION_CHARS_MAX: usize = 1_024;

impl Record for VpcLink {
    fn key(&self) -> Key {
        vpc_link_key(&self.id)
    }

    fn tags_mut(&mut self) -> &mut Map<String> {
        &mut self.tags
    }
}

/// A link as clients see it.
#[derive(Debug, Serialize)]
pub(crate) struct VpcLinkView {
    #[serde(flatten)]
    link: VpcLink,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<Map<String>>,
}

impl VpcLinkView {
    fn brief(mut link: VpcLink) -> Self {
        let tags = Some(std::mem::take(&mut link.tags)).filter(|tags| !tags.is_empty());
        Self { link, tags }
    }

    fn full(mut link: VpcLink) -> Self {
        let tags = Some(std::mem::take(&mut link.tags));
        Self { link, tags }
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateVpcLink {
    name: String,
    description: Option<String>,
    target_arns: Vec<String>,
    tags: Option<Map<String>>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct AtLink {
    vpclink_id: String,
}

impl Part for CreateVpcLink {}
impl Part for AtLink {}

static TABLE: Table<VpcLink> = Table {
    rows: &[
        Row::new("/name", REPLACE, |link, patch| {
            patch.text().clone_into(&mut link.name);
            Ok(())
        }),
        Row::new("/description", REPLACE, |link, patch| {
            link.description = patch.optional();
            Ok(())
        }),
    ],
    unknown: Unknown::Strict,
};

fn checked(link: &VpcLink) -> Result<(), Failure> {
    if link.name.is_empty() {
        return Err(Failure::bad_request("Name cannot be empty"));
    }
    for (what, text, max) in [
        ("name", Some(&link.name), NAME_CHARS_MAX),
        (
            "description",
            link.description.as_ref(),
            DESCRIPTION_CHARS_MAX,
        ),
    ] {
        if text.is_some_and(|text| text.chars().count() > max) {
            return Err(Failure::bad_request(format!(
                "Invalid Vpc Link {what}, can be at most {max} characters."
            )));
        }
    }
    Ok(())
}

fn checked_target(targets: &[String]) -> Result<(), Failure> {
    match targets {
        [] => Err(Failure::bad_request(
            "No target arn specified for vpc link.",
        )),
        [arn] if is_arn(arn) => Ok(()),
        [arn] => Err(Failure::bad_request(format!(
            "Invalid ARN. ARN is not well formed {arn}"
        ))),
        _ => Err(Failure::bad_request(
            "More than one target arn specified for vpc link.",
        )),
    }
}

fn is_arn(text: &str) -> bool {
    let parts: Vec<_> = text.splitn(6, ':').collect();
    text.len() <= 2_048
        && matches!(parts[..], ["arn", partition, service, _, _, resource]
        if ![partition, service, resource].iter().any(|part| part.is_empty()))
}

pub(crate) async fn create(
    change: &mut Change<'_>,
    input: &CreateVpcLink,
) -> Result<VpcLinkView, Failure> {
    let link = VpcLink {
        id: ids::random(ids::SHORT),
        name: input.name.clone(),
        description: input.description.clone().filter(|text| !text.is_empty()),
        target_arns: input.target_arns.clone(),
        status: "AVAILABLE".to_owned(),
        status_message: Some("Your vpc link is ready for use".to_owned()),
        tags: tags::given(input.tags.as_ref())?,
    };
    checked(&link)?;
    checked_target(&link.target_arns)?;
    change.grow(&limits::VPC_LINKS).await?;
    change.create(&link);
    Ok(VpcLinkView::brief(VpcLink {
        status: "PENDING".to_owned(),
        status_message: None,
        ..link
    }))
}

pub(crate) async fn get(service: &Management, at: &AtLink) -> Result<VpcLinkView, Failure> {
    let key = vpc_link_key(&at.vpclink_id);
    let found = service.definitions().get(&key).await?;
    let link = found.ok_or_else(missing::vpc_link)?;
    Ok(VpcLinkView::full(link))
}

pub(crate) async fn list(
    service: &Management,
    paging: &Paging,
) -> Result<Page<VpcLinkView>, Failure> {
    let page = paging.page(service.definitions(), VPC_LINKS, "").await?;
    page.try_map(|item| Ok(VpcLinkView::brief(decode(&item)?)))
}

pub(crate) async fn update(
    change: &mut Change<'_>,
    input: &Update<AtLink>,
) -> Result<VpcLinkView, Failure> {
    let found = change.read(&vpc_link_key(&input.at.vpclink_id)).await?;
    let before: VpcLink = found.ok_or_else(missing::vpc_link)?;
    let after = input.apply(&TABLE, &before)?;
    checked(&after)?;
    change.replace(&before, &after);
    Ok(VpcLinkView::full(after))
}

pub(crate) async fn delete(change: &mut Change<'_>, at: &AtLink) -> Result<(), Failure> {
    let id = &at.vpclink_id;
    let found = change.read(&vpc_link_key(id)).await?;
    let link: VpcLink = found.ok_or_else(missing::vpc_link)?;
    let users = in_use(change, &link).await?;
    if !users.is_empty() {
        return Err(Failure::bad_request(format!(
            "Cannot delete vpc link. Vpc link '{id}', is referenced in [{}] in format of [RESTApiId:Method:Resource].",
            users.join(", ")
        )));
    }
    change.remove(&link);
    change.shrink(&limits::VPC_LINKS).await
}
