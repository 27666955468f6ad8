//! MOCK: the method's own templates answer.

use super::{collect, mapped};
use crate::finish::Answer;
use crate::rejection::IntegrateRejection;
use crate::route::Routed;
use crate::trail::{IntegrationTrail, Trail};
use crate::{Body, headers};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use postern_plan::{MockPlan, MockTemplate, mock_status};
use std::time::Duration;

pub(super) async fn answer(
    plan: &MockPlan,
    mut routed: Routed,
    trail: &mut Trail,
) -> Result<Answer, IntegrateRejection> {
    let content_type = headers::content_type(&routed.request.headers);
    let body = std::mem::replace(&mut routed.request.body, Body::empty());
    let wanted = match plan.template(&content_type) {
        MockTemplate::Status(status) => {
            status.map_err(|reason| IntegrateRejection::Configuration(reason.to_owned()))?
        }
        MockTemplate::Refused => {
            return Err(IntegrateRejection::UnsupportedMediaType(content_type));
        }
        MockTemplate::Passthrough => {
            let body = collect(body).await?;
            mock_status(&String::from_utf8_lossy(&body)).ok_or_else(|| {
                let reason = "Unable to parse statusCode. It should be an integer that is defined in the request template.";
                IntegrateRejection::Configuration(reason.to_owned())
            })?
        }
    };
    trail.integration = Some(IntegrationTrail {
        status: u16::try_from(wanted).ok(),
        service_status: None,
        latency: Duration::ZERO,
        request_id: None,
        error: None,
        traced: false,
    });
    let response = plan.responses.select(&wanted.to_string()).ok_or_else(|| {
        IntegrateRejection::Configuration(format!(
            "No match for output mapping and no default output mapping configured. Endpoint Response Status Code: {wanted}"
        ))
    })?;
    let status = StatusCode::from_u16(response.status)
        .ok()
        .filter(|_| response.declared)
        .ok_or_else(|| {
            IntegrateRejection::Configuration(format!(
                "Output mapping refers to an invalid method response: {}",
                response.status
            ))
        })?;

    let mut mapped_headers = HeaderMap::new();
    for (name, source) in &response.headers {
        let value = mapped::value(source, &routed, trail);
        let value = value
            .as_deref()
            .and_then(|value| HeaderValue::from_bytes(value.as_bytes()).ok());
        if let (Ok(name), Some(value)) = (HeaderName::try_from(name.as_str()), value) {
            mapped_headers.insert(name, value);
        }
    }
    let accepted = headers::first_accepted(&routed.request.headers)
        .unwrap_or_else(|| "application/json".to_owned());
    let mut answered = headers::MOCK.apply(&mapped_headers);
    let mut body = Body::empty();
    if let Some((content_type, template)) = response.template(&accepted) {
        let text = template.unwrap_or_default();
        if text.contains(['$', '#']) {
            let reason =
                "the response template uses the template language, which this version does not run";
            return Err(IntegrateRejection::Configuration(reason.to_owned()));
        }
        if let Ok(value) = HeaderValue::from_str(content_type) {
            answered.entry(http::header::CONTENT_TYPE).or_insert(value);
        }
        body = Body::from(text.to_owned());
    }
    Ok(Answer {
        status,
        headers: answered,
        body,
        traced: false,
    })
}
