//! CORS of a whole stage, beyond AWS, where it is configuration of every method: with one setting all answers carry the
//! headers, those of rejections too, and preflight requests are answered before anybody is asked who is calling.
//!
//! The setting means what it means for the service's HTTP APIs. What an integration says of origins gives way to it. An
//! `OPTIONS` method that an owner made still answers; `ANY` does not, for it is about what the preflight asks leave for.

use crate::Body;
use crate::address::Addressed;
use crate::finish::Answer;
use crate::headers;
use crate::rejection::RouteRejection;
use crate::stages::Live;
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use postern_definition::rest::Cors;
use postern_plan::Deployed;
use std::sync::Arc;

/// A browser's question whether it may send a request.
pub(crate) struct Preflight {
    live: Arc<Live>,
    deployed: Arc<Deployed>,
    path: String,
    headers: Arc<HeaderMap>,
}

impl Preflight {
    /// The question, where a request is one and the stage may answer it.
    pub(crate) fn of(addressed: &Addressed) -> Option<Self> {
        let request = &addressed.request;
        let asks = request.method == Method::OPTIONS
            && request.headers.contains_key(ORIGIN)
            && request.headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD);
        (asks && addressed.live.cors.is_some()).then(|| Self {
            live: addressed.live.clone(),
            deployed: addressed.deployed.clone(),
            path: request.path.clone(),
            headers: request.headers.clone(),
        })
    }

    /// The answer, unless a method of the API's own gives it. Whose origin may is told by [`mark`], as of every answer.
    pub(crate) async fn answer(&self) -> Result<Option<Answer>, RouteRejection> {
        if let Some(found) = self.deployed.find(Method::OPTIONS.as_str(), &self.path) {
            let (_, plan) = self.deployed.plan(found.method).await?;
            if plan.verb == Method::OPTIONS.as_str() {
                return Ok(None);
            }
        }
        let mut headers = HeaderMap::new();
        if let Some(cors) = &self.live.cors
            && is_allowed(cors, &self.headers)
        {
            self.allow(cors, &mut headers);
        }
        Ok(Some(Answer {
            status: StatusCode::NO_CONTENT,
            headers,
            body: Body::empty(),
            traced: false,
            may_be_packed: false,
        }))
    }

    fn allow(&self, cors: &Cors, headers: &mut HeaderMap) {
        for (name, listed, asked) in [
            (
                ACCESS_CONTROL_ALLOW_METHODS,
                &cors.allow_methods,
                ACCESS_CONTROL_REQUEST_METHOD,
            ),
            (
                ACCESS_CONTROL_ALLOW_HEADERS,
                &cors.allow_headers,
                ACCESS_CONTROL_REQUEST_HEADERS,
            ),
        ] {
            // Browsers do not take a `*` for every header, nor for anything where credentials are sent.
            let any = listed.is_empty() || listed.iter().any(|one| one == "*");
            if !any {
                set(headers, name, &listed.join(","));
            } else if let Some(asked) = self.headers.get(asked) {
                headers.insert(name, asked.clone());
            }
        }
        if let Some(age) = cors.max_age {
            headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from(age));
        }
    }
}

/// Says in an answer whose pages may read it.
pub(crate) fn mark(cors: &Cors, request: &HeaderMap, answer: &mut HeaderMap) {
    for name in [
        ACCESS_CONTROL_ALLOW_ORIGIN,
        ACCESS_CONTROL_ALLOW_CREDENTIALS,
        ACCESS_CONTROL_EXPOSE_HEADERS,
    ] {
        answer.remove(name);
    }
    let with_credentials = cors.allow_credentials == Some(true);
    let of_all = cors.allows_all() && !with_credentials;
    if !of_all {
        // What is kept for one origin is not for another.
        answer.append(VARY, HeaderValue::from_static("Origin"));
    }
    let origin = match request.get(ORIGIN) {
        _ if of_all => HeaderValue::from_static("*"),
        Some(origin) if is_allowed(cors, request) => origin.clone(),
        _ => return,
    };
    answer.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    if with_credentials {
        let yes = HeaderValue::from_static("true");
        answer.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, yes);
    }
    if !cors.expose_headers.is_empty() {
        let exposed = cors.expose_headers.join(",");
        set(answer, ACCESS_CONTROL_EXPOSE_HEADERS, &exposed);
    }
}

fn is_allowed(cors: &Cors, request: &HeaderMap) -> bool {
    let origin = request.get(ORIGIN).map(headers::text);
    origin.is_some_and(|origin| cors.allows(&origin))
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}
