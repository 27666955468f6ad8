//! From Lambda's event to the gateway and back.

use lambda_runtime::{Error, StreamResponse};
use postern_gateway::{Body, Gateway};
use postern_lambda::{Event, Pieces, Trust, refused, streamed};
use std::sync::Arc;

pub(crate) async fn answer(
    gateway: Arc<Gateway>,
    event: Event,
    trust: Arc<Trust>,
) -> Result<StreamResponse<Pieces>, Error> {
    Ok(match event.into_arrival(&trust) {
        Ok(arrival) => streamed(Box::pin(gateway.answer(arrival)).await),
        Err(error) => streamed(refused(&error).map(Body::Full)),
    })
}
