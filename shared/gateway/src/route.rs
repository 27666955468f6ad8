//! Which method.

use crate::address::{Addressed, Request};
use crate::mapping::Message;
use crate::rejection::RouteRejection;
use crate::stages::Live;
use crate::trail::{ResourceTrail, Trail};
use crate::{Query, headers};
use bytes::Bytes;
use http::Method;
use http::header::AUTHORIZATION;
use postern_definition::{Map, ResourceId};
use postern_plan::{ApiKind, ApiSettings, Authorization, Deployed, MethodPlan};
use std::borrow::Cow;
use std::sync::Arc;

/// A request whose method is known.
pub(crate) struct Routed {
    pub(crate) live: Arc<Live>,
    pub(crate) deployed: Arc<Deployed>,
    pub(crate) variables: Arc<Map<String>>,
    /// Whether it is the stage's canary that answers.
    pub(crate) is_canary: bool,
    pub(crate) request: Request,
    pub(crate) plan: Arc<MethodPlan>,
    pub(crate) resource_id: ResourceId,
    pub(crate) resource_path: String,
    /// Values as they stand in the path, still percent-encoded.
    pub(crate) path_parameters: Arc<Map<String>>,
    pub(crate) query: Query,
    /// What came over a connection of a WebSocket API, for expressions.
    pub(crate) message: Option<Box<Bytes>>,
}

impl Routed {
    pub(crate) fn api(&self) -> &ApiSettings {
        self.deployed.api()
    }

    /// Under which verb the stage has settings for the method: a REST API's are of each verb, the others' of what was declared.
    pub(crate) fn settings_verb(&self) -> &str {
        match self.api().kind {
            ApiKind::Rest => self.request.method.as_str(),
            ApiKind::Http | ApiKind::WebSocket => &self.plan.verb,
        }
    }

    /// What came over a connection, as text.
    pub(crate) fn message_text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(self.message.as_deref().map_or(&[], |message| message))
    }

    /// The request as mappings read it.
    pub(crate) fn message(&self) -> Message<'_> {
        Message::Request {
            headers: &self.request.headers,
            spelling: &self.request.spelling,
            query: &self.query,
            whole_path: &self.request.path,
            path: &self.path_parameters,
            is_signed: self.is_signed(),
        }
    }

    /// Whether the `Authorization` header is for the gateway alone: no integration is shown a signature.
    pub(crate) fn is_signed(&self) -> bool {
        let authorization = self.request.headers.get(AUTHORIZATION);
        matches!(self.plan.authorization, Authorization::Iam)
            || authorization.is_some_and(|value| value.as_bytes().starts_with(b"AWS4-"))
    }
}

pub(crate) async fn route(
    addressed: Addressed,
    trail: &mut Trail,
) -> Result<Routed, RouteRejection> {
    let Addressed {
        live,
        deployed,
        variables,
        is_canary,
        mut request,
    } = addressed;
    let is_rest = deployed.kind() == ApiKind::Rest;
    if is_rest && let Some(method) = overridden_method(&request) {
        trail.verb = method.as_str().to_owned();
        request.method = method;
    }
    let Some(found) = deployed.find(request.method.as_str(), &request.path) else {
        let (verb, path) = (request.method.to_string(), request.path.clone());
        // Authentication parsing runs on unmatched paths as well.
        let not_signed = not_a_signature(&request).filter(|_| is_rest);
        if deployed.kind() == ApiKind::WebSocket && path == "/" {
            return Err(RouteRejection::UpgradeRequired);
        }
        return Err(match not_signed {
            Some((header, token)) => RouteRejection::NotASignature {
                verb,
                path,
                header,
                token,
            },
            None => RouteRejection::NoSuchMethod { verb, path },
        });
    };
    let resource = trail.resource.insert(ResourceTrail {
        id: None,
        path: found.resource_path.to_owned(),
        declared: None,
    });
    let (resource_id, plan) = deployed.plan(found.method).await?;
    resource.id = Some(resource_id.clone());
    if !is_rest {
        resource.declared = Some(plan.verb.clone());
    }
    let path_parameters: Map<String> = found
        .parameters
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let path_parameters = Arc::new(path_parameters);
    trail.path_parameters = Some(path_parameters.clone());
    let resource_path = found.resource_path.to_owned();
    let query = request
        .query
        .as_deref()
        .map(Query::parse)
        .unwrap_or_default();
    Ok(Routed {
        live,
        deployed,
        variables,
        is_canary,
        request,
        plan,
        resource_id,
        resource_path,
        path_parameters,
        query,
        message: None,
    })
}

fn overridden_method(request: &Request) -> Option<Method> {
    let wanted = headers::last(&request.headers, "x-http-method-override")?;
    Method::from_bytes(wanted.trim().as_bytes()).ok()
}

/// The header and its first token where an `Authorization` header cannot be the parts of a signature.
pub(crate) fn not_a_signature(request: &Request) -> Option<(String, String)> {
    let header = headers::last(&request.headers, "authorization")?;
    let token = header
        .split_once(' ')
        .map_or(header.as_ref(), |(_, token)| token.trim());
    (!token.contains('=')).then(|| (header.clone().into_owned(), token.to_owned()))
}
