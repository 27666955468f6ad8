//! MOCK: the method's own templates answer.

use super::request::{self, Prepared};
use crate::answer::Answer;
use crate::headers;
use crate::rejection::IntegrateRejection;
use crate::respond::{self, Answered};
use crate::route::Routed;
use crate::trail::{IntegrationTrail, Trail};
use bytes::Bytes;
use http::HeaderMap;
use postern_plan::{Transform, mock_status};
use std::time::Duration;

pub(super) async fn answer(
    transform: &Transform,
    mut routed: Routed,
    trail: &mut Trail,
) -> Result<Answer, IntegrateRejection> {
    let Prepared {
        body, overrides, ..
    } = request::prepare(&transform.requests, None, &mut routed, trail).await?;
    let wanted = mock_status(&String::from_utf8_lossy(&body)).ok_or_else(|| {
        let reason = "Unable to parse statusCode. It should be an integer that is defined in the request template.";
        IntegrateRejection::Configuration(reason.to_owned())
    })?;
    trail.integration = Some(IntegrationTrail {
        status: u16::try_from(wanted).ok(),
        service_status: None,
        latency: Duration::ZERO,
        request_id: None,
        error: None,
        traced: false,
    });
    let answered = Answered {
        selection: wanted.to_string(),
        status: wanted.to_string(),
        headers: HeaderMap::new(),
        body: Bytes::new(),
        remapping: &headers::MOCK,
        traced: false,
    };
    respond::to_answer(&transform.responses, answered, overrides, &routed, trail)
}
