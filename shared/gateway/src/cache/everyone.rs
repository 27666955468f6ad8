//! That no caller gets what was meant for another, where nobody has said by what answers are told apart: of HTTP APIs.
//!
//! Two requests get the same answer only if they agree in all that answers commonly rest on; and an answer that says of itself
//! that it is for one client, or rests on something else, is not kept. What an answer may rest on all the same, without saying
//! so, are headers that no route declares, no authorizer looks at, and that are not among [`HEADERS`].

use super::key::Parts;
use crate::answer::Answer;
use crate::headers;
use crate::route::Routed;
use crate::trail::Trail;
use http::header::{
    ACCEPT, ACCEPT_ENCODING, ACCEPT_LANGUAGE, AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, COOKIE,
    IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE, ORIGIN, RANGE,
    SET_COOKIE, VARY,
};
use http::{HeaderMap, HeaderName};

/// Who is calling as backends find it out by themselves, and what HTTP lets answers differ by.
const HEADERS: [HeaderName; 15] = [
    AUTHORIZATION,
    COOKIE,
    HeaderName::from_static("x-api-key"),
    ORIGIN,
    ACCEPT,
    ACCEPT_ENCODING,
    ACCEPT_LANGUAGE,
    CONTENT_TYPE,
    RANGE,
    IF_RANGE,
    IF_MATCH,
    IF_NONE_MATCH,
    IF_MODIFIED_SINCE,
    IF_UNMODIFIED_SINCE,
    HeaderName::from_static("x-http-method-override"),
];

/// Everything but what the route's authorizer looks at.
pub(super) fn add(
    parts: &mut Parts,
    declared: &[String],
    routed: &Routed,
    body: &[u8],
    trail: &Trail,
) {
    let request = &routed.request;
    parts.add(request.sent.host.to_ascii_lowercase().as_bytes());
    let base_path: Vec<_> = request.base_path.as_deref().into_iter().collect();
    parts.add_all(&base_path);
    parts.add(request.path.as_bytes());
    let query: Vec<_> = request.query.as_deref().into_iter().collect();
    parts.add_all(&query);
    parts.add(body);
    // A signature is another one with every request, and nothing behind the gateway is shown it: whose it is counts.
    let shown = |name: &&HeaderName| **name != AUTHORIZATION || !routed.is_signed();
    for name in HEADERS.iter().filter(shown) {
        add_header(parts, &request.headers, name.as_str());
    }
    for name in declared {
        add_header(parts, &request.headers, name);
    }
    add_caller(parts, trail);
}

fn add_header(parts: &mut Parts, headers: &HeaderMap, name: &str) {
    let values: Vec<_> = headers.get_all(name).iter().collect();
    parts.add_all(&values);
}

/// Whom the gateway takes the caller for, which integrations are told.
fn add_caller(parts: &mut Parts, trail: &Trail) {
    let caller = &trail.caller;
    let mut known: Vec<String> = Vec::new();
    if let Some(identity) = &caller.identity {
        known.push(format!("{identity:?}"));
    }
    parts.add_all(&known);
    known.clear();
    if let Some(authorizer) = &caller.authorizer {
        // Not when and how it was asked.
        let (principal, context) = (&authorizer.principal, &authorizer.context);
        known.push(format!("{principal:?} {context:?} {:?}", authorizer.claims));
    }
    parts.add_all(&known);
    let key = caller.api_key.as_ref().map(|key| key.value.as_str());
    parts.add_all(&key.into_iter().collect::<Vec<_>>());
    let certificate = caller.certificate.as_ref().map(|one| one.pem.as_str());
    parts.add_all(&certificate.into_iter().collect::<Vec<_>>());
}

/// Whether an answer is for everyone who sends the same request.
pub(super) fn may_have(answer: &Answer, declared: &[String]) -> bool {
    let listed = |name: &HeaderName| -> Vec<String> {
        let lines = answer.headers.get_all(name).into_iter();
        let items = lines.map(|line| headers::text(line).to_ascii_lowercase());
        let items: Vec<_> = items.collect();
        let items = items.iter().flat_map(|line| line.split(','));
        items.map(|item| item.trim().to_owned()).collect()
    };
    let is_told_apart_by = |name: &String| {
        let is_it = |known: &HeaderName| known.as_str() == name;
        name.is_empty() || declared.contains(name) || HEADERS.iter().any(is_it)
    };
    let forbids = |directive: &String| {
        let name = directive.split('=').next().unwrap_or_default().trim_end();
        ["private", "no-store", "no-cache"].contains(&name)
    };
    // What is told bit by bit is for whoever listens.
    let is_told_on = headers::content_type(&answer.headers) == "text/event-stream";
    !answer.headers.contains_key(SET_COOKIE)
        && !is_told_on
        && !listed(&CACHE_CONTROL).iter().any(forbids)
        && listed(&VARY).iter().all(is_told_apart_by)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Body;
    use http::{HeaderValue, StatusCode};

    #[test]
    fn an_answer_for_one_client_is_for_nobody_else() {
        for (name, value, expected) in [
            (SET_COOKIE, "session=1", false),
            (CACHE_CONTROL, "public, max-age=60", true),
            (CACHE_CONTROL, "max-age=60, Private", false),
            (CACHE_CONTROL, "no-store", false),
            (CACHE_CONTROL, "no-cache=\"x\"", false),
            (VARY, "Accept-Encoding, ORIGIN", true),
            (VARY, "accept, x-tenant", true),
            (VARY, "accept, x-user", false),
            (VARY, "*", false),
            (CONTENT_TYPE, "text/event-stream; charset=utf-8", false),
            (CONTENT_TYPE, "text/plain", true),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(name.clone(), HeaderValue::from_static(value));
            let answer = Answer {
                status: StatusCode::OK,
                headers,
                body: Body::empty(),
                traced: false,
                may_be_packed: false,
            };
            let declared = ["x-tenant".to_owned()];
            assert_eq!(may_have(&answer, &declared), expected, "{name}: {value}");
        }
    }
}
