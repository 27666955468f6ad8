//! `postern dev`: everything in one process.

use crate::command_line::{Dev, Log, StoreKind, aws_settings};
use crate::console::Console;
use crate::front::Front;
use crate::held::Held;
use crate::import;
use crate::listener::{self, Listeners};
use crate::target::Target;
use crate::tls::{Shown, Tls};
use postern_aws::Aws;
use postern_egress::{Egress, Options};
use postern_gateway::{
    Backend, Caching, Defaults, Freshness, Gateway, Journal, Metering, Settings, Signatures,
    TokenSettings, World,
};
use postern_management::{Management, Proofs};
use postern_store::{Clock, Embedded, OpenError, Store, SystemClock};
use std::fs::DirBuilder;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
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
    #[error("{0}")]
    Credentials(String),
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
    let sts = settings.endpoint_of("sts").map(str::to_owned);
    let aws = Aws::new(settings, Egress::new(&Options::default()), clock.clone());
    let (store, place) = open(&options, &aws, clock.clone())?;
    let backend: Arc<dyn Backend> = Arc::new(aws.backend());
    let journal: Arc<dyn Journal> = Arc::new(Console { level: options.log });
    let gateway = Arc::new(Gateway::new(
        World {
            store: store.clone(),
            backend: backend.clone(),
            clock: clock.clone(),
            journal: journal.clone(),
        },
        Settings {
            account: options.account.clone(),
            region: region.clone(),
            defaults: Defaults::default(),
            freshness: Freshness::default(),
            signatures: if options.require_auth {
                Signatures::Verified
            } else {
                Signatures::Believed
            },
            tokens: TokenSettings {
                user_pools,
                ..TokenSettings::default()
            },
            vpc_links: options.vpc_links.clone(),
            caching: Caching {
                memory_bytes: u64::from(options.cache_memory) << 20,
                tells: options.cache_header,
            },
            metering: Metering {
                on_store_failure: options.on_store_failure,
                account: options.account_throttle,
                headers: options.rate_limit_headers,
            },
        },
    ));
    let management = Management::new(postern_management::World {
        definitions: store.definitions.clone(),
        usage: store.usage.clone(),
        clock: clock.clone(),
        account: options.account.clone(),
        region: region.clone(),
        limits: options.limits.clone(),
        gateway: gateway.clone(),
    });
    let management = Arc::new(management.with_proofs(Proofs {
        sts,
        ..Proofs::of(&options.account, &region)
    }));
    let tls = match options.tls {
        Some(address) => {
            let tls = Tls::new(&shown(&options), gateway.clone(), backend, region.clone())
                .map_err(Failure::Settings)?;
            Some((bind(address).await?, Arc::new(tls)))
        }
        None => None,
    };
    if options.log > Log::Off {
        let keys = if options.require_auth {
            "only those that `postern credentials` issued do"
        } else {
            "any credentials do"
        };
        greet(&listener.local_addr()?, tls.as_ref(), &place, &region, keys)?;
    }
    let target = Target::Here(management.clone());
    import::begin(target, options.files, options.how).await;
    let listeners = Listeners {
        plain: listener,
        tls,
    };
    let held = Held::new(options.sockets.settings(), |holders| {
        postern_websocket::World {
            line: gateway.clone(),
            holders,
            table: store.connections.clone(),
            clock,
            journal: journal.clone(),
            limits: options.sockets.limits(),
        }
    });
    let front = Front {
        gateway,
        held,
        management,
        requires_auth: options.require_auth,
    };
    listener::listen(listeners, front, journal).await?;
    Ok(())
}

/// The certificate that TLS shows.
fn shown(options: &Dev) -> Shown {
    if let (Some(certificate), Some(key)) = (&options.tls_certificate, &options.tls_key) {
        return Shown::Given {
            certificate: certificate.clone(),
            key: key.clone(),
        };
    }
    let is_kept = !options.memory && options.store == StoreKind::Embedded;
    Shown::Made(is_kept.then(|| options.data.clone()))
}

pub(crate) async fn bind(listen: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(listen)
        .await
        .map_err(|error| match error.kind() {
            io::ErrorKind::AddrInUse => Failure::Taken { listen },
            _ => Failure::Listen { listen, error },
        })
}

/// The embedded store of a folder. There are secrets in it, so a folder that is made here is for its owner alone.
pub(crate) fn open_folder(folder: &Path, clock: Arc<dyn Clock>) -> Result<Store, OpenError> {
    // Why it cannot be made is told by who opens it.
    let _ = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    Embedded::open(folder, clock)
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
            open_folder(&options.data, clock)?,
            options.data.display().to_string(),
        )),
    }
}

fn greet(
    address: &SocketAddr,
    tls: Option<&(TcpListener, Arc<Tls>)>,
    place: &str,
    region: &str,
    keys: &str,
) -> io::Result<()> {
    let shown = |address: &SocketAddr| match address.ip() {
        ip if ip.is_loopback() || ip.is_unspecified() => format!("localhost:{}", address.port()),
        _ => address.to_string(),
    };
    let at = shown(address);
    let with_tls = match tls {
        None => String::new(),
        Some((listener, tls)) => {
            let at = shown(&listener.local_addr()?);
            let trust = tls.authority().map(|authority| {
                let file = authority.display();
                format!("; clients that trust {file} trust it")
            });
            format!(
                "\n  With TLS          https://{at}{}",
                trust.unwrap_or_default()
            )
        }
    };
    println!(
        "Postern {version} is ready, and keeps its data in {place}.

  Management APIs   http://{at}
  Your APIs         http://{{api-id}}.execute-api.{at}/{{stage}}/
                    http://{at}/_api/{{api-id}}/{{stage}}/
                    ws:// likewise{with_tls}

Next, in another terminal ({keys}):

  export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_DEFAULT_REGION={region}
  aws apigateway create-rest-api --name pets --endpoint-url http://{at}

Ctrl-C stops it.
",
        version = env!("CARGO_PKG_VERSION"),
    );
    Ok(())
}
