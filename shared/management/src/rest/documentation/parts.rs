//! Documentation parts.

use crate::definitions::{DOCUMENTATION_PART, Edit, part_key, part_prefix};
use crate::limits;
use crate::paging::{Page, Paging};
use crate::patch::{REPLACE, Row, Table, Unknown, Update};
use crate::rest::address::{AtApi, AtDocumentationPart};
use crate::rest::missing;
use crate::rest::names::LocationStatus;
use crate::rest::parts::{self, Place};
use crate::wire::{Choice, Enumerated, Failure, Part, Violations};
use crate::{Management, ids};
use postern_definition::rest::{
    DocumentationPart, DocumentationPartLocation, DocumentationPartType,
};
use postern_plan::api_partition;
use postern_store::decode;
use serde::Deserialize;
use serde_json::Value;
use std::fmt::Write;

#[derive(Debug, Deserialize)]
pub(crate) struct CreateDocumentationPart {
    location: Location,
    properties: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    #[serde(rename = "type")]
    kind: Choice<DocumentationPartType>,
    path: Option<String>,
    method: Option<String>,
    status_code: Option<String>,
    name: Option<String>,
}

impl Part for CreateDocumentationPart {
    fn constraints(&self, violations: &mut Violations) {
        violations.choice("location.type", Some(&self.location.kind));
        if let Some(code) = &self.location.status_code {
            violations.any_status_code_member("location.statusCode", code);
        }
    }
}

/// Which parts are asked for.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Filter {
    #[serde(rename = "type")]
    kind: Option<Choice<DocumentationPartType>>,
    name: Option<String>,
    path: Option<String>,
    location_status: Option<Choice<LocationStatus>>,
}

impl Part for Filter {
    fn constraints(&self, violations: &mut Violations) {
        violations.bare_choice("type", self.kind.as_ref());
        violations.bare_choice("locationStatus", self.location_status.as_ref());
    }
}

impl Filter {
    fn wants(&self, part: &DocumentationPart) -> Result<bool, Failure> {
        let kind = self.kind.as_ref().map(Choice::known).transpose()?;
        let status = self.location_status.as_ref().map(Choice::known);
        let documented = status.transpose()?.map(|status| status.0 == "DOCUMENTED");
        let location = &part.location;
        let path = || location.path.as_deref().unwrap_or("/");
        Ok(kind.is_none_or(|kind| kind == location.kind)
            && self
                .name
                .as_ref()
                .is_none_or(|name| location.name.as_ref() == Some(name))
            && self
                .path
                .as_ref()
                .is_none_or(|wanted| location.kind.has_path() && path() == wanted)
            && documented.is_none_or(|documented| documented == says_something(&part.properties)))
    }
}

fn says_something(properties: &str) -> bool {
    let properties = serde_json::from_str::<Value>(properties);
    properties.is_ok_and(|value| value.as_object().is_some_and(|members| !members.is_empty()))
}

static TABLE: Table<DocumentationPart> = Table {
    rows: &[Row::new("/properties", REPLACE, |part, patch| {
        part.properties = checked_properties(patch.text())?;
        Ok(())
    })],
    unknown: Unknown::Strict,
};

/// They are a JSON object, and come back as they were given.
fn checked_properties(properties: &str) -> Result<String, Failure> {
    if properties.trim().is_empty() {
        return Err(Failure::bad_request(
            "Documentation part properties must be non-empty",
        ));
    }
    if !serde_json::from_str::<Value>(properties).is_ok_and(|value| value.is_object()) {
        return Err(Failure::bad_request(
            "Invalid documentation part properties specified: they must be a JSON object",
        ));
    }
    Ok(properties.to_owned())
}

impl Location {
    /// The location, with no member that its type has no use for, and with the name that it may need.
    fn checked(&self) -> Result<DocumentationPartLocation, Failure> {
        let kind = self.kind.known()?;
        let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let location = DocumentationPartLocation {
            kind,
            path: given(&self.path),
            method: given(&self.method),
            status_code: given(&self.status_code),
            name: given(&self.name),
        };
        for (member, is_given, is_allowed) in [
            ("path", location.path.is_some(), kind.has_path()),
            ("method", location.method.is_some(), kind.has_method()),
            (
                "statusCode",
                location.status_code.is_some(),
                kind.has_status_code(),
            ),
            ("name", location.name.is_some(), kind.has_name()),
        ] {
            if is_given && !is_allowed {
                return Err(Failure::bad_request(format!(
                    "Invalid documentation part location specified: type {} has no {member}",
                    kind.name()
                )));
            }
        }
        if kind.has_name() && location.name.is_none() {
            return Err(Failure::bad_request(format!(
                "Invalid documentation part location specified: type {} must have a name",
                kind.name()
            )));
        }
        Ok(location)
    }
}

/// Locations are the same where they stand for the same things.
fn same(a: &DocumentationPartLocation, b: &DocumentationPartLocation) -> bool {
    let or = |text: &Option<String>, absent: &str| text.as_deref().unwrap_or(absent).to_owned();
    a.kind == b.kind
        && a.name == b.name
        && or(&a.path, "/") == or(&b.path, "/")
        && or(&a.method, "*") == or(&b.method, "*")
        && or(&a.status_code, "*") == or(&b.status_code, "*")
}

fn already(location: &DocumentationPartLocation) -> Failure {
    let mut named = format!("type '{}'", location.kind.name());
    for (member, value) in [
        ("path", &location.path),
        ("method", &location.method),
        ("statusCode", &location.status_code),
        ("name", &location.name),
    ] {
        if let Some(value) = value {
            let _ = write!(named, ", {member} '{value}'");
        }
    }
    Failure::conflict(format!(
        "Documentation part already exists for the specified location: {named}."
    ))
}

impl AtDocumentationPart {
    fn place(&self) -> Place<'_> {
        Place {
            api: &self.restapi_id,
            kind: DOCUMENTATION_PART,
            id: &self.part_id,
        }
    }
}

pub(crate) async fn create(
    edit: &mut Edit<'_>,
    (at, input): &(AtApi, CreateDocumentationPart),
) -> Result<DocumentationPart, Failure> {
    let service = edit.service();
    let api = &at.restapi_id;
    edit.api(|| missing::api(service, api))?;
    let part = DocumentationPart {
        id: ids::random(ids::SHORT),
        location: input.location.checked()?,
        properties: checked_properties(&input.properties)?,
    };
    let others: Vec<DocumentationPart> = edit.definitions().parts(api, DOCUMENTATION_PART).await?;
    let max = service.limits().documentation_parts_per_api;
    limits::check(others.len() as u64, max, "documentation parts", "API")?;
    if others
        .iter()
        .any(|other| same(&other.location, &part.location))
    {
        return Err(already(&part.location));
    }
    edit.create(part_key(api, DOCUMENTATION_PART, &part.id), &part);
    Ok(part)
}

pub(crate) async fn list(
    service: &Management,
    (at, (paging, filter)): &(AtApi, (Paging, Filter)),
) -> Result<Page<DocumentationPart>, Failure> {
    let definitions = service.definitions();
    let api = &at.restapi_id;
    if definitions.api(api).await?.is_none() {
        return Err(missing::api(service, api));
    }
    paging
        .page_where(
            definitions,
            &api_partition(api),
            &part_prefix(DOCUMENTATION_PART),
            |item| filter.wants(&decode(item)?),
        )
        .await?
        .try_map(|item| Ok(decode(&item)?))
}

pub(crate) async fn get(
    service: &Management,
    at: &AtDocumentationPart,
) -> Result<DocumentationPart, Failure> {
    parts::find(
        service.definitions(),
        at.place(),
        missing::documentation_part,
    )
    .await
}

pub(crate) async fn update(
    edit: &mut Edit<'_>,
    input: &Update<AtDocumentationPart>,
) -> Result<DocumentationPart, Failure> {
    let place = input.at.place();
    let before = parts::find_to_edit(edit, place, missing::documentation_part).await?;
    let after = input.apply(&TABLE, &before)?;
    parts::store(edit, place, &before, &after);
    Ok(after)
}

pub(crate) async fn delete(edit: &mut Edit<'_>, at: &AtDocumentationPart) -> Result<(), Failure> {
    let service = edit.service();
    edit.api(|| missing::api(service, &at.restapi_id))?;
    let place = at.place();
    let _: DocumentationPart =
        parts::find_to_edit(edit, place, missing::documentation_part).await?;
    edit.delete(part_key(place.api, place.kind, place.id));
    Ok(())
}
