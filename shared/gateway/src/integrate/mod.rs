//! The integration: what it is sent, and what it answers.

mod event;
mod function_answer;
mod http_proxy;
mod lambda_proxy;
mod mapped;
mod mock;

use crate::Gateway;
use crate::admit::Admitted;
use crate::finish::Answer;
use crate::rejection::IntegrateRejection;
use crate::trail::Trail;
use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_LENGTH;
use postern_plan::IntegrationPlan;

/// AWS's limit for a request's body, and for one that is held in memory on its way back.
pub const PAYLOAD_BYTES_MAX: usize = 10_485_760;

impl Gateway {
    pub(crate) async fn integrate(
        &self,
        admitted: Admitted,
        trail: &mut Trail,
    ) -> Result<Answer, IntegrateRejection> {
        let Admitted(routed) = admitted;
        check_length(&routed.request.headers)?;
        let plan = routed.plan.clone();
        match &plan.integration {
            IntegrationPlan::Mock(mock) => mock::answer(mock, routed, trail).await,
            IntegrationPlan::Http(http) => self.http_proxy(http, routed, trail).await,
            IntegrationPlan::Lambda(lambda) => self.lambda_proxy(lambda, routed, trail).await,
            IntegrationPlan::Unanswered(kind) => {
                Err(IntegrateRejection::Unanswered(format!("{kind:?}")))
            }
        }
    }
}

/// Refuses a body that is told to be longer than the service takes, before one byte of it is waited for.
fn check_length(headers: &HeaderMap) -> Result<(), IntegrateRejection> {
    let told = headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    match told {
        Some(told) if told > PAYLOAD_BYTES_MAX as u64 => {
            Err(IntegrateRejection::BodyTooLarge(PAYLOAD_BYTES_MAX))
        }
        _ => Ok(()),
    }
}

/// The whole body of a request, for what cannot stream.
async fn collect(body: crate::Body) -> Result<Bytes, IntegrateRejection> {
    body.collect(PAYLOAD_BYTES_MAX)
        .await
        .map_err(|error| match error {
            crate::CollectError::TooLong(max) => IntegrateRejection::BodyTooLarge(max),
            crate::CollectError::Broken(error) => IntegrateRejection::BodyBroken(error.to_string()),
        })
}
