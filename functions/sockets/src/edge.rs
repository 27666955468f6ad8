//! From Lambda's event to the answer for a holder.

use lambda_runtime::Error;
use postern_lambda::{Buffered, Event, Trust, refused};
use postern_websocket::Sockets;
use std::sync::Arc;

pub(crate) async fn answer(
    sockets: Arc<Sockets>,
    event: Event,
    trust: Arc<Trust>,
) -> Result<Buffered, Error> {
    Ok(match event.into_arrival(&trust) {
        Ok(arrival) => sockets.answer(arrival).await.into(),
        Err(error) => refused(&error).into(),
    })
}
