//! From Lambda's event to @connections and back.

use postern_lambda::{Event, Failure, Reply, Trust, refused, whole};
use postern_websocket::Connections;
use std::sync::Arc;

/// Beyond it, Lambda would not take the answer.
const ANSWER_BYTES_MAX: usize = 6 << 20;

pub(crate) async fn answer(
    connections: Arc<Connections>,
    event: Event,
    trust: Arc<Trust>,
) -> Result<Reply, Failure> {
    Ok(match event.into_arrival(&trust) {
        Ok(arrival) => {
            let (head, body) = connections.answer(arrival).await.into_parts();
            let body = body.collect(ANSWER_BYTES_MAX).await?;
            whole(&http::Response::from_parts(head, body))
        }
        Err(error) => whole(&refused(&error)),
    })
}
