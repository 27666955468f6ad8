//! What the gateway function needs around it: the store, the backends, and APIs that were made as their owners make
//! them.

use crate::{
    event, everything,
    function::Deployed,
    http::Server,
    keyed,
    management::{self, Api, Backends, KEYED, Kind, Management, SMALL, STAGE, Shape},
    postern::Laptop,
    store::{Counted, Store},
    upstream,
};
use anyhow::{Context, Result};
use bytes::Bytes;
use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

const TABLES: &str = "bench";
const ACCOUNT: &str = "123456789012";
/// The product's default, said so that the bench knows how many re-reads to allow.
pub(crate) const REVALIDATE: Duration = Duration::from_secs(5);
/// The large API's methods are called in turn on so many of its paths.
const PATHS: usize = 16;
pub(crate) const BODY: &str =
    r#"{"name":"a thing","kind":"measured","tags":["bench","request"],"size":{"bytes":100}}"#;
/// 2 KB, for templates.
const ORDER: &str = include_str!("../templates/order.json");

pub(crate) struct Binaries {
    pub(crate) bare: PathBuf,
    pub(crate) gateway: PathBuf,
    pub(crate) postern: PathBuf,
}

/// What the product needs around it. It ends when this is dropped.
pub(crate) struct World {
    pub(crate) counted: Counted,
    http: Server,
    lambda: Server,
    store: Store,
}

/// What is measured, deployed.
pub(crate) struct Apis {
    pub(crate) small: Api,
    pub(crate) large: Api,
    pub(crate) keyed: Api,
    pub(crate) everything: Api,
}

/// The function with one API as its default.
pub(crate) struct Variant {
    pub(crate) name: String,
    pub(crate) deployed: Deployed,
    pub(crate) jobs: Vec<Job>,
    /// The promise about its peak memory, as a multiple of the bare function's.
    pub(crate) memory_ratio_max: Option<f64>,
}

/// One kind of request.
pub(crate) struct Job {
    pub(crate) name: &'static str,
    pub(crate) method: &'static str,
    pub(crate) paths: Vec<String>,
    /// The token that every request brings.
    pub(crate) bearer: Option<String>,
    pub(crate) body: Option<&'static str>,
    /// The promise about its CPU time, as a multiple of the bare function's.
    pub(crate) cpu_ratio_max: Option<f64>,
    /// The promise about its CPU time, as a multiple of that of the variant's first job.
    pub(crate) first_ratio_max: Option<f64>,
}

impl World {
    pub(crate) async fn start(tests_folder: &Path, scratch: &Path) -> Result<Self> {
        eprintln!("starting DynamoDB Local (fetched at the first run)");
        let store = Store::start(tests_folder, scratch).await?;
        Ok(Self {
            counted: Counted::start(store.address).await?,
            http: upstream::http_backend().await?,
            lambda: upstream::lambda_endpoint().await?,
            store,
        })
    }

    /// A program by which APIs are made.
    pub(crate) async fn laptop(&self, binaries: &Binaries, scratch: &Path) -> Result<Laptop> {
        Laptop::on_dynamodb(&binaries.postern, self.store.address, TABLES, scratch).await
    }

    pub(crate) fn backends(&self) -> Backends {
        Backends {
            http: self.http.address,
            lambda_function: "backend",
        }
    }

    pub(crate) async fn make_apis(
        &self,
        binaries: &Binaries,
        large: &Shape,
        scratch: &Path,
    ) -> Result<Apis> {
        let laptop = self.laptop(binaries, scratch).await?;
        let management = Management::at(laptop.address);
        let backends = self.backends();
        let mut apis = Vec::new();
        for shape in [&SMALL, large, &KEYED] {
            eprintln!("making the API of {} methods", shape.methods_in_all());
            let began = Instant::now();
            let api = management
                .create(shape, backends)
                .await
                .with_context(|| format!("postern's log ends:\n{}", laptop.log_end()))?;
            eprintln!("  made in {:.1} s", began.elapsed().as_secs_f64());
            apis.push(api);
        }
        let [small, large, keyed] =
            <[Api; 3]>::try_from(apis).expect("one API was made of each of three shapes");
        keyed::make(&management, &keyed, keyed::KEY).await?;
        Ok(Apis {
            small,
            large,
            keyed,
            everything: everything::make(&management, backends).await?,
        })
    }

    /// The function with this API as its default.
    pub(crate) fn deployed(&self, binaries: &Binaries, api: &str) -> Deployed {
        Deployed {
            name: "gateway",
            binary: binaries.gateway.clone(),
            settings: vec![
                ("POSTERN_TABLES", TABLES.to_owned()),
                ("POSTERN_ACCOUNT", ACCOUNT.to_owned()),
                ("POSTERN_DEFAULT_API", api.to_owned()),
                ("POSTERN_DEFAULT_STAGE", STAGE.to_owned()),
                (
                    "POSTERN_REVALIDATE_SECONDS",
                    REVALIDATE.as_secs().to_string(),
                ),
                (
                    "AWS_ENDPOINT_URL_DYNAMODB",
                    format!("http://{}", self.counted.server.address),
                ),
                (
                    "AWS_ENDPOINT_URL_LAMBDA",
                    format!("http://{}", self.lambda.address),
                ),
            ],
        }
    }

    pub(crate) fn variant(
        &self,
        binaries: &Binaries,
        shape: &Shape,
        api: &Api,
        memory_ratio_max: Option<f64>,
    ) -> Variant {
        let all = shape.paths();
        let step = (all.len() / PATHS).max(1);
        let paths: Vec<String> = all.into_iter().step_by(step).take(PATHS).collect();
        let job = |name, kind, cpu_ratio_max| {
            let (method, _) = management::method_of(shape, kind);
            Job {
                name,
                method,
                paths: paths.clone(),
                bearer: None,
                body: (method != "GET").then_some(BODY),
                cpu_ratio_max: Some(cpu_ratio_max),
                first_ratio_max: None,
            }
        };
        let mut jobs = vec![
            job("MOCK", Kind::Mock, 1.5),
            job("HTTP_PROXY", Kind::HttpProxy, 2.5),
            job("AWS_PROXY", Kind::AwsProxy, 2.5),
        ];
        if shape
            .methods
            .iter()
            .any(|(_, kind)| *kind == Kind::Templates)
        {
            jobs.push(Job {
                body: Some(ORDER),
                cpu_ratio_max: None,
                first_ratio_max: Some(2.0),
                ..job("templates both ways", Kind::Templates, 0.0)
            });
        }
        Variant {
            name: format!("{} methods", shape.methods_in_all()),
            deployed: self.deployed(binaries, &api.id),
            jobs,
            memory_ratio_max,
        }
    }
}

impl Job {
    pub(crate) fn events(
        &self,
        count: usize,
        numbers: &mut impl Iterator<Item = u64>,
    ) -> Vec<Bytes> {
        self.paths
            .iter()
            .cycle()
            .zip(numbers)
            .take(count)
            .map(|(path, number)| {
                let bearer = self.bearer.as_deref();
                event::function_url(self.method, path, self.body, bearer, number)
            })
            .collect()
    }
}
