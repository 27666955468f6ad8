//! From Lambda's event to the answer for a holder.

use postern_lambda::{Event, Failure, Reply, Trust, refused, whole};
use postern_websocket::Sockets;
use std::sync::Arc;

pub(crate) async fn answer(
    sockets: Arc<Sockets>,
    event: Event,
    trust: Arc<Trust>,
) -> Result<Reply, Failure> {
    Ok(match event.into_arrival(&trust) {
        Ok(arrival) => whole(&sockets.answer(arrival).await),
        Err(error) => whole(&refused(&error)),
    })
}
