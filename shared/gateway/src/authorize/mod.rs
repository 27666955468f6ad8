//! Authorizers: who is asked who is calling and what they may.

mod answer;
mod ask;
mod challenge;
mod kept;
mod keys;
mod token;

pub(crate) use answer::{Grants, Verdict};
pub use challenge::Challenge;
pub(crate) use kept::Verdicts;
pub(crate) use keys::KeySources;
pub use keys::NoKeys;
pub use token::TokenSettings;
pub(crate) use token::Tokens;

use crate::Gateway;
use crate::admit::{Caller, CallerPolicies};
use crate::rejection::{AdmitRejection, AuthorizeRejection};
use crate::route::Routed;
use crate::trail::Trail;
use postern_plan::{AuthorizerPlan, Decides, FunctionPlan, Manner, TokenPlan};
use postern_policy::Authorization;
use std::sync::Arc;

impl Gateway {
    /// What a method's authorizer makes of the request. What it said is on the trail, whatever becomes of the request.
    pub(crate) async fn authorize(
        &self,
        plan: &AuthorizerPlan,
        routed: &mut Routed,
        trail: &mut Trail,
    ) -> Result<Caller, AdmitRejection> {
        let function = match &plan.decides {
            Decides::Function(function) => function,
            Decides::Token(tokens) => {
                return self.authorize_bearer(plan, tokens, routed, trail).await;
            }
        };
        // No function is called for somebody whom the API's policy refuses whoever they are.
        self.check_stranger(routed, trail)?;
        let asked = self.verdict(plan, function, routed, trail).await;
        let said = trail.caller.authorizer.get_or_insert_default();
        match asked {
            Ok(verdict) => {
                said.status = Some(200);
                said.principal = verdict.principal.clone();
                said.context = verdict.context.clone();
                Ok(Caller {
                    authorization: Authorization::LambdaAuthorizer,
                    identity: None,
                    policies: match &verdict.grants {
                        Grants::Policy { policy, .. } => {
                            CallerPolicies::Own([policy.clone()].into())
                        }
                        Grants::All(true) => CallerPolicies::Everything,
                        Grants::All(false) => CallerPolicies::None,
                    },
                    usage_identifier_key: verdict.usage_identifier_key.clone(),
                })
            }
            Err(rejection) => {
                said.status = Some(rejection.status());
                said.error = Some(rejection.to_string());
                Err(rejection.into())
            }
        }
    }

    /// A token says who is calling, and not what they may: that is for the API's policy alone.
    async fn authorize_bearer(
        &self,
        plan: &AuthorizerPlan,
        tokens: &TokenPlan,
        routed: &mut Routed,
        trail: &mut Trail,
    ) -> Result<Caller, AdmitRejection> {
        let found = self.bearer(plan, tokens, routed).await;
        // Of somebody who brings nothing there is nothing to tell.
        if !matches!(found, Err(AuthorizeRejection::Unidentified)) {
            trail.begin_log(routed);
            trail.log_bearer(&plan.id, found.as_ref().err());
        }
        let said = trail.caller.authorizer.get_or_insert_default();
        match found {
            Ok(bearer) => {
                said.status = Some(200);
                said.claims = Some(bearer.claims.clone());
                Ok(Caller {
                    authorization: Authorization::Token,
                    ..Caller::anonymous()
                })
            }
            Err(rejection) => {
                let rejection = match tokens.manner {
                    Manner::Rest => rejection,
                    Manner::Route => {
                        if let AuthorizeRejection::NoKeys(reason) = &rejection {
                            // The client is not told, and so nobody else would tell the operator.
                            self.journal.fault(&format!(
                                "{} an issuer's keys cannot be fetched: {reason}",
                                trail.request_id
                            ));
                        }
                        Challenge::of(rejection, &routed.plan.scopes)
                    }
                };
                said.status = Some(rejection.status());
                said.error = Some(rejection.to_string());
                Err(rejection.into())
            }
        }
    }

    /// The function's verdict, new or kept.
    async fn verdict(
        &self,
        plan: &AuthorizerPlan,
        function: &FunctionPlan,
        routed: &mut Routed,
        trail: &mut Trail,
    ) -> Result<Arc<Verdict>, AuthorizeRejection> {
        let identity = self.identity_values(function, routed, trail)?;
        // What says nothing of who is calling cannot stand for it.
        if plan.kept_for.is_zero() || identity.is_empty() {
            let question = self.question(function, &identity, routed, trail)?;
            let payload = self.put(question, trail).await?;
            return Verdict::read(&payload, function.format).map(Arc::new);
        }
        let key = kept::Key::of(routed, plan, &identity);
        if let Some(verdict) = self.verdicts.held(&key) {
            return Ok(verdict);
        }
        let question = self.question(function, &identity, routed, trail)?;
        let asked = self.put(question, trail);
        self.verdicts
            .get(key, function.format, plan.kept_for, asked)
            .await
    }
}
