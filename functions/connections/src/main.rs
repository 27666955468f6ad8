//! The function that answers @connections: Function URL or load balancer, buffered.

mod edge;
mod env;

use env::Env;
use postern_aws::Aws;
use postern_egress::{Egress, Options};
use postern_gateway::{StandardOutput, SystemClock};
use postern_lambda::{Event, Failure};
use postern_websocket::{Connections, World};
use std::sync::Arc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let env = Env::read()?;
    let clock = Arc::new(SystemClock);
    let aws = Aws::new(env.aws, Egress::new(&Options::default()), clock.clone());
    let world = postern_gateway::World {
        store: aws.connect(&env.tables)?,
        backend: Arc::new(aws.backend()),
        clock,
        journal: Arc::new(StandardOutput),
    };
    let world = World::of_function(world, env.settings, env.sockets).await;
    let connections = Arc::new(Connections::new(world));
    let trust = Arc::new(env.trust);
    let answer = move |event: Event| edge::answer(connections.clone(), event, trust.clone());
    Ok(postern_lambda::run(answer).await?)
}
