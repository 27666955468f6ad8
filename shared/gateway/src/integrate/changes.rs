//! What an HTTP API's owner changes of a request on its way to an integration, and of the answer on its way back.
//!
//! All values are read from the message as it came, before anything of it is changed.

use super::parameters::{UNSAFE_IN_PATH, encoded_query};
use super::request::given;
use crate::answer::Answer;
use crate::held::{buffered, collect};
use crate::mapping::{Given, Message, Values};
use crate::rejection::IntegrateRejection;
use crate::route::Routed;
use crate::trail::Trail;
use crate::{Body, Query, headers};
use bytes::Bytes;
use http::header::SET_COOKIE;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use percent_encoding::utf8_percent_encode;
use postern_definition::Map;
use postern_plan::{
    Action, BodyPath, Change, RequestChanges, ResponseChanges, Source, TextTemplate,
};
use postern_template::Payload;
use std::borrow::Cow;
use std::sync::Arc;

/// Changes headers and query, and gives the path that is wanted in place of the one that would go on.
pub(super) async fn of_request(
    changes: &RequestChanges,
    routed: &mut Routed,
    trail: &Trail,
) -> Result<Option<String>, IntegrateRejection> {
    let body = if changes.read_the_body() {
        held(routed).await?
    } else {
        Bytes::new()
    };
    let text = String::from_utf8_lossy(&body);
    let payload = Payload::new(&text);
    let given = given(routed, trail, &payload);
    let path = changes
        .path
        .as_ref()
        .map(|path| path_of(path, &given, routed));
    let headers = valued(&changes.headers, &given);
    let query = valued(&changes.query, &given);
    if !headers.is_empty() {
        let changed = Arc::make_mut(&mut routed.request.headers);
        change_headers(changed, headers);
    }
    if !query.is_empty() {
        let pairs = change_query(routed.query.pairs().to_vec(), query);
        routed.request.query = (!pairs.is_empty()).then(|| encoded_query(&pairs).into());
        routed.query = Query::of(pairs);
    }
    Ok(path.filter(|path| !path.is_empty()))
}

/// The answer as the mappings for its status make it.
pub(super) async fn of_answer(
    changes: &ResponseChanges,
    mut answer: Answer,
    variables: &Map<String>,
    trail: &Trail,
) -> Result<Answer, IntegrateRejection> {
    let mut body = Bytes::new();
    if changes.read_the_body() {
        body = buffered(answer.body).await?;
        answer.body = Body::Full(body.clone());
    }
    let text = String::from_utf8_lossy(&body);
    let given = Given {
        message: Message::Answer {
            headers: &answer.headers,
        },
        body: &Payload::new(&text),
        variables,
        trail,
    };
    let status = changes.status.as_ref().map(|status| filled(status, &given));
    let valued = valued(&changes.headers, &given);
    change_headers(&mut answer.headers, valued);
    // What is no status, or none that a client can be sent, changes nothing.
    let status = status.and_then(|status| status.trim().parse().ok());
    if let Some(status) = status.filter(|status| (200..600).contains(status)) {
        answer.status = StatusCode::from_u16(status).unwrap_or(answer.status);
    }
    Ok(answer)
}

/// The request's body, which goes on all the same.
pub(super) async fn held(routed: &mut Routed) -> Result<Bytes, IntegrateRejection> {
    let body = collect(std::mem::replace(&mut routed.request.body, Body::empty())).await?;
    routed.request.body = Body::Full(body.clone());
    Ok(body)
}

/// What a value is, in a place that holds one. Where nothing of it is there it is empty.
pub(super) fn filled(template: &TextTemplate, given: &Given<'_>) -> String {
    template.fill(|source| one(source, given))
}

/// A body that is no document has no parts, and one that is empty no text.
fn one(source: &Source, given: &Given<'_>) -> Option<String> {
    if matches!(source, Source::Body(BodyPath::Whole)) && given.body.is_empty() {
        return None;
    }
    let values = given.values(source).ok().flatten();
    values.map(|values: Values| values.joined().into_owned())
}

struct Valued {
    name: String,
    action: Action,
    value: String,
}

fn valued(changes: &[Change], given: &Given<'_>) -> Vec<Valued> {
    let one = |change: &Change| Valued {
        name: change.name.clone(),
        action: change.action,
        value: filled(&change.value, given),
    };
    changes.iter().map(one).collect()
}

fn change_headers(headers: &mut HeaderMap, changes: Vec<Valued>) {
    for change in changes {
        let Ok(name) = HeaderName::try_from(change.name.as_str()) else {
            continue;
        };
        let value = HeaderValue::from_bytes(change.value.as_bytes()).ok();
        let value = value.filter(|value| !value.is_empty());
        match (change.action, value) {
            (Action::Append, None) => {}
            (Action::Append, Some(value)) if name == SET_COOKIE => {
                let _ = headers.try_append(name, value);
            }
            (Action::Append, Some(value)) => {
                let before = headers.get_all(&name).iter().map(headers::text);
                let mut all: Vec<_> = before.map(Cow::into_owned).collect();
                all.push(headers::text(&value).into_owned());
                super::set(headers, name, &all.join(","));
            }
            (Action::Overwrite, Some(value)) => {
                let _ = headers.try_insert(name, value);
            }
            // What should be overwritten must not stand: whoever reads it takes it for the owner's.
            (Action::Overwrite, None) | (Action::Remove, _) => drop(headers.remove(name)),
        }
    }
}

fn change_query(mut pairs: Vec<(String, String)>, changes: Vec<Valued>) -> Vec<(String, String)> {
    for Valued {
        name,
        action,
        value,
    } in changes
    {
        if action != Action::Append {
            pairs.retain(|(known, _)| *known != name);
        }
        if action != Action::Remove && !value.is_empty() {
            pairs.push((name, value));
        }
    }
    pairs
}

/// Parts of the path go on as they came, still encoded; what else is put in is encoded.
fn path_of(path: &TextTemplate, given: &Given<'_>, routed: &Routed) -> String {
    let path = path.fill(|source| match source {
        Source::WholePath => Some(routed.request.path.clone()),
        Source::Path(name) => {
            let value = routed.path_parameters.get(name)?;
            Some(utf8_percent_encode(value, UNSAFE_IN_PATH).to_string())
        }
        source => {
            let value = one(source, given)?.replace('%', "%25");
            Some(utf8_percent_encode(&value, UNSAFE_IN_PATH).to_string())
        }
    });
    if path.is_empty() || path.starts_with('/') {
        path
    } else {
        format!("/{path}")
    }
}
