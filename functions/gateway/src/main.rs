//! The function that answers requests of REST APIs: Function URL (streaming), load balancer or VPC Lattice in front.

mod edge;
mod env;

use env::Env;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use postern_gateway::{Gateway, StandardOutput, SystemClock, World};
use postern_lambda::Event;
use std::sync::Arc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let Env {
        aws,
        tables,
        settings,
        trust,
    } = Env::read()?;
    let gateway = Gateway::new(
        World {
            definitions: postern_aws::connect(&aws, &tables).definitions,
            backend: Arc::new(postern_aws::AwsBackend::new(&aws)),
            clock: Arc::new(SystemClock),
            journal: Arc::new(StandardOutput),
        },
        settings,
    );
    gateway.warm_up().await;
    let gateway = Arc::new(gateway);
    lambda_runtime::run_concurrent(service_fn(move |event: LambdaEvent<Event>| {
        edge::answer(gateway.clone(), event.payload, trust)
    }))
    .await
}
