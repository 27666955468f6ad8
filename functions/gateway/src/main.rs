//! The function that answers requests of REST APIs: Function URL (streaming), load balancer or VPC Lattice in front.

mod edge;
mod env;

use env::Env;
use postern_aws::Aws;
use postern_egress::{Egress, Options};
use postern_gateway::{Gateway, StandardOutput, SystemClock, World};
use postern_lambda::{Event, Failure};
use std::sync::Arc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let env = Env::read()?;
    let clock = Arc::new(SystemClock);
    let aws = Aws::new(env.aws, Egress::new(&Options::default()), clock.clone());
    let world = World {
        store: aws.connect(&env.tables)?,
        backend: Arc::new(aws.backend()),
        clock,
        journal: Arc::new(StandardOutput),
    };
    let gateway = Arc::new(Gateway::new(world, env.settings));
    gateway.warm_up().await;
    let trust = Arc::new(env.trust);
    let answer = move |event: Event| edge::answer(gateway.clone(), event, trust.clone());
    Ok(postern_lambda::run(answer).await?)
}
