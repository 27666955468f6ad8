//! The answer of an integration that is no proxy, as the method's integration responses make it.

use crate::answer::Answer;
use crate::content::Content;
use crate::headers::Remapping;
use crate::mapping::{Given, Message, TemplateInputs, key_of};
use crate::rejection::IntegrateRejection;
use crate::route::Routed;
use crate::trail::Trail;
use crate::{Body, headers};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use postern_plan::{ApiKind, ChosenBy, ResponsePlan, ResponseSelection};
use postern_template::{OverrideValue, Overrides, Payload};
use std::borrow::Cow;

/// What an integration answered.
pub(crate) struct Answered {
    /// What patterns are matched against.
    pub(crate) selection: String,
    /// For whoever reads why nothing matched.
    pub(crate) status: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) remapping: &'static Remapping,
    pub(crate) traced: bool,
}

/// In the service's order: select, map headers, convert the body, run the template.
pub(crate) fn to_answer(
    responses: &ResponseSelection,
    answered: Answered,
    mut overrides: Overrides,
    routed: &Routed,
    trail: &Trail,
) -> Result<Answer, IntegrateRejection> {
    let Some(plan) = responses.select(&answered.selection) else {
        return unmapped(&answered, routed);
    };
    let status = status_of(plan, &answered)?;
    let mut mapped = mapped_headers(plan, &answered, routed, trail)?;
    let mut content_type = None;
    let payload = convert(plan, &answered, routed)?;
    let body = match plan.template(&wanted(plan, &answered, routed, trail)) {
        Some((kind, Some(template))) => {
            if !payload.is_text {
                return Err(IntegrateRejection::Configuration(
                    "Unable to transform response: the body is binary".to_owned(),
                ));
            }
            let is_type = matches!(plan.chosen_by, ChosenBy::MediaType);
            content_type = HeaderValue::from_str(kind).ok().filter(|_| is_type);
            let text = String::from_utf8_lossy(&payload.bytes);
            let inputs = TemplateInputs {
                request: routed.message(),
                variables: &routed.variables,
                trail,
            };
            let ran = template.run(&inputs, &Payload::new(&text), &mut overrides);
            Bytes::from(ran.map_err(|error| {
                IntegrateRejection::Configuration(format!("Unable to transform response: {error}"))
            })?)
        }
        Some((_, None)) | None => payload.bytes,
    };
    for (name, value) in &overrides.response.header {
        set(&mut mapped, name, &joined(value));
    }
    let mut headers = answered.remapping.apply(&mapped);
    if let Some(content_type) = content_type {
        headers.entry(CONTENT_TYPE).or_insert(content_type);
    }
    let overridden = overrides.response.status.filter(|status| *status >= 200);
    Ok(Answer {
        // A status that was overridden needs no method response.
        status: overridden
            .and_then(|status| StatusCode::from_u16(status).ok())
            .unwrap_or(status),
        headers,
        body: Body::Full(body),
        traced: answered.traced,
        may_be_packed: true,
    })
}

/// An answer that no response is for. Whoever sends messages to an API of routes need not be answered.
fn unmapped(answered: &Answered, routed: &Routed) -> Result<Answer, IntegrateRejection> {
    let status = StatusCode::from_bytes(answered.status.as_bytes());
    match status
        .ok()
        .filter(|_| routed.api().kind == ApiKind::WebSocket)
    {
        Some(status) => Ok(Answer {
            status,
            headers: HeaderMap::new(),
            body: Body::empty(),
            traced: false,
            may_be_packed: false,
        }),
        None => Err(IntegrateRejection::Configuration(format!(
            "No match for output mapping and no default output mapping configured. Endpoint Response Status Code: {}",
            answered.status
        ))),
    }
}

/// The status that the response says, or the integration's own where it says none.
fn status_of(plan: &ResponsePlan, answered: &Answered) -> Result<StatusCode, IntegrateRejection> {
    let status = match plan.status {
        Some(status) => StatusCode::from_u16(status).ok(),
        None => StatusCode::from_bytes(answered.status.as_bytes()).ok(),
    };
    status.filter(|_| plan.declared).ok_or_else(|| {
        let status = plan.status.map(|status| status.to_string());
        IntegrateRejection::Configuration(format!(
            "Output mapping refers to an invalid method response: {}",
            status.as_deref().unwrap_or(&answered.status)
        ))
    })
}

/// By what the template is looked for.
fn wanted(plan: &ResponsePlan, answered: &Answered, routed: &Routed, trail: &Trail) -> String {
    match &plan.chosen_by {
        ChosenBy::MediaType => headers::first_accepted(&routed.request.headers)
            .unwrap_or_else(|| "application/json".to_owned()),
        ChosenBy::Expression(expression) => {
            let (message, text) = (
                routed.message_text(),
                String::from_utf8_lossy(&answered.body),
            );
            let given = Given {
                message: routed.message(),
                body: &Payload::new(&message),
                variables: &routed.variables,
                trail,
            };
            let answer = Given {
                message: Message::Answer {
                    headers: &answered.headers,
                },
                body: &Payload::new(&text),
                variables: &routed.variables,
                trail,
            };
            key_of(expression, &given, Some((&answered.status, &answer)))
        }
    }
}

fn mapped_headers(
    plan: &ResponsePlan,
    answered: &Answered,
    routed: &Routed,
    trail: &Trail,
) -> Result<HeaderMap, IntegrateRejection> {
    let text = String::from_utf8_lossy(&answered.body);
    let given = Given {
        message: Message::Answer {
            headers: &answered.headers,
        },
        body: &Payload::new(&text),
        variables: &routed.variables,
        trail,
    };
    let mut mapped = HeaderMap::with_capacity(plan.headers.len());
    for (name, source) in &plan.headers {
        let values = given
            .values(source)
            .map_err(|error| IntegrateRejection::Configuration(error.to_string()))?;
        let Some(values) = values else { continue };
        set(&mut mapped, name, &values.joined());
    }
    Ok(mapped)
}

/// What cannot be a header is left out.
fn set(headers: &mut HeaderMap, name: &str, value: &str) {
    if let (Ok(name), Ok(value)) = (
        HeaderName::try_from(name),
        HeaderValue::from_bytes(value.as_bytes()),
    ) {
        headers.insert(name, value);
    }
}

/// For a place that holds one value.
pub(crate) fn joined(value: &OverrideValue) -> Cow<'_, str> {
    match value {
        OverrideValue::One(value) => Cow::Borrowed(value),
        OverrideValue::Many(values) => values.join(",").into(),
    }
}

fn convert(
    plan: &ResponsePlan,
    answered: &Answered,
    routed: &Routed,
) -> Result<Content, IntegrateRejection> {
    let binary = &routed.api().binary_media_types;
    if binary.is_empty() && plan.content_handling.is_none() {
        return Ok(Content::text(answered.body.clone()));
    }
    if routed.api().kind == ApiKind::WebSocket {
        // Nothing says what an answer is but what is to be made of it: text of bytes, or bytes, which a message holds as text.
        let made = Content::of_answer(answered.body.clone(), true, true, plan.content_handling);
        return made.map_err(|error| IntegrateRejection::Configuration(error.to_string()));
    }
    // Neither side says: it is text, unless everything is binary.
    let is_binary = |media_type: Option<String>| {
        headers::is_binary(binary, media_type.as_deref().unwrap_or_default())
    };
    let has_type = answered.headers.contains_key(CONTENT_TYPE);
    let of_answer = has_type.then(|| headers::content_type(&answered.headers));
    let accepted = headers::first_accepted(&routed.request.headers);
    Content::of_answer(
        answered.body.clone(),
        is_binary(of_answer),
        is_binary(accepted),
        plan.content_handling,
    )
    .map_err(|error| IntegrateRejection::Configuration(error.to_string()))
}
