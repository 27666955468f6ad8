//! Endpoints that are URLs: HTTP_PROXY, where the request goes on as it came, and HTTP, where its owner made it.

mod custom;
mod proxy;
mod routed;

use super::parameters::Parameters;
use crate::rejection::IntegrateRejection;
use crate::route::Routed;
use crate::stages::Live;
use crate::trail::{IntegrationTrail, Trail};
use crate::{Body, Call, Connection, Destination, Gateway, headers};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use postern_definition::Map;
use postern_definition::rest::ResponseTransferMode;
use postern_plan::HttpPlan;

/// The integration's method, or the client's own.
fn method(plan: &HttpPlan, routed: &Routed) -> Result<Method, IntegrateRejection> {
    match &plan.method {
        None => Ok(routed.request.method.clone()),
        Some(method) => super::method(method),
    }
}

/// The integration's URI, its parameters filled in, then the request's own query where that goes on, and the mapped one.
///
/// A parameter that nothing filled is still there in braces, and makes the address invalid.
fn url(
    plan: &HttpPlan,
    parameters: &Parameters,
    own_query: &[(String, String)],
    routed: &Routed,
) -> Result<String, IntegrateRejection> {
    let mut url = super::filled(&plan.uri, parameters, routed)?;
    parameters.append_query(&mut url, own_query);
    Ok(url)
}

/// Lays mapped headers over those that are sent anyway.
fn set_mapped(sent: &mut HeaderMap, parameters: &Parameters) -> Result<(), IntegrateRejection> {
    for (name, value) in &parameters.headers {
        let Ok(name) = HeaderName::try_from(name.as_str()) else {
            continue;
        };
        if headers::is_unmappable(&name) {
            return Err(super::already_present(name.as_str()));
        }
        if !headers::is_mapped_in_vain(&name) {
            super::set(sent, name, value);
        }
    }
    Ok(())
}

impl Gateway {
    /// How the endpoint is connected to.
    async fn connection(
        &self,
        plan: &HttpPlan,
        live: &Live,
        variables: &Map<String>,
    ) -> Result<Connection, IntegrateRejection> {
        Ok(Connection {
            any_issuer: plan.any_issuer,
            through: match &plan.link {
                None => None,
                Some(link) => Some(self.address_behind(link, variables).await?),
            },
            certificate: live.certificate.clone(),
        })
    }

    async fn call_url(
        &self,
        plan: &HttpPlan,
        call: (Method, String, HeaderMap, Body),
        connection: Connection,
        trail: &mut Trail,
    ) -> Result<http::Response<Body>, crate::CallError> {
        let (method, url, headers, body) = call;
        let call = Call {
            destination: Destination::Url { url, connection },
            method,
            headers,
            body,
            timeout: plan.timeout,
        };
        let begun = self.clock.now();
        let called = if plan.transfer == Some(ResponseTransferMode::Stream) {
            self.call_streaming(call, trail).await
        } else {
            self.call(call, trail).await
        };
        let latency = self.clock.now().saturating_sub(begun);
        trail.integration = Some(IntegrationTrail {
            status: called.as_ref().ok().map(|answer| answer.status().as_u16()),
            service_status: None,
            latency,
            request_id: None,
            error: called.as_ref().err().map(ToString::to_string),
            traced: false,
        });
        called
    }
}

/// What the gateway tells every endpoint of itself.
fn own_headers(routed: &Routed, trail: &Trail) -> [(HeaderName, String); 2] {
    [
        (
            HeaderName::from_static("x-amzn-apigateway-api-id"),
            routed.live.api.to_string(),
        ),
        (
            HeaderName::from_static("x-amzn-trace-id"),
            trail.trace_id.clone(),
        ),
    ]
}

/// What stands in for a client that does not say what it is.
fn agent(routed: &Routed) -> String {
    format!("AmazonAPIGateway_{}", routed.live.api)
}

const JSON: HeaderValue = HeaderValue::from_static("application/json");
