//! HTTP_PROXY: the request goes to a URL as it came, and the answer comes back as it was given. Both bodies stream.

use super::{JSON, agent, method, own_headers, routed as of_routes, set_mapped, url};
use crate::answer::Answer;
use crate::body::TooLong;
use crate::held::{PAYLOAD_BYTES_MAX, buffered, collect};
use crate::integrate::parameters::Parameters;
use crate::integrate::request::given;
use crate::integrate::{has_body, idle_max, set};
use crate::rejection::IntegrateRejection;
use crate::route::Routed;
use crate::trail::Trail;
use crate::{Body, Gateway, headers};
use bytes::Bytes;
use http::HeaderMap;
use http::header::{
    ACCEPT, AUTHORIZATION, CONTENT_ENCODING, CONTENT_LENGTH, HOST, USER_AGENT, VIA,
};
use postern_definition::rest::ResponseTransferMode;
use postern_plan::{HttpPlan, Passes};
use postern_template::Payload;

impl Gateway {
    pub(crate) async fn http_proxy(
        &self,
        plan: &HttpPlan,
        mut routed: Routed,
        path: Option<String>,
        trail: &mut Trail,
    ) -> Result<Answer, IntegrateRejection> {
        let method = method(plan, &routed)?;
        let mut body = std::mem::replace(&mut routed.request.body, Body::empty());
        let mut held = Bytes::new();
        if plan.mapping.reads_the_body() {
            held = collect(body).await?;
            body = Body::Full(held.clone());
        }
        let parameters = parameters(plan, &routed, trail, &held)?;
        let (body, is_too_long) = match body {
            // As on the service: what these methods carry goes no further from REST APIs.
            _ if plan.passes == Passes::Rest && !has_body(&method) => {
                (Body::empty(), TooLong::default())
            }
            // A length that was told was looked at already, and bounds the stream by itself.
            body if routed.request.headers.contains_key(CONTENT_LENGTH) => {
                (body, TooLong::default())
            }
            body => body.at_most(PAYLOAD_BYTES_MAX),
        };
        let connection = self
            .connection(plan, &routed.live, &routed.variables)
            .await?;
        let (url, sent, remapping) = match plan.passes {
            Passes::Rest => (
                url(plan, &parameters, routed.query.pairs(), &routed)?,
                request_headers(&parameters, &routed, trail)?,
                &headers::HTTP_PROXY,
            ),
            Passes::Routed(appended) => {
                let goes = of_routes::Goes {
                    path,
                    appended,
                    through: connection.through.as_deref(),
                };
                (
                    of_routes::url(plan, &parameters, goes, &routed)?,
                    of_routes::request_headers(plan, &routed, trail),
                    &headers::PASSED,
                )
            }
        };
        let begun = self.clock.now();
        let called = self
            .call_url(plan, (method, url, sent, body), connection, trail)
            .await;
        if is_too_long.is_known() {
            return Err(IntegrateRejection::BodyTooLarge(PAYLOAD_BYTES_MAX));
        }
        let (head, body) = called?.into_parts();
        let body = match plan.transfer {
            None => body,
            Some(ResponseTransferMode::Stream) => body.idle_at_most(idle_max(routed.api())),
            Some(ResponseTransferMode::Buffered) => {
                let body = buffered(body).await;
                if let Some(integration) = &mut trail.integration {
                    integration.latency = self.clock.now().saturating_sub(begun);
                    integration.error = body.as_ref().err().map(ToString::to_string);
                }
                Body::Full(body?)
            }
        };
        Ok(Answer {
            status: head.status,
            headers: remapping.apply(&head.headers),
            body,
            traced: false,
            may_be_packed: plan.transfer != Some(ResponseTransferMode::Stream),
        })
    }
}

fn parameters(
    plan: &HttpPlan,
    routed: &Routed,
    trail: &Trail,
    body: &[u8],
) -> Result<Parameters, IntegrateRejection> {
    let text = String::from_utf8_lossy(body);
    let body = Payload::new(&text);
    let given = given(routed, trail, &body);
    Ok(Parameters::map(&plan.mapping, &given, routed)?)
}

fn request_headers(
    parameters: &Parameters,
    routed: &Routed,
    trail: &Trail,
) -> Result<HeaderMap, IntegrateRejection> {
    let client = &routed.request.headers;
    let mut sent = HeaderMap::with_capacity(client.len() + 8);
    let is_signed = routed.is_signed();
    for (name, value) in &**client {
        let dropped = headers::is_hidden_from_integrations(name)
            || matches!(*name, HOST | CONTENT_ENCODING | VIA)
            || name == "x-http-method-override"
            || (*name == AUTHORIZATION && is_signed);
        if !dropped {
            sent.append(name.clone(), value.clone());
        }
    }
    if !client.contains_key(ACCEPT) {
        sent.insert(ACCEPT, JSON);
    }
    if !client.contains_key(USER_AGENT) {
        set(&mut sent, USER_AGENT, &agent(routed));
    }
    for (name, value) in own_headers(routed, trail) {
        set(&mut sent, name, &value);
    }
    set_mapped(&mut sent, parameters)?;
    Ok(sent)
}
