//! Makes the measured APIs the way their owners do: through the management API.

use crate::{http::Client, upstream::ANSWER};
use anyhow::{Context, Result, bail};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::task::JoinSet;

pub(crate) const STAGE: &str = "bench";
/// Requests under way at once: enough to keep two cores busy.
const CONCURRENCY: usize = 8;
const TRIES: u32 = 8;
/// Maps an order of 2 KB, and then says that the answer is 200.
const MAPPING: &str = concat!(
    "#set($root = $input.path('$'))\n{\"statusCode\": 200, \"order\":\n",
    include_str!("../templates/order.vtl"),
    "}"
);
/// Makes the answer that everyone gives.
const MAKING: &str = include_str!("answer.vtl");
/// What each method of the large API carries.
const TEMPLATE_BYTES: usize = 2048;

/// Where the measured methods lead to.
#[derive(Clone, Copy)]
pub(crate) struct Backends {
    pub(crate) http: SocketAddr,
    pub(crate) lambda_function: &'static str,
}

/// What kind of integration answers a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Mock,
    /// A MOCK whose templates work, both ways: the one reads and maps a body of 2 KB, the other makes the answer.
    Templates,
    HttpProxy,
    AwsProxy,
}

/// An API to be made: its resources, each with the methods of [`METHODS`] that it has.
pub(crate) struct Shape {
    pub(crate) name: &'static str,
    /// Sets of siblings: `groups` under the root, each with `items`.
    pub(crate) groups: usize,
    pub(crate) items: usize,
    pub(crate) methods: &'static [(&'static str, Kind)],
    pub(crate) template_bytes: usize,
}

/// One resource with a method of each kind.
pub(crate) const SMALL: Shape = Shape {
    name: "small",
    groups: 1,
    items: 0,
    methods: &[
        ("GET", Kind::Mock),
        ("POST", Kind::HttpProxy),
        ("PUT", Kind::AwsProxy),
        ("PATCH", Kind::Templates),
    ],
    template_bytes: 0,
};

const ALL_FOUR: &[(&str, Kind)] = &[
    ("GET", Kind::Mock),
    ("POST", Kind::HttpProxy),
    ("PUT", Kind::AwsProxy),
    ("DELETE", Kind::Mock),
];

/// A thousand resources of four methods.
pub(crate) const LARGE: Shape = Shape {
    name: "large",
    groups: 25,
    items: 39,
    methods: ALL_FOUR,
    template_bytes: TEMPLATE_BYTES,
};

/// As large as a smoke test has time for.
pub(crate) const LARGE_QUICK: Shape = Shape {
    name: "large",
    groups: 2,
    items: 4,
    methods: ALL_FOUR,
    template_bytes: TEMPLATE_BYTES,
};

impl Shape {
    pub(crate) fn methods_in_all(&self) -> usize {
        self.groups * (1 + self.items) * self.methods.len()
    }

    /// The paths of its resources, parents first.
    pub(crate) fn paths(&self) -> Vec<String> {
        let groups = (0..self.groups).map(|group| format!("/group{group}"));
        let items = (0..self.groups)
            .flat_map(|group| (0..self.items).map(move |item| format!("/group{group}/item{item}")));
        groups.chain(items).collect()
    }
}

/// One method that answers by itself.
pub(crate) const ANSWERING: Shape = Shape {
    name: "answering",
    groups: 1,
    items: 0,
    methods: &[("GET", Kind::Mock)],
    template_bytes: 0,
};

/// One method that forwards.
pub(crate) const FORWARDING: Shape = Shape {
    name: "forwarding",
    groups: 1,
    items: 0,
    methods: &[("GET", Kind::HttpProxy)],
    template_bytes: 0,
};

/// One method that is open, and one that wants an API key.
pub(crate) const KEYED: Shape = Shape {
    name: "keyed",
    groups: 1,
    items: 0,
    methods: &[("GET", Kind::Mock), ("DELETE", Kind::Mock)],
    template_bytes: 0,
};

/// The method of each resource that is answered so.
pub(crate) fn method_of(shape: &Shape, kind: Kind) -> (&'static str, Kind) {
    *shape
        .methods
        .iter()
        .find(|(_, of)| *of == kind)
        .expect("both shapes have a method of each kind, as a test shows")
}

/// A deployed API.
#[derive(Clone, Debug)]
pub(crate) struct Api {
    pub(crate) id: String,
}

#[derive(Clone)]
pub(crate) struct Management {
    client: Client,
    address: SocketAddr,
}

impl Management {
    pub(crate) fn at(address: SocketAddr) -> Self {
        Self {
            client: Client::new(),
            address,
        }
    }

    /// Makes the API and deploys it to [`STAGE`].
    pub(crate) async fn create(&self, shape: &Shape, backends: Backends) -> Result<Api> {
        let api = self
            .put(Method::POST, "/restapis", json!({ "name": shape.name }))
            .await?;
        let id = text(&api, "id")?;
        let root = text(&api, "rootResourceId")?;

        let mut jobs = Vec::new();
        for group in 0..shape.groups {
            let parent = self.resource(&id, &root, &format!("group{group}")).await?;
            for item in 0..shape.items {
                jobs.push(Job::Resource(parent.clone(), format!("item{item}")));
            }
            jobs.push(Job::Methods(parent));
        }
        let jobs = Arc::new(Mutex::new(VecDeque::from(jobs)));
        let mut workers = JoinSet::new();
        for _ in 0..CONCURRENCY {
            let (management, jobs, id) = (self.clone(), Arc::clone(&jobs), id.clone());
            let (methods, template_bytes) = (shape.methods, shape.template_bytes);
            workers.spawn(async move {
                loop {
                    let job = jobs
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .pop_front();
                    let resource = match job {
                        Some(Job::Resource(parent, part)) => {
                            management.resource(&id, &parent, &part).await?
                        }
                        Some(Job::Methods(resource)) => resource,
                        None => return anyhow::Ok(()),
                    };
                    for (method, kind) in methods {
                        management
                            .method(&id, &resource, method, *kind, template_bytes, backends)
                            .await?;
                    }
                }
            });
        }
        while let Some(worker) = workers.join_next().await {
            worker??;
        }
        let deployments = format!("/restapis/{id}/deployments");
        self.put(Method::POST, &deployments, json!({ "stageName": STAGE }))
            .await?;
        Ok(Api { id })
    }

    /// Replaces what these paths of the stage name.
    pub(crate) async fn patch_stage(&self, api: &Api, values: &[(&str, &str)]) -> Result<()> {
        let replace =
            |(path, value): &(&str, &str)| json!({ "op": "replace", "path": path, "value": value });
        let operations: Vec<_> = values.iter().map(replace).collect();
        let path = format!("/restapis/{}/stages/{STAGE}", api.id);
        self.put(
            Method::PATCH,
            &path,
            json!({ "patchOperations": operations }),
        )
        .await?;
        Ok(())
    }

    /// Makes a method of the first group want an API key, and a key that opens it under a plan.
    pub(crate) async fn want_key(
        &self,
        api: &Api,
        method: &str,
        value: &str,
        plan: &Value,
    ) -> Result<()> {
        let id = &api.id;
        let resources = self
            .ask(Method::GET, &format!("/restapis/{id}/resources"), None)
            .await?;
        let resource = resources["item"]
            .as_array()
            .and_then(|all| all.iter().find(|one| one["path"] == "/group0"))
            .context("the API has no first group")?;
        let resource = text(resource, "id")?;
        let wanted = json!({ "patchOperations": [{ "op": "replace", "path": "/apiKeyRequired", "value": "true" }] });
        let path = format!("/restapis/{id}/resources/{resource}/methods/{method}");
        self.put(Method::PATCH, &path, wanted).await?;
        let deployments = format!("/restapis/{id}/deployments");
        self.put(Method::POST, &deployments, json!({ "stageName": STAGE }))
            .await?;
        let mut plan = plan.clone();
        plan["name"] = json!("bench");
        plan["apiStages"] = json!([{ "apiId": id, "stage": STAGE }]);
        let plan = self.put(Method::POST, "/usageplans", plan).await?;
        let key = json!({ "name": "bench", "enabled": true, "value": value });
        let key = self.put(Method::POST, "/apikeys", key).await?;
        let joined = json!({ "keyId": text(&key, "id")?, "keyType": "API_KEY" });
        let keys = format!("/usageplans/{}/keys", text(&plan, "id")?);
        self.put(Method::POST, &keys, joined).await?;
        Ok(())
    }

    pub(crate) async fn resource(&self, api: &str, parent: &str, part: &str) -> Result<String> {
        let path = format!("/restapis/{api}/resources/{parent}");
        let resource = self
            .put(Method::POST, &path, json!({ "pathPart": part }))
            .await?;
        text(&resource, "id")
    }

    pub(crate) async fn method(
        &self,
        api: &str,
        resource: &str,
        method: &str,
        kind: Kind,
        template_bytes: usize,
        backends: Backends,
    ) -> Result<()> {
        let path = format!("/restapis/{api}/resources/{resource}/methods/{method}");
        self.put(Method::PUT, &path, json!({ "authorizationType": "NONE" }))
            .await?;
        let mut integration = match kind {
            Kind::Mock | Kind::Templates => json!({ "type": "MOCK" }),
            Kind::HttpProxy => json!({
                "type": "HTTP_PROXY",
                "httpMethod": method,
                "uri": format!("http://{}/things/7", backends.http),
            }),
            Kind::AwsProxy => json!({
                "type": "AWS_PROXY",
                "httpMethod": "POST",
                "uri": invoke_uri(backends.lambda_function),
            }),
        };
        if kind == Kind::Mock || template_bytes > 0 {
            integration["requestTemplates"] = json!({ "application/json": request_template(template_bytes, seed(resource, method)) });
        }
        if kind == Kind::Templates {
            integration["requestTemplates"] = json!({ "application/json": MAPPING });
        }
        self.put(Method::PUT, &format!("{path}/integration"), integration)
            .await?;
        if matches!(kind, Kind::Mock | Kind::Templates) {
            self.put(Method::PUT, &format!("{path}/responses/200"), json!({}))
                .await?;
            let template = if kind == Kind::Mock { ANSWER } else { MAKING };
            let response = json!({ "responseTemplates": { "application/json": template } });
            self.put(
                Method::PUT,
                &format!("{path}/integration/responses/200"),
                response,
            )
            .await?;
        }
        Ok(())
    }

    /// Asks until it is done. A write that met another one, or came too fast, is tried again, as every SDK does.
    pub(crate) async fn put(&self, method: Method, path: &str, body: Value) -> Result<Value> {
        self.ask(method, path, Some(body)).await
    }

    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Result<Value> {
        let url = format!("http://{}{path}", self.address);
        for tried in 1.. {
            let answer = self.client.ask(method.clone(), &url, body.as_ref()).await?;
            match answer.status() {
                StatusCode::CREATED | StatusCode::OK => {
                    return serde_json::from_slice(answer.body())
                        .with_context(|| format!("{method} {path} was not answered with JSON"));
                }
                StatusCode::CONFLICT
                | StatusCode::TOO_MANY_REQUESTS
                | StatusCode::SERVICE_UNAVAILABLE
                    if tried < TRIES =>
                {
                    tokio::time::sleep(Duration::from_millis(5 << tried)).await;
                }
                status => bail!(
                    "{method} {path} was answered {status}: {}",
                    String::from_utf8_lossy(answer.body())
                ),
            }
        }
        unreachable!("the last try returns")
    }
}

enum Job {
    Resource(String, String),
    Methods(String),
}

pub(crate) fn text(answer: &Value, member: &str) -> Result<String> {
    answer[member]
        .as_str()
        .map(str::to_owned)
        .with_context(|| format!("the answer has no `{member}`: {answer}"))
}

/// By which a function is called.
pub(crate) fn invoke_uri(function: &str) -> String {
    let arn = format!("arn:aws:lambda:us-east-1:123456789012:function:{function}");
    format!("arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{arn}/invocations")
}

/// What a MOCK needs to choose its answer, made as long as asked. Half of the filling is the same in every template and
/// half is its own, for the templates of one API resemble each other but do not compress to nothing.
fn request_template(bytes: usize, seed: u64) -> String {
    let bare = r#"{"statusCode": 200}"#;
    if bytes <= bare.len() {
        return bare.to_owned();
    }
    let opening = r#"{"statusCode": 200, "note": ""#;
    let closing = r#""}"#;
    let filling = bytes.saturating_sub(opening.len() + closing.len());
    let shared = words(0).take(filling / 2);
    let own = words(seed).take(filling - filling / 2);
    format!(
        "{opening}{}{closing}",
        shared.chain(own).collect::<String>()
    )
}

/// Another one for each method of each resource.
fn seed(resource: &str, method: &str) -> u64 {
    resource
        .bytes()
        .chain(method.bytes())
        .fold(1, |seed, byte| {
            seed.wrapping_mul(31).wrapping_add(u64::from(byte))
        })
}

/// Words in an order that the seed decides, without end.
fn words(seed: u64) -> impl Iterator<Item = char> {
    const WORDS: [&str; 16] = [
        "accountId",
        "body",
        "context",
        "createdAt",
        "customer",
        "delivery",
        "foreach",
        "identity",
        "input",
        "item",
        "order",
        "params",
        "path",
        "payload",
        "quantity",
        "status",
    ];
    // Knuth's generator; its upper bits are good enough for words.
    let next = |state: &u64| {
        Some(
            state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407),
        )
    };
    std::iter::successors(next(&seed), next)
        .flat_map(|state| WORDS[(state >> 60) as usize].chars().chain([' ']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_large_api_has_a_thousand_resources_of_four_methods() {
        assert_eq!(LARGE.paths().len(), 1000);
        assert_eq!(LARGE.methods_in_all(), 4000);
        assert_eq!(SMALL.methods_in_all(), 4);
        assert_eq!(SMALL.paths(), ["/group0"]);
    }

    #[test]
    fn every_shape_has_a_method_of_each_kind() {
        for shape in [&SMALL, &LARGE, &LARGE_QUICK] {
            for kind in [Kind::Mock, Kind::HttpProxy, Kind::AwsProxy] {
                assert_eq!(method_of(shape, kind).1, kind);
            }
        }
    }

    #[test]
    fn a_template_is_as_long_as_asked_and_chooses_200() {
        for (bytes, expected) in [
            (0, 19),
            (19, 19),
            (100, 100),
            (TEMPLATE_BYTES, TEMPLATE_BYTES),
        ] {
            let template = request_template(bytes, 7);
            assert_eq!(template.len(), expected);
            let value: Value = serde_json::from_str(&template).unwrap();
            assert_eq!(value["statusCode"], 200);
        }
        let [one, other] =
            ["GET", "PUT"].map(|method| request_template(TEMPLATE_BYTES, seed("abc123", method)));
        assert_ne!(one, other);
        assert_eq!(one[..TEMPLATE_BYTES / 2], other[..TEMPLATE_BYTES / 2]);
    }
}
