//! A request as it leaves: framed by what its body is, with an eye kept on whether the body breaks off.

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderValue, Method, Request};
use http_body::{Body as _, Frame, SizeHint};
use postern_gateway::{Body, BodyError};
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

/// Why a request's body broke off, where it did. Kept aside, because by the time the client reports a failure it may know
/// only that the connection was given up.
#[derive(Clone, Default)]
pub(crate) struct Breakage(Option<Arc<OnceLock<String>>>);

impl Breakage {
    pub(crate) fn reason(&self) -> Option<&str> {
        self.0.as_ref()?.get().map(String::as_str)
    }
}

pub(crate) struct Departing {
    body: Body,
    breakage: Breakage,
}

/// The same request once more, where sending it twice does what sending it once does, and costs nothing to keep.
pub(crate) fn again(request: &Request<Body>) -> Option<Request<Departing>> {
    let is_bare = matches!(request.body(), Body::Full(bytes) if bytes.is_empty());
    if !is_bare || !request.method().is_idempotent() {
        return None;
    }
    let mut copy = Request::new(Body::empty());
    copy.method_mut().clone_from(request.method());
    copy.uri_mut().clone_from(request.uri());
    copy.headers_mut().clone_from(request.headers());
    Some(depart(copy).0)
}

pub(crate) fn depart(mut request: Request<Body>) -> (Request<Departing>, Breakage) {
    frame(&mut request);
    let breakage = match request.body() {
        Body::Full(_) => Breakage(None),
        Body::Stream(_) => Breakage(Some(Arc::default())),
    };
    let watched = breakage.clone();
    let request = request.map(|body| Departing {
        body,
        breakage: watched,
    });
    (request, breakage)
}

/// How long a message is must be told by what is sent, and never by what a header claims: two opinions about that are how
/// one request is smuggled inside another.
fn frame(request: &mut Request<Body>) {
    let size = request.body().size_hint().exact();
    let ended = request.body().is_end_stream();
    let speaks_of_bodies = matches!(
        *request.method(),
        Method::POST | Method::PUT | Method::PATCH
    );
    let headers = request.headers_mut();
    headers.remove(TRANSFER_ENCODING);
    match size.or(ended.then_some(0)) {
        Some(0) if !speaks_of_bodies && !headers.contains_key(CONTENT_LENGTH) => {}
        Some(size) => {
            headers.insert(CONTENT_LENGTH, HeaderValue::from(size));
        }
        // Whoever passes a client's stream on may pass its length on too; it is then held to it.
        None if claimed_length(request).is_some() => {}
        None => {
            let headers = request.headers_mut();
            headers.remove(CONTENT_LENGTH);
            // Said here, because for a GET or HEAD the client would take silence to mean that there is no body.
            headers.insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
        }
    }
}

fn claimed_length(request: &Request<Body>) -> Option<u64> {
    let mut claims = request.headers().get_all(CONTENT_LENGTH).iter();
    let claim = claims.next()?.to_str().ok()?;
    let digits = !claim.is_empty() && claim.bytes().all(|byte| byte.is_ascii_digit());
    (digits && claims.next().is_none())
        .then(|| claim.parse().ok())
        .flatten()
}

impl http_body::Body for Departing {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        if let Poll::Ready(Some(Err(error))) = &polled
            && let Some(breakage) = &self.breakage.0
        {
            // Only the first reason is kept; what comes after it comes of it.
            let _ = breakage.set(error.to_string());
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::StreamBody;

    fn stream() -> Body {
        Body::stream(StreamBody::new(futures_util::stream::iter([Ok::<
            _,
            BodyError,
        >(
            Frame::data(Bytes::from_static(b"abc")),
        )])))
    }

    #[test]
    fn what_is_sent_says_how_long_it_is() {
        type Case = (
            Method,
            &'static [(&'static str, &'static str)],
            Body,
            &'static str,
        );
        let cases: Vec<Case> = vec![
            (Method::GET, &[], Body::empty(), ""),
            (Method::DELETE, &[], Body::empty(), ""),
            (Method::POST, &[], Body::empty(), "content-length: 0"),
            (Method::PUT, &[], Body::empty(), "content-length: 0"),
            (Method::PATCH, &[], Body::empty(), "content-length: 0"),
            (
                Method::GET,
                &[("content-length", "7")],
                Body::empty(),
                "content-length: 0",
            ),
            (Method::GET, &[], Body::from("abc"), "content-length: 3"),
            (Method::POST, &[], Body::from("abc"), "content-length: 3"),
            (
                Method::POST,
                &[("content-length", "9")],
                Body::from("abc"),
                "content-length: 3",
            ),
            (
                Method::POST,
                &[("transfer-encoding", "chunked")],
                Body::from("abc"),
                "content-length: 3",
            ),
            (Method::POST, &[], stream(), "transfer-encoding: chunked"),
            (Method::GET, &[], stream(), "transfer-encoding: chunked"),
            (
                Method::POST,
                &[("content-length", "3")],
                stream(),
                "content-length: 3",
            ),
            (
                Method::POST,
                &[("content-length", "+3")],
                stream(),
                "transfer-encoding: chunked",
            ),
            (
                Method::POST,
                &[("content-length", "3, 3")],
                stream(),
                "transfer-encoding: chunked",
            ),
            (
                Method::POST,
                &[("content-length", "3"), ("content-length", "4")],
                stream(),
                "transfer-encoding: chunked",
            ),
            (
                Method::POST,
                &[("content-length", "3"), ("transfer-encoding", "gzip")],
                stream(),
                "content-length: 3",
            ),
        ];
        for (method, headers, body, expected) in cases {
            let mut request = Request::builder().method(&method).uri("http://a/");
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            let (request, _) = depart(request.body(body).unwrap());
            let framing: Vec<String> = request
                .headers()
                .iter()
                .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
                .collect();
            assert_eq!(framing.join(", "), expected, "{method} {headers:?}");
        }
    }
}
