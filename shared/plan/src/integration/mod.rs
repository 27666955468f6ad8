//! How each type of integration is called, and what is made of its answer.

mod aws;
mod http;
mod lambda;
mod mock;
mod requests;
mod responses;
mod subtype;
mod template;

pub use aws::{AwsOperation, AwsPlan, Credentials};
pub use http::{Appended, HttpPlan, LinkPlan, Passes};
pub(crate) use lambda::invocation;
pub use lambda::{LambdaPlan, PayloadFormat};
pub use mock::mock_status;
pub use requests::{RequestTemplates, TemplateChoice};
pub use responses::{ResponsePlan, ResponseSelection};
pub use subtype::{ParameterForm, Protocol, SubtypeParameter, SubtypePlan};

use crate::{Changes, Defect, Expression};
use postern_definition::rest::{Integration, IntegrationType, Method, ResponseTransferMode};

#[derive(Debug)]
pub enum IntegrationPlan {
    Mock(Transform),
    Http(HttpPlan, Transform),
    HttpProxy(HttpPlan),
    Aws(AwsPlan, Transform),
    Lambda(LambdaPlan),
    /// Of HTTP APIs.
    Subtype(SubtypePlan),
}

/// By what a template is chosen.
#[derive(Debug)]
pub enum ChosenBy {
    /// The type of the body that came, or the first that the client accepts.
    MediaType,
    /// Of WebSocket APIs.
    Expression(Expression),
}

/// What types that are no proxies make of a request, and of the answer to it.
#[derive(Debug)]
pub struct Transform {
    pub requests: RequestTemplates,
    pub responses: ResponseSelection,
}

impl IntegrationPlan {
    /// Reports every defect.
    pub(crate) fn compile(method: &Method, integration: &Integration) -> Result<Self, Vec<Defect>> {
        let transform = || {
            both(
                RequestTemplates::compile(integration),
                ResponseSelection::compile(method, integration),
            )
            .map(|(requests, responses)| Transform {
                requests,
                responses,
            })
        };
        let is_proxy = matches!(
            integration.kind,
            IntegrationType::HttpProxy | IntegrationType::AwsProxy
        );
        if integration.response_transfer_mode == Some(ResponseTransferMode::Stream) && !is_proxy {
            let reason = "STREAM is for HTTP_PROXY and AWS_PROXY: nothing of an answer can be mapped while it passes";
            return Err(vec![Defect::invalid("responseTransferMode", reason)]);
        }
        match integration.kind {
            IntegrationType::Mock => transform().map(Self::Mock),
            IntegrationType::Http => both(HttpPlan::compile(integration), transform())
                .map(|(plan, transform)| Self::Http(plan, transform)),
            IntegrationType::HttpProxy => HttpPlan::compile(integration).map(Self::HttpProxy),
            IntegrationType::Aws => both(AwsPlan::compile(integration), transform())
                .map(|(plan, transform)| Self::Aws(plan, transform)),
            IntegrationType::AwsProxy => LambdaPlan::compile(integration).map(Self::Lambda),
        }
    }
}

impl IntegrationPlan {
    /// What is changed of the request and of the answer to it, where that can be.
    pub fn changes(&self) -> Option<&Changes> {
        match self {
            Self::HttpProxy(plan) => Some(&plan.changes),
            Self::Lambda(plan) => Some(&plan.changes),
            Self::Subtype(plan) => Some(&plan.changes),
            Self::Mock(_) | Self::Http(..) | Self::Aws(..) => None,
        }
    }
}

/// Both, or the defects of both.
pub(crate) fn both<A, B>(
    a: Result<A, Vec<Defect>>,
    b: Result<B, Vec<Defect>>,
) -> Result<(A, B), Vec<Defect>> {
    match (a, b) {
        (Ok(a), Ok(b)) => Ok((a, b)),
        (Err(mut defects), Err(more)) => {
            defects.extend(more);
            Err(defects)
        }
        (Err(defects), _) | (_, Err(defects)) => Err(defects),
    }
}
