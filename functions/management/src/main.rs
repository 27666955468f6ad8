//! The function that answers the management APIs: Function URL, buffered.

mod edge;
mod env;

use env::Env;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use postern_lambda::Event;
use postern_management::{Management, World};
use postern_store::SystemClock;
use std::sync::Arc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let Env {
        aws,
        tables,
        account,
    } = Env::read()?;
    let management = Arc::new(Management::new(World {
        definitions: postern_aws::connect(&aws, &tables).definitions,
        clock: Arc::new(SystemClock),
        account,
        region: aws.region.clone(),
    }));
    lambda_runtime::run_concurrent(service_fn(move |event: LambdaEvent<Event>| {
        edge::answer(management.clone(), event.payload)
    }))
    .await
}
