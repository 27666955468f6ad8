//! From Lambda's event to the gateway and back.

use postern_gateway::{Body, Gateway};
use postern_lambda::{Event, Failure, Reply, Trust, refused, streamed};
use std::sync::Arc;

pub(crate) async fn answer(
    gateway: Arc<Gateway>,
    event: Event,
    trust: Arc<Trust>,
) -> Result<Reply, Failure> {
    Ok(match event.into_arrival(&trust) {
        Ok(arrival) => streamed(gateway.answer(arrival).await),
        Err(error) => streamed(refused(&error).map(Body::Full)),
    })
}
