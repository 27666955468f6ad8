//! `postern dev`: everything in one process.

use crate::command_line::{Dev, Log, StoreKind, aws_settings};
use crate::console::Console;
use crate::front::Front;
use crate::import;
use crate::listener;
use crate::target::Target;
use postern_aws::Aws;
use postern_egress::{Egress, Options};
use postern_gateway::{Defaults, Freshness, Gateway, Settings, Signatures, TokenSettings, World};
use postern_management::Management;
use postern_store::{Clock, Embedded, OpenError, Store, SystemClock};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;

/// Why Postern does not start, and what to do.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("{0}")]
    Settings(String),
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(
        "{listen} is taken: stop what listens there, or choose another port with `--listen 127.0.0.1:0`"
    )]
    Taken { listen: SocketAddr },
    #[error("cannot listen on {listen}: {error}")]
    Listen {
        listen: SocketAddr,
        error: io::Error,
    },
    #[error("{0}")]
    Runtime(#[from] io::Error),
    #[error("{0}")]
    Tables(String),
    #[error("{refused} of {files} files could not be imported")]
    Import { refused: usize, files: usize },
    #[error("{0}")]
    Cors(String),
}

pub(crate) fn run(options: Dev) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(start(options))
}

async fn start(options: Dev) -> Result<(), Failure> {
    let settings = aws_settings(options.region.clone()).map_err(Failure::Settings)?;
    let listener = bind(options.listen).await?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let region = settings
        .region
        .clone()
        .unwrap_or_else(|| "us-east-1".to_owned());
    let user_pools = settings.endpoint_of("cognito-idp").map(str::to_owned);
    let aws = Aws::new(settings, Egress::new(&Options::default()), clock.clone());
    let (store, place) = open(&options, &aws, clock.clone())?;
    let gateway = Arc::new(Gateway::new(
        World {
            store: store.clone(),
            backend: Arc::new(aws.backend()),
            clock: clock.clone(),
            journal: Arc::new(Console { level: options.log }),
        },
        Settings {
            account: options.account.clone(),
            region: region.clone(),
            defaults: Defaults::default(),
            freshness: Freshness::default(),
            signatures: Signatures::Believed,
            tokens: TokenSettings {
                user_pools,
                ..TokenSettings::default()
            },
        },
    ));
    let management = Arc::new(Management::new(postern_management::World {
        definitions: store.definitions.clone(),
        usage: store.usage.clone(),
        clock,
        account: options.account.clone(),
        region: region.clone(),
        limits: options.limits.clone(),
        gateway: gateway.clone(),
    }));
    if options.log > Log::Off {
        greet(&listener.local_addr()?, &place, &region);
    }
    let target = Target::Here(management.clone());
    import::begin(target, options.files, options.how).await;
    listener::listen(
        listener,
        Front {
            gateway,
            management,
        },
    )
    .await?;
    Ok(())
}

async fn bind(listen: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(listen)
        .await
        .map_err(|error| match error.kind() {
            io::ErrorKind::AddrInUse => Failure::Taken { listen },
            _ => Failure::Listen { listen, error },
        })
}

/// The store, and where it keeps things, in words.
fn open(options: &Dev, aws: &Aws, clock: Arc<dyn Clock>) -> Result<(Store, String), Failure> {
    match options.store {
        StoreKind::Dynamodb => {
            let prefix = &options.tables.prefix;
            let store = aws
                .connect(prefix)
                .map_err(|error| Failure::Settings(error.to_string()))?;
            Ok((store, format!("the DynamoDB tables {prefix}-*")))
        }
        StoreKind::Embedded if options.memory => Ok((
            Embedded::memory(clock)?,
            "memory: it is gone when Postern stops".to_owned(),
        )),
        StoreKind::Embedded => Ok((
            Embedded::open(&options.data, clock)?,
            options.data.display().to_string(),
        )),
    }
}

fn greet(address: &SocketAddr, place: &str, region: &str) {
    let at = match address.ip() {
        ip if ip.is_loopback() || ip.is_unspecified() => format!("localhost:{}", address.port()),
        _ => address.to_string(),
    };
    println!(
        "Postern {version} is ready, and keeps its data in {place}.

  Management APIs   http://{at}
  Your APIs         http://{{api-id}}.execute-api.{at}/{{stage}}/
                    http://{at}/_api/{{api-id}}/{{stage}}/

Next, in another terminal (any credentials do):

  export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_DEFAULT_REGION={region}
  aws apigateway create-rest-api --name pets --endpoint-url http://{at}

Ctrl-C stops it.
",
        version = env!("CARGO_PKG_VERSION"),
    );
}
