//! Tags, and the ARNs by which resources are tagged.

use super::{missing, stages};
use crate::Management;
use crate::definitions::Edit;
use crate::wire::{Failure, Part};
use postern_definition::{ApiId, Map, StageName};
use serde::{Deserialize, Serialize};

const TAGS_MAX: usize = 50;
const KEY_CHARS_MAX: usize = 128;
const VALUE_CHARS_MAX: usize = 256;

#[derive(Debug, Deserialize)]
pub(crate) struct AtArn {
    resource_arn: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct TagResource {
    tags: Map<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct UntagResource {
    #[serde(rename = "tagKeys")]
    tag_keys: Vec<String>,
}

impl Part for AtArn {}
impl Part for TagResource {}
impl Part for UntagResource {}

#[derive(Debug, Serialize)]
pub(crate) struct Tags {
    tags: Map<String>,
}

/// What can carry tags.
#[derive(Debug, PartialEq)]
enum Tagged {
    Api(ApiId),
    Stage(ApiId, StageName),
}

pub(crate) async fn get(service: &Management, at: &AtArn) -> Result<Tags, Failure> {
    let tags = match Tagged::parse(&at.resource_arn)? {
        Tagged::Api(id) => {
            let found = service.definitions().api(&id).await?;
            found.ok_or_else(|| missing::api(service, &id))?.0.api.tags
        }
        Tagged::Stage(id, name) => {
            let api = service.definitions().api(&id).await?;
            let stage = service.definitions().stage(&id, &name).await?;
            api.and(stage).ok_or_else(missing::stage)?.tags
        }
    };
    Ok(Tags { tags })
}

pub(crate) async fn tag(
    service: &Management,
    (at, input): &(AtArn, TagResource),
) -> Result<(), Failure> {
    change(service, at, |tags| {
        let mut together = tags.clone();
        together.extend(input.tags.clone());
        // Tags that the platform set are there already and stay.
        checked(&input.tags)?;
        bounded(&together)?;
        *tags = together;
        Ok(())
    })
    .await
}

pub(crate) async fn untag(
    service: &Management,
    (at, input): &(AtArn, UntagResource),
) -> Result<(), Failure> {
    change(service, at, |tags| {
        for key in &input.tag_keys {
            tags.remove(key);
        }
        Ok(())
    })
    .await
}

async fn change(
    service: &Management,
    at: &AtArn,
    f: impl Fn(&mut Map<String>) -> Result<(), Failure> + Send + Sync,
) -> Result<(), Failure> {
    let tagged = Tagged::parse(&at.resource_arn)?;
    let mut edits = service.edits(tagged.api()).await;
    loop {
        let mut edit: Edit<'_> = edits.begin().await?;
        match &tagged {
            Tagged::Api(id) => {
                let record = edit.record_mut(|| missing::api(service, id))?;
                f(&mut record.api.tags)?;
            }
            Tagged::Stage(id, name) => {
                edit.api(missing::stage)?;
                let stage = service.definitions().stage(id, name).await?;
                let mut stage = stage.ok_or_else(missing::stage)?;
                f(&mut stage.tags)?;
                stages::put(&mut edit, &stage).await?;
            }
        }
        if edit.commit().await? {
            return Ok(());
        }
    }
}

impl Tagged {
    /// Whatever the partition and the region; the account is empty.
    fn parse(arn: &str) -> Result<Self, Failure> {
        let malformed = || Failure::bad_request("Invalid ARN specified in the request");
        let mut parts = arn.splitn(6, ':');
        let (Some("arn"), Some(_), Some("apigateway"), Some(_), Some(_), Some(path)) = (
            parts.next(),
            parts.next(),
            parts.next(),
            parts.next(),
            parts.next(),
            parts.next(),
        ) else {
            return Err(malformed());
        };
        let segments: Vec<_> = path.trim_start_matches('/').split('/').collect();
        match segments.as_slice() {
            ["restapis", api] => Ok(Self::Api((*api).into())),
            ["restapis", api, "stages", stage] => Ok(Self::Stage((*api).into(), (*stage).into())),
            ["apikeys", _] => Err(Failure::not_found("Invalid API Key identifier specified")),
            ["usageplans", _] => Err(Failure::not_found("Invalid Usage Plan ID specified")),
            ["vpclinks", _] => Err(Failure::not_found("Invalid Vpc Link identifier specified")),
            ["clientcertificates", _] => Err(Failure::not_found(
                "Invalid Client Certificate identifier specified",
            )),
            ["domainnames", _] => Err(Failure::not_found(
                "Invalid domain name identifier specified",
            )),
            _ => Err(malformed()),
        }
    }

    fn api(&self) -> &ApiId {
        match self {
            Self::Api(api) | Self::Stage(api, _) => api,
        }
    }
}

/// The tags that come with the creation of something.
pub(super) fn given(tags: Option<&Map<String>>) -> Result<Map<String>, Failure> {
    let tags = tags.cloned().unwrap_or_default();
    checked(&tags)?;
    bounded(&tags)?;
    Ok(tags)
}

fn checked(tags: &Map<String>) -> Result<(), Failure> {
    for (key, value) in tags {
        let (keys, values) = (key.chars().count(), value.chars().count());
        if keys == 0 || keys > KEY_CHARS_MAX {
            return Err(Failure::bad_request(format!(
                "Invalid tag key specified: it must have 1 to {KEY_CHARS_MAX} characters"
            )));
        }
        if values > VALUE_CHARS_MAX {
            return Err(Failure::bad_request(format!(
                "Invalid tag value specified for key {key}: it can have at most {VALUE_CHARS_MAX} characters"
            )));
        }
        if key.to_ascii_lowercase().starts_with("aws:") {
            return Err(Failure::bad_request(
                "aws: prefixed tag key names are not allowed for external use.",
            ));
        }
    }
    Ok(())
}

fn bounded(tags: &Map<String>) -> Result<(), Failure> {
    if tags.len() > TAGS_MAX {
        return Err(Failure::bad_request(format!(
            "The number of tags exceeds the limit of {TAGS_MAX}"
        )));
    }
    Ok(())
}
