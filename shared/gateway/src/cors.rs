//! CORS: with one setting all answers carry the headers, those of rejections too, and preflight requests are answered by the
//! gateway itself. HTTP APIs have the setting; stages of REST APIs have it beyond AWS, where it is configuration of every method.
//! What an integration says of origins gives way to it.
//!
//! The two differ in who answers a preflight request. Of a REST API an `OPTIONS` method that an owner made still answers, and
//! nobody is asked who is calling; `ANY` does not, for it is about what the preflight asks leave for. Of an HTTP API no
//! integration ever answers one, and the route that takes it, were it `ANY` or the default one, is asked first whom it lets in.

use crate::address::{Addressed, Request};
use crate::answer::Answer;
use crate::rejection::RouteRejection;
use crate::route::Routed;
use crate::trail::Trail;
use crate::{Body, headers};
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use postern_definition::rest::Cors;
use postern_plan::{ApiKind, Authorization, Deployed};
use std::sync::Arc;

/// A browser's question whether it may send a request.
pub(crate) struct Preflight {
    cors: Cors,
    deployed: Arc<Deployed>,
    path: String,
    headers: Arc<HeaderMap>,
}

impl Preflight {
    /// The question, where a request is one and the stage may answer it.
    pub(crate) fn of(addressed: &Addressed) -> Option<Self> {
        let cors = addressed.live.cors.as_ref();
        Self::of_request(&addressed.request, cors, &addressed.deployed)
    }

    /// The same, of a request that a route of an HTTP API has let in.
    pub(crate) fn admitted(routed: &Routed) -> Option<Self> {
        let cors = routed.live.cors.as_ref();
        let preflight = Self::of_request(&routed.request, cors, &routed.deployed);
        preflight.filter(|_| routed.api().kind == ApiKind::Http)
    }

    fn of_request(
        request: &Request,
        cors: Option<&Cors>,
        deployed: &Arc<Deployed>,
    ) -> Option<Self> {
        if !asks(request.method.as_str(), &request.headers) {
            return None;
        }
        Some(Self {
            cors: cors?.clone(),
            deployed: deployed.clone(),
            path: request.path.clone(),
            headers: request.headers.clone(),
        })
    }

    /// Whether nobody has a say in it but the stage: no method of the API's own that answers, and no route that guards.
    pub(crate) async fn is_for_all(&self) -> Result<bool, RouteRejection> {
        let Some(found) = self.deployed.find(Method::OPTIONS.as_str(), &self.path) else {
            return Ok(true);
        };
        let (_, plan) = self.deployed.plan(found.method).await?;
        Ok(match self.deployed.kind() {
            ApiKind::Rest => plan.verb != Method::OPTIONS.as_str(),
            ApiKind::Http | ApiKind::WebSocket => {
                matches!(plan.authorization, Authorization::None) && !plan.api_key_required
            }
        })
    }

    /// The answer. Whose origin may is told by [`mark`], as of every answer.
    pub(crate) fn answer(&self) -> Answer {
        let mut headers = HeaderMap::new();
        if is_allowed(&self.cors, &self.headers) {
            self.allow(&mut headers);
        }
        Answer {
            status: StatusCode::NO_CONTENT,
            headers,
            body: Body::empty(),
            traced: false,
            may_be_packed: false,
        }
    }

    fn allow(&self, headers: &mut HeaderMap) {
        let cors = &self.cors;
        let is_rest = self.deployed.kind() == ApiKind::Rest;
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
            let any = listed.iter().any(|one| one == "*") || is_rest && listed.is_empty();
            if any && (is_rest || with_credentials(cors)) {
                // Browsers do not take a `*` for every header, nor for anything where credentials are sent.
                if let Some(asked) = self.headers.get(asked) {
                    headers.insert(name, asked.clone());
                }
            } else if any {
                headers.insert(name, HeaderValue::from_static("*"));
            } else if !listed.is_empty() {
                set(headers, name, &listed.join(","));
            }
        }
        if let Some(age) = cors.max_age {
            headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from(age));
        }
    }
}

/// Whether a request is a preflight one.
fn asks(verb: &str, request: &HeaderMap) -> bool {
    verb == Method::OPTIONS.as_str()
        && request.contains_key(ORIGIN)
        && request.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

/// What answers to other requests than preflight ones say of origins.
const OF_ANSWERS: [HeaderName; 3] = [
    ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_ALLOW_CREDENTIALS,
    ACCESS_CONTROL_EXPOSE_HEADERS,
];
const OF_PREFLIGHTS: [HeaderName; 3] = [
    ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_HEADERS,
    ACCESS_CONTROL_MAX_AGE,
];

/// Says in an answer whose pages may read it.
pub(crate) fn mark(cors: &Cors, kind: ApiKind, trail: &Trail, answer: &mut HeaderMap) {
    let Some(client) = &trail.client else { return };
    let request = &*client.headers;
    for name in OF_ANSWERS {
        answer.remove(name);
    }
    let is_preflight = asks(&trail.verb, request);
    if kind == ApiKind::Http && !is_preflight {
        for name in OF_PREFLIGHTS {
            answer.remove(name);
        }
    }
    let of_all = cors.allows_all() && !with_credentials(cors);
    if !of_all {
        // What is kept for one origin is not for another.
        answer.append(VARY, HeaderValue::from_static("Origin"));
    }
    let origin = match request.get(ORIGIN) {
        // HTTP APIs say nothing to whoever names no origin.
        None if kind == ApiKind::Http => return,
        _ if of_all => HeaderValue::from_static("*"),
        Some(origin) if is_allowed(cors, request) => origin.clone(),
        _ => return,
    };
    answer.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    if with_credentials(cors) {
        let yes = HeaderValue::from_static("true");
        answer.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, yes);
    }
    let exposes = kind == ApiKind::Rest || !is_preflight;
    if exposes && !cors.expose_headers.is_empty() {
        let exposed = cors.expose_headers.join(",");
        set(answer, ACCESS_CONTROL_EXPOSE_HEADERS, &exposed);
    }
}

fn with_credentials(cors: &Cors) -> bool {
    cors.allow_credentials == Some(true)
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
