//! HTTP: the endpoint is sent what the owner made, and nothing of the client's that the owner did not map.

use super::super::request::{self, Prepared};
use super::{JSON, agent, method, own_headers, set_mapped, url};
use crate::answer::Answer;
use crate::held::buffered;
use crate::integrate::{has_body, set};
use crate::rejection::IntegrateRejection;
use crate::respond::{self, Answered};
use crate::route::Routed;
use crate::trail::Trail;
use crate::{Body, Gateway, headers};
use http::HeaderMap;
use http::header::{ACCEPT, CONTENT_TYPE, USER_AGENT};
use postern_plan::{HttpPlan, Transform};

impl Gateway {
    pub(crate) async fn http_custom(
        &self,
        plan: &HttpPlan,
        transform: &Transform,
        mut routed: Routed,
        trail: &mut Trail,
    ) -> Result<Answer, IntegrateRejection> {
        let method = method(plan, &routed)?;
        let prepared =
            request::prepare(&transform.requests, Some(&plan.mapping), &mut routed, trail).await?;
        let sent = request_headers(&prepared, &routed, trail)?;
        let url = url(plan, &prepared.parameters, &[], &routed)?;
        let body = if has_body(&method) {
            Body::Full(prepared.body.clone())
        } else {
            Body::empty()
        };
        let connection = self
            .connection(plan, &routed.live, &routed.variables)
            .await?;
        let begun = self.clock.now();
        let answer = self
            .call_url(plan, (method, url, sent, body), connection, trail)
            .await?;
        let (head, body) = answer.into_parts();
        let body = buffered(body).await;
        // The answer is there when its last byte is, as the service's time limit has it.
        if let Some(integration) = &mut trail.integration {
            integration.latency = self.clock.now().saturating_sub(begun);
            integration.error = body.as_ref().err().map(ToString::to_string);
        }
        let answered = Answered {
            selection: head.status.as_str().to_owned(),
            status: head.status.as_str().to_owned(),
            headers: head.headers,
            body: body?,
            remapping: &headers::MAPPED,
            traced: true,
        };
        respond::to_answer(
            &transform.responses,
            answered,
            prepared.overrides,
            &routed,
            trail,
        )
    }
}

fn request_headers(
    prepared: &Prepared,
    routed: &Routed,
    trail: &Trail,
) -> Result<HeaderMap, IntegrateRejection> {
    let mut sent = HeaderMap::with_capacity(8);
    sent.insert(ACCEPT, JSON);
    set(&mut sent, USER_AGENT, &agent(routed));
    if !prepared.body.is_empty() && has_body(&routed.request.method) {
        let client = routed.request.headers.get(CONTENT_TYPE);
        sent.insert(CONTENT_TYPE, client.cloned().unwrap_or(JSON));
    }
    for (name, value) in own_headers(routed, trail) {
        set(&mut sent, name, &value);
    }
    set_mapped(&mut sent, &prepared.parameters)?;
    Ok(sent)
}
