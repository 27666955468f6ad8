//! What stands behind the gateway: an HTTP backend and a Lambda endpoint, both of which answer the same constant.

use crate::http::{Server, answer, json_answer};
use anyhow::Result;
use bytes::Bytes;
use http::{Method, Request, StatusCode};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use serde_json::json;

/// What every measured method answers, whoever makes it: the cost of passing it on is then the same everywhere.
pub(crate) const ANSWER: &str = include_str!("answer.json");

/// Answers any HTTP request.
pub(crate) async fn http_backend() -> Result<Server> {
    Server::start(|request: Request<Incoming>| async move {
        // Read to the end, or the connection could not be used again.
        if request.into_body().collect().await.is_err() {
            return answer(StatusCode::BAD_REQUEST, "the body broke off");
        }
        json_answer(ANSWER)
    })
    .await
}

/// The function that lets everybody in.
pub(crate) const AUTHORIZER: &str = "bench-authorizer";

/// Answers every synchronous invocation as a proxy function would, and the authorizer's as one.
pub(crate) async fn lambda_endpoint() -> Result<Server> {
    let reply = Bytes::from(
        json!({
            "statusCode": 200,
            "headers": { "content-type": "application/json" },
            "body": ANSWER,
        })
        .to_string(),
    );
    let verdict = Bytes::from(
        json!({
            "principalId": "somebody",
            "policyDocument": {
                "Version": "2012-10-17",
                "Statement": [{ "Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*" }],
            },
            "context": { "tenant": "bench" },
        })
        .to_string(),
    );
    Server::start(move |request: Request<Incoming>| {
        let is_authorizer = request.uri().path().contains(AUTHORIZER);
        let reply = if is_authorizer { &verdict } else { &reply }.clone();
        async move {
            let path = request.uri().path();
            let is_invocation = request.method() == Method::POST
                && path.starts_with("/2015-03-31/functions/")
                && path.ends_with("/invocations");
            if !is_invocation {
                return answer(StatusCode::NOT_FOUND, "only invocations are answered here");
            }
            if request.into_body().collect().await.is_err() {
                return answer(StatusCode::BAD_REQUEST, "the body broke off");
            }
            json_answer(reply)
        }
    })
    .await
}
