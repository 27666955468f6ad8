//! The least that a function behind a streaming Function URL can be: `lambda_http` and a constant answer.
//!
//! The bench measures the gateway function as a ratio to this one, because a ratio survives a change of machine.
//! It is lean on purpose (one thread, one event kind, no log subscriber), so that the ratio flatters nobody.
//!
//! With `BENCH_CALL` it first makes one call of a store, in the fewest steps there are: what a function that has to read
//! something cannot start without.

use lambda_http::{Body, Error, Request, Response, run_with_streaming_response, service_fn};
use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::TcpStream,
};

/// As long as what the measured methods answer.
const ANSWER: &str = include_str!("../../src/answer.json");

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    #[expect(
        clippy::disallowed_methods,
        reason = "these two variables are all that there is to read"
    )]
    if let (Ok(store), Ok(call)) = (std::env::var("BENCH_STORE"), std::env::var("BENCH_CALL")) {
        ask(&store, &std::fs::read(call)?)?;
    }
    run_with_streaming_response(service_fn(answer)).await
}

async fn answer(_request: Request) -> Result<Response<Body>, Error> {
    Ok(Response::builder()
        .header("content-type", "application/json")
        .body(Body::from(ANSWER))?)
}

/// Sends what is to be sent, and reads the answer to its end.
fn ask(store: &str, call: &[u8]) -> io::Result<()> {
    let mut stream = TcpStream::connect(store)?;
    stream.write_all(call)?;
    let mut answer = BufReader::new(stream);
    let mut length = 0;
    for line in answer.by_ref().lines() {
        let line = line?.to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().map_err(io::Error::other)?;
        }
    }
    let mut body = vec![0; length];
    answer.read_exact(&mut body)
}
