//! `postern cors enable`: what it takes to let browsers call an API from pages of other origins.
//!
//! CORS is configuration and no feature: an `OPTIONS` method that answers preflight requests, and a header on the other
//! answers. This makes them through the management API, as one would by hand.

use crate::command_line::{CorsAction, CorsEnable};
use crate::dev::Failure;
use crate::target::{Target, encoded};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

const ORIGIN: &str = "Access-Control-Allow-Origin";
const METHODS: &str = "Access-Control-Allow-Methods";
const HEADERS: &str = "Access-Control-Allow-Headers";
const PREFLIGHT: &str = "OPTIONS";
/// What `ANY` stands for.
const VERBS: [&str; 7] = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"];

pub(crate) fn run(action: CorsAction) -> Result<(), Failure> {
    let CorsAction::Enable(options) = action;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let target = Target::there(options.there.endpoint_url.clone());
    let enabling = Enabling {
        at: format!("/restapis/{}", encoded(&options.api)),
        target,
        options,
    };
    runtime.block_on(enabling.run()).map_err(Failure::Cors)
}

struct Enabling {
    target: Target,
    options: CorsEnable,
    /// The API's path.
    at: String,
}

impl Enabling {
    async fn run(&self) -> Result<(), String> {
        let list = format!("{}/resources?embed=methods", self.at);
        let all = self.target.all(&list).await?;
        let mut allowed = BTreeSet::new();
        for resource in self.chosen(&all)? {
            let methods = self.methods(resource);
            self.resource(resource, &methods).await?;
            allowed.extend(methods);
        }
        if self.options.gateway_responses {
            for kind in ["DEFAULT_4XX", "DEFAULT_5XX"] {
                self.gateway_response(kind, &allowed).await?;
            }
        }
        println!("A deployment makes this answer.");
        Ok(())
    }

    fn chosen<'a>(&self, all: &'a [Value]) -> Result<Vec<&'a Value>, String> {
        if self.options.all {
            let with_methods = |one: &&Value| verbs(one).next().is_some();
            return Ok(all.iter().filter(with_methods).collect());
        }
        let named = |path: &String| {
            let found = all.iter().find(|one| one["path"] == path.as_str());
            found.ok_or_else(|| {
                let paths: Vec<_> = all.iter().filter_map(|one| one["path"].as_str()).collect();
                let paths = paths.join(" ");
                format!("there is no resource `{path}`: --resource takes one of {paths}")
            })
        };
        self.options.resource.iter().map(named).collect()
    }

    /// The methods that are allowed on a resource.
    fn methods(&self, resource: &Value) -> BTreeSet<String> {
        let mut methods: BTreeSet<_> = self.options.methods.iter().cloned().collect();
        if methods.is_empty() {
            methods = verbs(resource).map(str::to_owned).collect();
        }
        if methods.remove("ANY") {
            methods.extend(VERBS.map(str::to_owned));
        }
        methods.insert(PREFLIGHT.to_owned());
        methods
    }

    async fn resource(&self, resource: &Value, methods: &BTreeSet<String>) -> Result<(), String> {
        let path = resource["path"].as_str().unwrap_or_default();
        let id = resource["id"].as_str().unwrap_or_default();
        let at = format!("{}/resources/{}/methods", self.at, encoded(id));
        let existing = &resource["resourceMethods"][PREFLIGHT];
        let kind = &existing["methodIntegration"]["type"];
        if existing.is_object() && kind != "MOCK" && !kind.is_null() {
            println!("{PREFLIGHT} {path}: left alone, it has an integration of its own");
        } else {
            self.preflight(&format!("{at}/{PREFLIGHT}"), existing.is_object(), methods)
                .await?;
            println!("{PREFLIGHT} {path}: answers preflight requests");
        }
        for (verb, method) in resource["resourceMethods"]
            .as_object()
            .into_iter()
            .flatten()
        {
            if verb != PREFLIGHT && (methods.contains(verb) || verb == "ANY") {
                let said = self.method(&format!("{at}/{verb}"), method).await?;
                println!("{verb} {path}: {said}");
            }
        }
        Ok(())
    }

    /// One of an earlier call is made anew, so that nothing of it stays.
    async fn preflight(
        &self,
        at: &str,
        exists: bool,
        methods: &BTreeSet<String>,
    ) -> Result<(), String> {
        let put = async |path: String, body: Value| {
            self.target.call("PUT", &path, body.to_string()).await
        };
        if exists {
            self.target.call("DELETE", at, "").await?;
        }
        put(at.to_owned(), json!({"authorizationType": "NONE"})).await?;
        // The model is that of every new API, but may have been removed.
        let empty = format!("{}/models/Empty", self.at);
        let models = match self.target.call("GET", &empty, "").await {
            Ok(_) => json!({"application/json": "Empty"}),
            Err(_) => json!({}),
        };
        let headers = self.headers(methods);
        let declared: Map<_, _> = headers
            .iter()
            .map(|(name, _)| (response(name), Value::Bool(false)))
            .collect();
        let answer = json!({"responseModels": models, "responseParameters": declared});
        put(format!("{at}/responses/200"), answer).await?;
        let mock = json!({"type": "MOCK", "requestTemplates": {"application/json": "{\"statusCode\": 200}"}});
        put(format!("{at}/integration"), mock).await?;
        let mapped: Map<_, _> = headers
            .iter()
            .map(|(name, value)| (response(name), Value::from(quoted(value))))
            .collect();
        let answer =
            json!({"responseParameters": mapped, "responseTemplates": {"application/json": ""}});
        put(format!("{at}/integration/responses/200"), answer).await?;
        Ok(())
    }

    fn headers(&self, methods: &BTreeSet<String>) -> [(&'static str, String); 3] {
        let methods: Vec<_> = methods.iter().map(String::as_str).collect();
        [
            (HEADERS, self.options.headers.clone()),
            (METHODS, methods.join(",")),
            (ORIGIN, self.options.origin.clone()),
        ]
    }

    /// Adds the origin to a method's 200 response, and says what became of it.
    async fn method(&self, at: &str, method: &Value) -> Result<String, String> {
        let integration = &method["methodIntegration"];
        let kind = integration["type"].as_str().unwrap_or_default();
        if kind.ends_with("_PROXY") {
            return Ok(format!(
                "left alone, the backend of {kind} has to send {ORIGIN}"
            ));
        }
        if method["methodResponses"]["200"].is_null()
            || integration["integrationResponses"]["200"].is_null()
        {
            return Ok(format!(
                "left alone, it has no 200 response to carry {ORIGIN}"
            ));
        }
        let declared = format!("{at}/responses/200");
        self.add(&declared, &response(ORIGIN), "false").await?;
        let mapped = format!("{at}/integration/responses/200");
        let value = quoted(&self.options.origin);
        self.add(&mapped, &response(ORIGIN), &value).await?;
        Ok(format!("its 200 response carries {ORIGIN}"))
    }

    /// What else was set on the gateway response stays.
    async fn gateway_response(&self, kind: &str, methods: &BTreeSet<String>) -> Result<(), String> {
        let at = format!("{}/gatewayresponses/{kind}", self.at);
        let stands = self.target.call("GET", &at, "").await?;
        if stands["defaultResponse"] == true {
            self.target.call("PUT", &at, "{}").await?;
        }
        for (name, value) in self.headers(methods) {
            let name = format!("gatewayresponse.header.{name}");
            self.add(&at, &name, &quoted(&value)).await?;
        }
        println!("{kind}: carries the headers");
        Ok(())
    }

    async fn add(&self, at: &str, parameter: &str, value: &str) -> Result<Value, String> {
        let path = format!("/responseParameters/{parameter}");
        let patch = json!({"patchOperations": [{"op": "add", "path": path, "value": value}]});
        self.target.call("PATCH", at, patch.to_string()).await
    }
}

fn verbs(resource: &Value) -> impl Iterator<Item = &str> {
    let methods = resource["resourceMethods"].as_object();
    methods.into_iter().flatten().map(|(verb, _)| verb.as_str())
}

fn response(header: &str) -> String {
    format!("method.response.header.{header}")
}

fn quoted(value: &str) -> String {
    format!("'{value}'")
}
