//! HTTP_PROXY: the request goes to a URL as it came, and the answer comes back as it was given. Both bodies stream.

use super::{PAYLOAD_BYTES_MAX, mapped};
use crate::address::forwarded_for;
use crate::body::TooLong;
use crate::finish::Answer;
use crate::rejection::IntegrateRejection;
use crate::route::Routed;
use crate::trail::{IntegrationTrail, Trail};
use crate::{Body, Call, Destination, Gateway, headers};
use http::header::{
    ACCEPT, AUTHORIZATION, CONTENT_ENCODING, CONTENT_LENGTH, HOST, USER_AGENT, VIA,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};
use postern_plan::{HttpPlan, Source, UriTemplate};
use std::borrow::Cow;

/// What may not stand in a path as it is. A slash may: the values of greedy parameters hold them.
const UNSAFE_IN_PATH: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'`')
    .add(b'{')
    .add(b'}')
    .add(b'|')
    .add(b'\\')
    .add(b'^');
const UNSAFE_IN_QUERY: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

impl Gateway {
    pub(super) async fn http_proxy(
        &self,
        plan: &HttpPlan,
        mut routed: Routed,
        trail: &mut Trail,
    ) -> Result<Answer, IntegrateRejection> {
        let method = match &plan.method {
            None => routed.request.method.clone(),
            Some(method) => Method::from_bytes(method.as_bytes()).map_err(|_| {
                IntegrateRejection::Configuration(format!("`{method}` is not a method"))
            })?,
        };
        let (body, is_too_long) = match std::mem::replace(&mut routed.request.body, Body::empty()) {
            // As on the service: what these methods carry goes no further.
            _ if matches!(method, Method::GET | Method::HEAD | Method::OPTIONS) => {
                (Body::empty(), TooLong::default())
            }
            // A length that was told was looked at already, and bounds the stream by itself.
            body if routed.request.headers.contains_key(CONTENT_LENGTH) => {
                (body, TooLong::default())
            }
            body => body.at_most(PAYLOAD_BYTES_MAX),
        };
        let call = Call {
            destination: Destination::Url(url(plan, &routed, trail)?),
            headers: request_headers(plan, &routed, trail)?,
            method,
            body,
            timeout: plan.timeout,
        };
        let begun = self.clock.now();
        let called = self.backend.call(call).await;
        let latency = self.clock.now().saturating_sub(begun);
        trail.integration = Some(IntegrationTrail {
            status: called.as_ref().ok().map(|answer| answer.status().as_u16()),
            service_status: None,
            latency,
            request_id: None,
            error: called.as_ref().err().map(ToString::to_string),
            traced: false,
        });
        if is_too_long.is_known() {
            return Err(IntegrateRejection::BodyTooLarge(PAYLOAD_BYTES_MAX));
        }
        let (head, body) = called?.into_parts();
        Ok(Answer {
            status: head.status,
            headers: headers::HTTP_PROXY.apply(&head.headers),
            body,
            traced: false,
        })
    }
}

/// The integration's URI, its parameters filled in, then the request's query and the mapped one.
///
/// A parameter that nothing filled is still there in braces, and makes the address invalid.
fn url(plan: &HttpPlan, routed: &Routed, trail: &Trail) -> Result<String, IntegrateRejection> {
    let mut url = fill(&plan.uri, plan, routed, trail).into_owned();
    if url.contains(['{', '}']) {
        return Err(IntegrateRejection::Configuration(format!(
            "Invalid endpoint address: {url}"
        )));
    }
    let mut separator = if url.contains('?') { '&' } else { '?' };
    let mut push = |name: &str, value: &str| {
        url.push(separator);
        separator = '&';
        url.extend(utf8_percent_encode(name, UNSAFE_IN_QUERY));
        url.push('=');
        url.extend(utf8_percent_encode(value, UNSAFE_IN_QUERY));
    };
    for (name, value) in routed.query.pairs() {
        push(name, value);
    }
    for (name, source) in &plan.mapping.query {
        if let Some(value) = mapped::value(source, routed, trail) {
            push(name, &value);
        }
    }
    Ok(url)
}

fn fill<'f>(
    uri: &'f UriTemplate,
    plan: &'f HttpPlan,
    routed: &'f Routed,
    trail: &'f Trail,
) -> Cow<'f, str> {
    let parameter = |name: &str| {
        let source = plan.mapping.path.get(name)?;
        // A part of the path goes on as it came, still encoded, so that an encoded slash stays one.
        let value = match source {
            Source::Path(name) => Cow::Borrowed(routed.path_parameters.get(name)?.as_str()),
            source => mapped::value(source, routed, trail)?
                .replace('%', "%25")
                .into(),
        };
        Some(Cow::from(
            utf8_percent_encode(&value, UNSAFE_IN_PATH).to_string(),
        ))
    };
    uri.fill(parameter, |name| {
        routed.variables.get(name).map(String::as_str)
    })
}

fn request_headers(
    plan: &HttpPlan,
    routed: &Routed,
    trail: &Trail,
) -> Result<HeaderMap, IntegrateRejection> {
    let client = &routed.request.headers;
    let mut sent = HeaderMap::with_capacity(client.len() + 8);
    let is_signed = routed.is_signed();
    for (name, value) in client {
        let dropped = headers::is_hidden_from_integrations(name)
            || matches!(*name, HOST | CONTENT_ENCODING | VIA)
            || name == "x-http-method-override"
            || (*name == AUTHORIZATION && is_signed);
        if !dropped {
            sent.append(name.clone(), value.clone());
        }
    }
    // What cannot be a header's value leaves the header out: the client's own must not stand in its place.
    let mut set = |name: HeaderName, value: &str| match HeaderValue::from_bytes(value.as_bytes()) {
        Ok(value) => drop(sent.insert(name, value)),
        Err(_) => drop(sent.remove(name)),
    };
    let agent = format!("AmazonAPIGateway_{}", routed.live.api);
    if !client.contains_key(ACCEPT) {
        set(ACCEPT, "application/json");
    }
    if !client.contains_key(USER_AGENT) {
        set(USER_AGENT, &agent);
    }
    set(
        HeaderName::from_static("x-forwarded-for"),
        &forwarded_for(client, &trail.source_ip),
    );
    set(
        HeaderName::from_static("x-forwarded-port"),
        &routed.request.port.to_string(),
    );
    set(
        HeaderName::from_static("x-forwarded-proto"),
        routed.request.scheme,
    );
    set(
        HeaderName::from_static("x-amzn-apigateway-api-id"),
        routed.live.api.as_str(),
    );
    set(HeaderName::from_static("x-amzn-trace-id"), &trail.trace_id);
    for (name, source) in &plan.mapping.headers {
        let Some(value) = mapped::value(source, routed, trail) else {
            continue;
        };
        let Ok(name) = HeaderName::try_from(name.as_str()) else {
            continue;
        };
        if headers::is_unmappable(&name) {
            return Err(IntegrateRejection::Configuration(format!(
                "{name} header already present"
            )));
        }
        if !headers::is_mapped_in_vain(&name) {
            set(name, &value);
        }
    }
    Ok(sent)
}
