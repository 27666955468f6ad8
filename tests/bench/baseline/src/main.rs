//! The least that a function behind a streaming Function URL can be: `lambda_http` and a constant answer.
//!
//! The bench measures the gateway function as a ratio to this one, because a ratio survives a change of machine.
//! It is lean on purpose (one thread, one event kind, no log subscriber), so that the ratio flatters nobody.

use lambda_http::{Body, Error, Request, Response, run_with_streaming_response, service_fn};

/// As long as what the measured methods answer.
const ANSWER: &str = include_str!("../../src/answer.json");

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run_with_streaming_response(service_fn(answer)).await
}

async fn answer(_request: Request) -> Result<Response<Body>, Error> {
    Ok(Response::builder()
        .header("content-type", "application/json")
        .body(Body::from(ANSWER))?)
}
