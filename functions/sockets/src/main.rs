//! The function that answers holders of WebSockets: Function URL, buffered.

mod edge;
mod env;

use env::Env;
use postern_aws::Aws;
use postern_egress::{Egress, Options};
use postern_gateway::{StandardOutput, SystemClock};
use postern_lambda::{Event, Failure};
use postern_websocket::{Sockets, World};
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
    let keys = env.sockets.keys.clone();
    let world = World::of_function(world, env.settings, env.sockets).await;
    let sockets = Arc::new(Sockets::new(world, keys));
    let trust = Arc::new(env.trust);
    let answer = move |event: Event| edge::answer(sockets.clone(), event, trust.clone());
    Ok(postern_lambda::run(answer).await?)
}
