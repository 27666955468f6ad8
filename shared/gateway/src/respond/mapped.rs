//! The answer of an integration that is no proxy, as the method's integration responses make it.

use crate::content::Payload;
use crate::finish::Answer;
use crate::headers::Remapping;
use crate::mapping::{BodyText, Given, Message};
use crate::rejection::IntegrateRejection;
use crate::route::Routed;
use crate::trail::Trail;
use crate::{Body, headers};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use postern_plan::{ResponsePlan, ResponseSelection};

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
    routed: &Routed,
    trail: &Trail,
) -> Result<Answer, IntegrateRejection> {
    let plan = responses.select(&answered.selection).ok_or_else(|| {
        IntegrateRejection::Configuration(format!(
            "No match for output mapping and no default output mapping configured. Endpoint Response Status Code: {}",
            answered.status
        ))
    })?;
    let status = StatusCode::from_u16(plan.status)
        .ok()
        .filter(|_| plan.declared)
        .ok_or_else(|| {
            IntegrateRejection::Configuration(format!(
                "Output mapping refers to an invalid method response: {}",
                plan.status
            ))
        })?;
    let mapped = mapped_headers(plan, &answered, routed, trail)?;
    let mut headers = answered.remapping.apply(&mapped);
    let payload = convert(plan, &answered, routed)?;
    let accepted = headers::first_accepted(&routed.request.headers);
    let body = match plan.template(accepted.as_deref().unwrap_or("application/json")) {
        Some((content_type, Some(template))) => {
            if !payload.is_text {
                return Err(IntegrateRejection::Configuration(
                    "Unable to transform response: the body is binary".to_owned(),
                ));
            }
            let text = template.text();
            if text.contains(['$', '#']) {
                let reason = "the response template uses the template language, which this version does not run";
                return Err(IntegrateRejection::Configuration(reason.to_owned()));
            }
            if let Ok(value) = HeaderValue::from_str(content_type) {
                headers.entry(CONTENT_TYPE).or_insert(value);
            }
            Bytes::from(text.to_owned())
        }
        Some((_, None)) | None => payload.bytes,
    };
    Ok(Answer {
        status,
        headers,
        body: Body::Full(body),
        traced: answered.traced,
    })
}

fn mapped_headers(
    plan: &ResponsePlan,
    answered: &Answered,
    routed: &Routed,
    trail: &Trail,
) -> Result<HeaderMap, IntegrateRejection> {
    let given = Given {
        message: Message::Answer {
            headers: &answered.headers,
        },
        body: BodyText::new(&answered.body),
        variables: &routed.variables,
        trail,
    };
    let mut mapped = HeaderMap::with_capacity(plan.headers.len());
    for (name, source) in &plan.headers {
        let values = given
            .values(source)
            .map_err(|error| IntegrateRejection::Configuration(error.to_string()))?;
        let Some(values) = values else { continue };
        // What cannot be a header's value leaves the header out.
        if let (Ok(name), Ok(value)) = (
            HeaderName::try_from(name.as_str()),
            HeaderValue::from_bytes(values.joined().as_bytes()),
        ) {
            mapped.insert(name, value);
        }
    }
    Ok(mapped)
}

fn convert(
    plan: &ResponsePlan,
    answered: &Answered,
    routed: &Routed,
) -> Result<Payload, IntegrateRejection> {
    let binary = &routed.api().binary_media_types;
    if binary.is_empty() && plan.content_handling.is_none() {
        return Ok(Payload::text(answered.body.clone()));
    }
    // Neither side says: it is text, unless everything is binary.
    let is_binary = |media_type: Option<String>| {
        headers::is_binary(binary, media_type.as_deref().unwrap_or_default())
    };
    let has_type = answered.headers.contains_key(CONTENT_TYPE);
    let of_answer = has_type.then(|| headers::content_type(&answered.headers));
    let accepted = headers::first_accepted(&routed.request.headers);
    Payload::of_answer(
        answered.body.clone(),
        is_binary(of_answer),
        is_binary(accepted),
        plan.content_handling,
    )
    .map_err(|error| IntegrateRejection::Configuration(error.to_string()))
}
