//! The function that answers @connections: Function URL or load balancer, buffered.

mod edge;
mod env;

use env::Env;
use postern_aws::Aws;
use postern_egress::{Egress, Options};
use postern_gateway::{Backend, Gateway, StandardOutput, SystemClock};
use postern_lambda::{Event, Failure};
use postern_websocket::{Connections, RemoteHolders, World};
use std::sync::Arc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let env = Env::read()?;
    let clock = Arc::new(SystemClock);
    let journal = Arc::new(StandardOutput);
    let aws = Aws::new(env.aws, Egress::new(&Options::default()), clock.clone());
    let store = aws.connect(&env.tables)?;
    let backend: Arc<dyn Backend> = Arc::new(aws.backend());
    let gateway = Gateway::new(
        postern_gateway::World {
            store: store.clone(),
            backend: backend.clone(),
            clock: clock.clone(),
            journal: journal.clone(),
        },
        env.settings,
    );
    gateway.warm_up().await;
    let world = World {
        line: Arc::new(gateway),
        holders: Arc::new(RemoteHolders::new(
            env.holders,
            env.keys,
            backend,
            clock.clone(),
        )),
        table: store.connections,
        clock,
        journal,
        limits: env.limits,
    };
    let connections = Arc::new(Connections::new(world));
    let trust = Arc::new(env.trust);
    let answer = move |event: Event| edge::answer(connections.clone(), event, trust.clone());
    Ok(postern_lambda::run(answer).await?)
}
