//! Trying a method, or an authorizer, out before it is deployed: the real line, from the method on, with its log.
//!
//! There is no stage, nobody has to prove who they are, and nothing is counted. What the method names is frozen for this one
//! call alone.

use crate::address::{Request, Sent};
use crate::admit::{Admitted, Caller, Due};
use crate::authorize::Verdict;
use crate::gateway::Served;
use crate::rejection::{AuthorizeRejection, Rejection};
use crate::route::Routed;
use crate::stages::Live;
use crate::trail::{ClientTrail, ResourceTrail, StageTrail, Trail};
use crate::{Arrival, Body, Gateway, Query, Spelling};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use postern_definition::rest::{Authorizer, Definition, Resource, RestApi};
use postern_definition::{Map, ResourceId};
use postern_plan::{ApiKind, AuthorizerPlan, Decides, Defect, Deployed, DeployedError, Snapshot};
use postern_telemetry::{ExecutionLog, LoggingLevel};
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// What to try.
pub struct TestInvocation {
    /// Only what the one method needs must be in it.
    pub definition: Definition,
    pub resource: ResourceId,
    /// As the method was declared, `ANY` among them.
    pub verb: String,
    /// Without it, the resource's own path stands, its parameters as they are written.
    pub path_with_query: Option<String>,
    pub body: Option<String>,
    /// Names that cannot be a header's are left out, and so are such values.
    pub headers: Vec<(String, String)>,
    pub stage_variables: Map<String>,
}

/// What came of it.
#[derive(Debug)]
pub struct TestAnswer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
    pub log: String,
    pub latency_ms: u64,
}

/// Why nothing could be tried.
#[derive(Debug, thiserror::Error)]
pub enum TestError {
    #[error("there is no such method")]
    NoMethod,
    #[error("{0}")]
    Defect(Defect),
    #[error(transparent)]
    Unreadable(#[from] DeployedError),
}

/// Which authorizer to try, and on what request.
pub struct TestAuthorization {
    pub api: RestApi,
    pub authorizer: Authorizer,
    pub path_with_query: Option<String>,
    pub headers: Vec<(String, String)>,
    pub stage_variables: Map<String>,
}

/// What the authorizer decides.
#[derive(Debug)]
pub struct TestVerdict {
    /// What a client would have been answered, where it would not have passed.
    pub refused_with: Option<u16>,
    pub principal: Option<String>,
    /// As JSON text.
    pub policy: Option<String>,
    /// What the token says, where it is a token that decides.
    pub claims: Option<Arc<Map<String>>>,
    pub log: String,
    pub latency_ms: u64,
}

/// What an authorizer that lets somebody pass makes known of them.
enum Decided {
    Function(Verdict),
    Token(Arc<Map<String>>),
}

/// What a test is tried under, as the service has it.
const HOST: &str = "testPrefix.testDomainName";
const SOURCE_IP: &str = "test-invoke-source-ip";

impl Gateway {
    pub async fn test_invoke(&self, test: TestInvocation) -> Result<TestAnswer, TestError> {
        let begun = self.clock.now();
        let (routed, mut trail) = self.tried(test).await?;
        let served = Served {
            live: routed.live.clone(),
            deployed: routed.deployed.clone(),
            variables: routed.variables.clone(),
        };
        let answered = match self.run(routed, &mut trail).await {
            Ok(answer) => {
                let status = answer.status;
                match answer.body.collect(crate::PAYLOAD_BYTES_MAX).await {
                    Ok(bytes) => {
                        let mut headers = answer.headers;
                        if answer.traced {
                            crate::finish::trace(&mut headers, &trail);
                        }
                        let json = HeaderValue::from_static("application/json");
                        headers.entry(http::header::CONTENT_TYPE).or_insert(json);
                        Ok((status, headers, bytes))
                    }
                    Err(error) => Err(crate::held::broken(error).into()),
                }
            }
            Err(rejection) => Err(rejection),
        };
        let (status, headers, body) = match answered {
            Ok((status, headers, body)) => {
                crate::execution_log::Steps::answered(
                    &mut trail.log,
                    status,
                    &headers,
                    &Body::Full(body.clone()),
                );
                (status, headers, body)
            }
            Err(rejection) => {
                let refused = self
                    .refusal(&rejection, ApiKind::Rest, &mut trail, Some(&served))
                    .await;
                let body = refused.2.collect(crate::PAYLOAD_BYTES_MAX).await;
                (refused.0, refused.1, body.unwrap_or_default())
            }
        };
        let latency = self.clock.now().saturating_sub(begun);
        Ok(TestAnswer {
            status: status.as_u16(),
            headers,
            body,
            log: trail.log.test_text(&trail.request_id),
            latency_ms: latency.as_millis() as u64,
        })
    }

    /// Asks an authorizer as a request to the root would, whether a deployment has it or not.
    pub async fn test_authorize(&self, test: TestAuthorization) -> Result<TestVerdict, TestError> {
        let begun = self.clock.now();
        let mut plan = AuthorizerPlan::compile(&test.authorizer).map_err(TestError::Defect)?;
        // What is tried is what stands now, and not what stood at an earlier try.
        plan.kept_for = Duration::ZERO;
        let (mut routed, mut trail) = self
            .tried(TestInvocation {
                definition: of_root(test.api),
                resource: ROOT.into(),
                verb: "GET".to_owned(),
                path_with_query: test.path_with_query,
                body: None,
                headers: test.headers,
                stage_variables: test.stage_variables,
            })
            .await?;
        trail
            .log
            .info(|| format!("Starting authorizer: {}", plan.id));
        let asked = match &plan.decides {
            Decides::Function(function) => {
                let identified = self.identity_values(function, &routed, &trail);
                let question = identified
                    .and_then(|identity| self.question(function, &identity, &routed, &trail));
                drop(routed);
                let answered = match question {
                    Ok(question) => self.put(question, &mut trail).await,
                    Err(rejection) => Err(rejection),
                };
                let verdict = answered.and_then(|payload| Verdict::read(&payload, function.format));
                verdict.map(Decided::Function)
            }
            Decides::Token(tokens) => {
                let found = self.bearer(&plan, tokens, &mut routed).await;
                found.map(|bearer| Decided::Token(bearer.claims.clone()))
            }
        };
        let decided = match &asked {
            Ok(Decided::Token(claims)) => {
                trail
                    .log
                    .info(|| "Successfully completed authorizer execution".to_owned());
                (None, Some(claims))
            }
            Ok(Decided::Function(verdict)) => {
                let principal = verdict.principal.as_deref().unwrap_or_default();
                trail.log.info(|| {
                    format!(
                        "Using valid authorizer policy for principal: {}",
                        hidden(principal)
                    )
                });
                trail
                    .log
                    .info(|| "Successfully completed authorizer execution".to_owned());
                (Some(verdict), None)
            }
            Err(AuthorizeRejection::Configuration(reason) | AuthorizeRejection::Failed(reason)) => {
                trail
                    .log
                    .error(|| format!("Execution failed due to configuration error: {reason}"));
                (None, None)
            }
            Err(AuthorizeRejection::NoKeys(reason)) => {
                trail
                    .log
                    .error(|| format!("Execution failed due to configuration error: {reason}"));
                (None, None)
            }
            Err(
                rejection @ (AuthorizeRejection::Token(_)
                | AuthorizeRejection::Expired
                | AuthorizeRejection::NoScope
                | AuthorizeRejection::Challenged(_)),
            ) => {
                let id = trail.request_id.clone();
                trail.log.info(|| rejection.to_string());
                trail.log.error(|| format!("Unauthorized request: {id}"));
                (None, None)
            }
            Err(AuthorizeRejection::Unidentified | AuthorizeRejection::Refused) => {
                let id = trail.request_id.clone();
                trail.log.error(|| format!("Unauthorized request: {id}"));
                (None, None)
            }
        };
        let (verdict, claims) = decided;
        let latency = self.clock.now().saturating_sub(begun);
        Ok(TestVerdict {
            refused_with: asked.as_ref().err().map(AuthorizeRejection::status),
            principal: verdict.and_then(|verdict| verdict.principal.clone()),
            policy: verdict.and_then(|verdict| verdict.document().map(Value::to_string)),
            claims: claims.cloned(),
            log: trail.log.test_text(&trail.request_id),
            latency_ms: latency.as_millis() as u64,
        })
    }

    async fn run(
        &self,
        routed: Routed,
        trail: &mut Trail,
    ) -> Result<crate::answer::Answer, Rejection> {
        let admitted = Admitted {
            routed,
            caller: Caller::anonymous(),
            due: Due::default(),
        };
        let validated = self.validate(admitted, trail).await?;
        Ok(self.integrate(validated, trail).await?)
    }

    /// The request as it would be once it is known who may do what.
    async fn tried(&self, test: TestInvocation) -> Result<(Routed, Trail), TestError> {
        let TestInvocation {
            definition,
            resource: id,
            verb,
            path_with_query,
            body,
            headers,
            stage_variables,
        } = test;
        let find = definition.resources.iter().find(|found| found.id == id);
        let resource = find.cloned().ok_or(TestError::NoMethod)?;
        let (api, resource_path) = (definition.api.id.clone(), resource.path.clone());
        let mut methods = definition.methods;
        methods.retain(|(of, method)| *of == id && method.http_method == verb);
        if methods.is_empty() {
            return Err(TestError::NoMethod);
        }
        let alone = Definition {
            resources: vec![resource],
            methods,
            ..definition
        };
        let snapshot = Snapshot::freeze(&alone).map_err(|mut defects| {
            // An error names at least one.
            TestError::Defect(defects.swap_remove(0))
        })?;
        let deployed = Deployed::of_snapshot(self.stages.table(), &"test".into(), &snapshot)?;
        let deployed = Arc::new(deployed);
        let (_, plan) = deployed.plan(0).await?;
        let variables = Arc::new(stage_variables);
        let live = Arc::new(Live::of_test(deployed.clone(), variables.clone()));

        let target = path_with_query.unwrap_or_default();
        let (path, query) = match target.split_once('?') {
            Some((path, query)) => (path, Some(Arc::from(query))),
            None => (target.as_str(), None),
        };
        let path = match path {
            "" => resource_path.clone(),
            path => path.to_owned(),
        };
        let verb = if verb == "ANY" { "GET" } else { &verb };
        let method = Method::from_bytes(verb.as_bytes()).unwrap_or(Method::GET);
        let request = Request {
            method: method.clone(),
            path: format!("/{}", path.trim_start_matches('/')),
            base_path: None,
            query,
            headers: Arc::new(header_map(&headers)),
            spelling: Spelling::of(headers.iter().map(|(name, _)| name.as_str())),
            body: Body::from(body.unwrap_or_default()),
            sent: Arc::new(Sent {
                method: method.clone(),
                host: HOST.to_owned(),
                path: String::new(),
                proven: None,
            }),
        };
        // A path that is not the resource's has no parameters.
        let found = deployed.find(verb, &request.path);
        let parameters = found.iter().flat_map(|found| &found.parameters);
        let path_parameters: Map<String> = parameters
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let path_parameters = Arc::new(path_parameters);

        let arrival = Arrival {
            method,
            host: HOST.to_owned(),
            path: request.path.clone(),
            query: None,
            headers: HeaderMap::clone(&request.headers),
            body: Body::empty(),
            proven: None,
            source_ip: SOURCE_IP.to_owned(),
            spelling: Spelling::default(),
            scheme: "https",
            port: 443,
            client_certificate: None,
            vpc: None,
        };
        let now = self.clock.now();
        let mut trail = Trail::begin(&arrival, now);
        trail.log = ExecutionLog::begin(LoggingLevel::Info, true, now);
        trail.client = Some(ClientTrail {
            headers: request.headers.clone(),
            query: request.query.clone(),
        });
        trail.path_parameters = Some(path_parameters.clone());
        trail.stage = Some(StageTrail {
            account_id: self.settings.account.clone(),
            api_id: api,
            stage: live.name.clone(),
            deployment_id: deployed.id().clone(),
            is_canary: None,
            base_path_matched: None,
            routing_rule_matched: None,
        });
        trail.resource = Some(ResourceTrail {
            declared: None,
            id: Some(id.clone()),
            path: resource_path.clone(),
        });
        let query = request.query.as_deref().map(Query::parse);
        let routed = Routed {
            live,
            deployed: deployed.clone(),
            variables,
            is_canary: false,
            query: query.unwrap_or_default(),
            request,
            plan,
            resource_id: id,
            resource_path,
            path_parameters,
            message: None,
        };
        Ok((routed, trail))
    }
}

const ROOT: &str = "root";

/// An API of a root alone, for what is tried without a method.
fn of_root(api: RestApi) -> Definition {
    let json = serde_json::json!({
        "httpMethod": "GET", "authorizationType": "NONE", "apiKeyRequired": false,
        "methodIntegration": {
            "type": "MOCK", "passthroughBehavior": "WHEN_NO_MATCH", "timeoutInMillis": 29000, "cacheNamespace": ROOT,
        },
    });
    let method = serde_json::from_value(json).expect("this is a method");
    let root = Resource {
        id: ROOT.into(),
        parent_id: None,
        path_part: None,
        path: "/".to_owned(),
        methods: BTreeSet::from(["GET".to_owned()]),
    };
    Definition::new(api, vec![root], vec![(ROOT.into(), method)])
}

/// The last of a name, as logs show it.
fn hidden(name: &str) -> String {
    let from = name.char_indices().rev().nth(1).map_or(0, |(at, _)| at);
    format!("**{}", &name[from..])
}

fn header_map(headers: &[(String, String)]) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (
            HeaderName::try_from(name.as_str()),
            HeaderValue::from_bytes(value.as_bytes()),
        ) {
            map.append(name, value);
        }
    }
    map
}
