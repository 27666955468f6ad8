//! Methods with authorizers beside one that has none: the same MOCK, the same event, an API for each.
//!
//! The token is as large as those of the usual providers, and good for decades: what is measured is a caller who comes
//! again, as almost every caller does, and whom an issuer's keys or a function have vouched for before.

use crate::{
    cores::Cores,
    functions::{Effort, Found, job_requests},
    http::{Server, answer, json_answer},
    management::{ANSWERING, Backends, Kind, Management, STAGE, invoke_uri, text},
    postern::Laptop,
    report::{Report, Row, Unit},
    stats::{self, Quartiles},
    upstream::AUTHORIZER,
    world::{Binaries, Job, World},
};
use anyhow::{Context, Result, anyhow};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{Method, Request, StatusCode, header::HOST};
use hyper::body::Incoming;
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use serde_json::{Value, json};
use std::path::Path;

/// Of the only method of each API.
const PATH: &str = "/group0";
const AUDIENCE: &str = "bench";
const KEY: &str = "2f1c7a52-5b7d-4d4e-8f6a-000000000001";

/// It ends when this is dropped.
pub(crate) struct Issuer {
    server: Server,
    pair: EcdsaKeyPair,
}

impl Issuer {
    pub(crate) async fn start() -> Result<Self> {
        let broken = |_| anyhow!("no key could be made");
        let (algorithm, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
        let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).map_err(broken)?;
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random)
            .map_err(|reason| anyhow!("the new key is none: {reason}"))?;
        let point = &pair.public_key().as_ref()[1..];
        let (x, y) = point.split_at(point.len() / 2);
        let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
        let keys = json!({ "keys": [{ "kid": KEY, "kty": "EC", "crv": "P-256", "x": x, "y": y }] });
        let keys = keys.to_string();
        let server = Server::start(move |request: Request<Incoming>| {
            let keys = keys.clone();
            async move {
                let host = request.headers().get(HOST);
                let issuer = format!(
                    "http://{}",
                    host.map_or("", |host| host.to_str().unwrap_or_default())
                );
                match request.uri().path() {
                    "/.well-known/openid-configuration" => json_answer(
                        json!({ "issuer": issuer, "jwks_uri": format!("{issuer}/keys") })
                            .to_string(),
                    ),
                    "/keys" => json_answer(keys),
                    _ => answer(StatusCode::NOT_FOUND, "an issuer answers for its keys only"),
                }
            }
        })
        .await?;
        Ok(Self { server, pair })
    }

    fn url(&self) -> String {
        format!("http://{}", self.server.address)
    }

    fn token(&self) -> Result<String> {
        let header = json!({ "alg": "ES256", "kid": KEY, "typ": "JWT" });
        let claims = json!({
            "iss": self.url(),
            "aud": AUDIENCE,
            "sub": "9b2c7a52-5b7d-4d4e-8f6a-0e3f1c525b7d",
            "scope": "openid profile email things/read things/write",
            "iat": 1_735_732_800,
            "auth_time": 1_735_732_800,
            "exp": 4_102_444_800_u64,
            "email": "somebody@example.com",
            "email_verified": true,
            "name": "Some Body",
            "groups": ["readers", "writers"],
            "jti": "0e3f1c52-5b7d-4d4e-8f6a-9b2c7a525b7d",
        });
        let part = |json: serde_json::Value| URL_SAFE_NO_PAD.encode(json.to_string());
        let message = format!("{}.{}", part(header), part(claims));
        let signature = self
            .pair
            .sign(&SystemRandom::new(), message.as_bytes())
            .map_err(|_| anyhow!("the token could not be signed"))?;
        Ok(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

/// Who decides whether a caller may call.
struct Guard {
    scenario: &'static str,
    function: &'static str,
    /// Of the method.
    authorization: &'static str,
    scopes: &'static [&'static str],
    authorizer: Value,
    token: String,
}

impl Guard {
    fn issuer(issuer: &Issuer) -> Result<Self> {
        Ok(Self {
            scenario: "MOCK for a known token",
            function: "gateway-jwt",
            authorization: "JWT",
            scopes: &["things/read"],
            authorizer: json!({
                "name": "issuer",
                "type": "JWT",
                "identitySource": "method.request.header.Authorization",
                "jwtConfiguration": {
                    "issuers": [{ "issuer": issuer.url(), "audiences": [AUDIENCE] }],
                    "defaultAlgorithms": ["ES256"],
                },
            }),
            token: issuer.token()?,
        })
    }

    /// The same token, which a function looks at: its verdict is kept for its five minutes.
    fn function(issuer: &Issuer) -> Result<Self> {
        Ok(Self {
            scenario: "MOCK, a function's verdict kept",
            function: "gateway-authorizer",
            authorization: "CUSTOM",
            scopes: &[],
            authorizer: json!({
                "name": "function",
                "type": "TOKEN",
                "identitySource": "method.request.header.Authorization",
                "authorizerUri": invoke_uri(AUTHORIZER),
                "authorizerResultTtlInSeconds": 300,
            }),
            token: issuer.token()?,
        })
    }
}

/// Each guard beside none.
pub(crate) async fn compare(
    world: &World,
    binaries: &Binaries,
    effort: Effort,
    scratch: &Path,
    report: &mut Report,
) -> Result<()> {
    let issuer = Issuer::start().await?;
    for guard in [Guard::issuer(&issuer)?, Guard::function(&issuer)?] {
        compare_one(&guard, world, binaries, effort, scratch, report).await?;
    }
    Ok(())
}

async fn compare_one(
    guard: &Guard,
    world: &World,
    binaries: &Binaries,
    effort: Effort,
    scratch: &Path,
    report: &mut Report,
) -> Result<()> {
    let laptop = world.laptop(binaries, scratch).await?;
    let [guarded, mock] = make_apis(&laptop, guard, world.backends())
        .await
        .with_context(|| format!("postern's log ends:\n{}", laptop.log_end()))?;
    drop(laptop);
    let function = |api: &str, name| {
        let mut deployed = world.deployed(binaries, api);
        deployed.name = name;
        deployed
    };
    let (guarded, mock) = (
        function(&guarded, guard.function),
        function(&mock, "gateway-mock"),
    );
    let job = Job {
        name: guard.function,
        method: "GET",
        paths: vec![PATH.to_owned()],
        bearer: Some(guard.token.clone()),
        body: None,
        cpu_ratio_max: None,
        first_ratio_max: None,
    };
    let scenario = guard.scenario;
    let mut found = Found::default();
    let mut numbers = 0_u64..;
    let cores = Cores::divide()?;
    for life in 1..=effort.lives {
        eprintln!("requests, {scenario}: life {life} of {}", effort.lives);
        let mut ours = guarded.start(scratch).await?;
        let mut theirs = mock.start(scratch).await?;
        cores.put(ours.pid()?)?;
        cores.put(theirs.pid()?)?;
        let pair = [&mut ours, &mut theirs];
        job_requests(&job, effort, None, pair, &mut numbers, &mut found).await?;
    }
    let [ours, theirs] = &found.sides;
    let ratios = stats::pair_ratios(&ours.cpu_means, &theirs.cpu_means);
    let row = |figure, percent| {
        let at = |samples: &[f64]| stats::percentile(samples, percent).unwrap_or_default();
        Row::new(scenario, figure, Unit::Microseconds, at(&ours.all.cpu_us))
            .beside("MOCK", at(&theirs.all.cpu_us))
    };
    let p50 = row("CPU p50", 50.0).ratio(Quartiles::of(&ratios));
    report.rows.push(p50.ratio_within(Some(2.0)));
    report.rows.push(row("CPU p99", 99.0));
    let first = stats::middle(&found.first_us);
    let first = Row::new(
        scenario,
        "first use of a method, wall",
        Unit::Microseconds,
        first,
    );
    report.rows.push(first);
    Ok(())
}

/// One whose method answers by itself to whom the guard lets in, and one that answers so to everybody.
async fn make_apis(laptop: &Laptop, guard: &Guard, backends: Backends) -> Result<[String; 2]> {
    let management = Management::at(laptop.address);
    let api = json!({ "name": "guarded" });
    let api = management.put(Method::POST, "/restapis", api).await?;
    let id = text(&api, "id")?;
    let root = text(&api, "rootResourceId")?;
    let resource = management
        .resource(&id, &root, PATH.trim_start_matches('/'))
        .await?;
    let authorizers = format!("/restapis/{id}/authorizers");
    let authorizer = management
        .put(Method::POST, &authorizers, guard.authorizer.clone())
        .await
        .context("the authorizer could not be made")?;
    let authorizer = text(&authorizer, "id")?;
    management
        .method(&id, &resource, "GET", Kind::Mock, 0, backends)
        .await?;
    let replace = |path, value| json!({ "op": "replace", "path": path, "value": value });
    let mut patches = vec![
        replace("/authorizationType", guard.authorization),
        replace("/authorizerId", &authorizer),
    ];
    patches.extend(
        guard
            .scopes
            .iter()
            .map(|scope| json!({ "op": "add", "path": "/authorizationScopes", "value": scope })),
    );
    let patches = json!({ "patchOperations": patches });
    let method = format!("/restapis/{id}/resources/{resource}/methods/GET");
    management.put(Method::PATCH, &method, patches).await?;
    let deployments = format!("/restapis/{id}/deployments");
    let stage = json!({ "stageName": STAGE });
    management.put(Method::POST, &deployments, stage).await?;
    let mock = management.create(&ANSWERING, backends).await?;
    Ok([id, mock.id])
}
