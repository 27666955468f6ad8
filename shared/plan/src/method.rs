//! Everything that answering one method needs, worked out beforehand.

use crate::integration::both;
use crate::{AuthorizerPlan, CachePlan, Defect, IntegrationPlan, Validation};
use postern_definition::rest::Method;
use std::sync::Arc;

#[derive(Debug)]
pub struct MethodPlan {
    /// As it was declared: `ANY` where that is what answers.
    pub verb: String,
    pub operation_name: Option<String>,
    pub api_key_required: bool,
    /// The authorizer is filled in by [`crate::Deployed::plan`], which alone can read it.
    pub authorization: Authorization,
    /// Of which a token must have one, where there are any.
    pub scopes: Vec<String>,
    /// Filled in by [`crate::Deployed::plan`], which alone can read validators and models.
    pub validation: Option<Validation>,
    pub integration: IntegrationPlan,
    /// Whether whoever calls is given what the integration answers, as all are but those who send messages to a route that
    /// takes them and says nothing.
    pub is_two_way: bool,
    /// How its answers are told apart where a stage keeps them. `None` of a method whose answers are never kept.
    pub cache: Option<CachePlan>,
}

/// What a caller must prove.
#[derive(Clone, Debug)]
pub enum Authorization {
    None,
    Iam,
    /// What this authorizer asks for.
    Authorizer(Arc<AuthorizerPlan>),
    /// The method's authorizer is not there or cannot decide, for this reason, and so nobody passes.
    Unusable(String),
}

impl MethodPlan {
    /// Checks everything, and reports every defect, so that an owner mends a method in one go.
    pub fn compile(method: &Method) -> Result<Self, Vec<Defect>> {
        let integration = method
            .method_integration
            .as_ref()
            .ok_or_else(|| vec![Defect::NoIntegration])?;
        let (integration, cache) = both(
            IntegrationPlan::compile(method, integration),
            CachePlan::compile(integration),
        )?;
        Ok(Self {
            verb: method.http_method.clone(),
            operation_name: method.operation_name.clone(),
            api_key_required: method.api_key_required,
            authorization: match method.authorization_type.to_ascii_uppercase().as_str() {
                "NONE" => Authorization::None,
                "AWS_IAM" => Authorization::Iam,
                _ => Authorization::Unusable("the authorizer was not looked up".to_owned()),
            },
            scopes: method.authorization_scopes.clone().unwrap_or_default(),
            validation: None,
            integration,
            is_two_way: true,
            cache,
        })
    }
}
