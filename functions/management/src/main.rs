//! The function that answers the management APIs: Function URL, buffered.

mod edge;
mod env;

use env::Env;
use postern_aws::Aws;
use postern_egress::{Egress, Options};
use postern_gateway::{Gateway, Settings, StandardOutput, TokenSettings};
use postern_lambda::{Event, Failure};
use postern_management::{Management, Proofs, World};
use postern_store::SystemClock;
use std::sync::Arc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let env = Env::read()?;
    let clock = Arc::new(SystemClock);
    let user_pools = env.aws.endpoint_of("cognito-idp").map(str::to_owned);
    let sts = env.aws.endpoint_of("sts").map(str::to_owned);
    let aws = Aws::new(env.aws, Egress::new(&Options::default()), clock.clone());
    let store = aws.connect(&env.tables)?;
    // Only what is tried out before it is deployed comes here, so nothing about stages matters.
    let gateway = Gateway::new(
        postern_gateway::World {
            store: store.clone(),
            backend: Arc::new(aws.backend()),
            clock: clock.clone(),
            journal: Arc::new(StandardOutput),
        },
        Settings {
            vpc_links: env.vpc_links,
            tokens: TokenSettings {
                user_pools,
                ..TokenSettings::default()
            },
            ..Settings::of(&env.account, &env.region)
        },
    );
    let proofs = Proofs {
        sts,
        ..Proofs::of(&env.account, &env.region)
    };
    let management = Management::new(World {
        definitions: store.definitions,
        usage: store.usage,
        clock,
        account: env.account,
        region: env.region,
        limits: env.limits,
        gateway: Arc::new(gateway),
    });
    let management = Arc::new(management.with_proofs(proofs));
    let answer = move |event: Event| edge::answer(management.clone(), event, env.requires_auth);
    Ok(postern_lambda::run(answer).await?)
}
