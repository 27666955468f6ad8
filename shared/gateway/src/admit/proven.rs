//! Callers whom AWS has proven before the gateway was called: who signed a request to a function's URL that asks for IAM.
//!
//! Lambda says who they are, and that they may use the URL. What they may do here is told by the policies that Postern keeps
//! for them, where there are any; otherwise IAM is asked, which knows the callers of its own account. What it says is kept for
//! a while, and when it does not answer nobody passes.

use super::CallerPolicies;
use super::Subject;
use crate::bounded::bounded;
use crate::flights::{Flights, Turn};
use crate::rejection::AdmitRejection;
use crate::{Call, Caller, Destination, Gateway};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Method};
use percent_encoding::utf8_percent_encode;
use postern_identity::Identity;
use postern_identity::sigv4::canonical::UNRESERVED;
use postern_plan::credential::principal_arns;
use postern_policy::Decision;
use quick_cache::sync::Cache;
use std::sync::Arc;
use std::time::Duration;

/// How long IAM gets.
const WITHIN: Duration = Duration::from_secs(5);
/// How long a request waits for what IAM says to another: as long as that one may have to, which asks up to two things.
const WAIT_MAX: Duration = Duration::from_secs(10);
/// More than any answer of IAM about one action.
const ANSWER_BYTES_MAX: usize = 1 << 20;
/// Decisions kept at most, one for each caller, method and path. Those that were not asked for longest go first.
const KEPT_MAX: usize = 10_000;

/// What IAM said.
pub(crate) struct Decisions {
    kept: Cache<Question, Kept>,
    /// What IAM is being asked, and what it says, or that it does not.
    flights: Flights<Question, Result<Told, String>>,
    /// The ARNs of roles, by those of their sessions, which do not have the role's path.
    roles: Cache<String, String>,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Question {
    principal: String,
    resource: String,
    actions: &'static [&'static str],
    source_ip: String,
}

/// What a caller may do with one method, or one connection.
#[derive(Clone)]
pub(crate) struct Told(Arc<[(&'static str, Decision)]>);

impl Told {
    /// About other actions nothing was asked, and so nothing is allowed.
    pub(super) fn of(&self, action: &str) -> Decision {
        let mut about = self.0.iter();
        let found = about.find(|(about, _)| *about == action);
        found.map_or(Decision::ImplicitDeny, |(_, decision)| *decision)
    }

    /// What is allowed by both.
    fn worse(&self, other: &Self) -> Self {
        let worse = (self.0.iter())
            .map(|(action, decision)| (*action, decision.worse(other.of(action))))
            .collect();
        Self(worse)
    }

    /// Whether what was asked about most is allowed.
    fn is_welcome(&self) -> bool {
        matches!(self.0.first(), Some((_, Decision::Allow)))
    }

    fn all(actions: &'static [&'static str], decision: Decision) -> Self {
        Self(actions.iter().map(|action| (*action, decision)).collect())
    }

    fn read(answer: &str, asked: &'static [&'static str]) -> Option<Self> {
        let actions = elements(answer, "EvalActionName");
        let decisions = elements(answer, "EvalDecision").map(|text| match text {
            "allowed" => Some(Decision::Allow),
            "explicitDeny" => Some(Decision::ExplicitDeny),
            "implicitDeny" => Some(Decision::ImplicitDeny),
            _ => None,
        });
        let about: Vec<_> = actions.zip(decisions).collect();
        let of = |wanted: &str| about.iter().find(|(action, _)| *action == wanted)?.1;
        let told = asked.iter().map(|action| Some((*action, of(action)?)));
        told.collect::<Option<_>>().map(Self)
    }
}

#[derive(Clone)]
struct Kept {
    told: Told,
    until: Duration,
}

impl Default for Decisions {
    fn default() -> Self {
        Self {
            kept: bounded(KEPT_MAX),
            flights: Flights::default(),
            roles: bounded(KEPT_MAX),
        }
    }
}

impl Gateway {
    /// What a caller may do whom AWS has proven.
    pub(super) async fn policies_of(
        &self,
        identity: &Identity,
        subject: &Subject,
        source_ip: String,
    ) -> Result<CallerPolicies, AdmitRejection> {
        for arn in principal_arns(&identity.arn) {
            let found = self.signers.policies(&arn).await?;
            if let Some(policies) = found.filter(|policies| !policies.is_empty()) {
                return Ok(CallerPolicies::Own(policies));
            }
        }
        // IAM simulates nobody of another account: without policies here, such a caller has none.
        if identity.account_id != self.settings.account {
            return Ok(CallerPolicies::None);
        }
        let question = |arn: &str| Question {
            principal: identity.arn.clone(),
            resource: arn.to_owned(),
            actions: subject.actions,
            source_ip: source_ip.clone(),
        };
        let mut told = self.asked(question(&subject.arn)).await?;
        if let Some(routed) = &subject.routed {
            told = told.worse(&self.asked(question(&routed.arn)).await?);
        }
        Ok(CallerPolicies::Told(told))
    }

    async fn asked(&self, question: Question) -> Result<Told, AdmitRejection> {
        let Decisions { kept, flights, .. } = &self.decisions;
        let known = || {
            let found = kept.get(&question)?;
            if self.clock.now() < found.until {
                return Some(found.told);
            }
            kept.remove(&question);
            None
        };
        if let Some(told) = known() {
            return Ok(told);
        }
        // Who asks for the same meanwhile waits, also for its silence: IAM answers a few calls a second.
        let lead = match flights.turn(&question) {
            Turn::Wait(wait) => match wait.outcome(WAIT_MAX).await {
                Some(outcome) => return outcome.map_err(AdmitRejection::Iam),
                None => None,
            },
            Turn::Lead(lead) => {
                // Somebody may have been told just before.
                if let Some(told) = known() {
                    return Ok(told);
                }
                Some(lead)
            }
        };
        let said = self.simulate(&question).await;
        if let Ok(told) = &said {
            let freshness = self.settings.freshness;
            let lasts = if told.is_welcome() {
                freshness.stale_after
            } else {
                freshness.revalidate_after
            };
            let until = self.clock.now() + lasts;
            let told = told.clone();
            kept.insert(question, Kept { told, until });
        }
        if let Some(lead) = lead {
            lead.tell(said.clone());
        }
        said.map_err(AdmitRejection::Iam)
    }

    async fn simulate(&self, question: &Question) -> Result<Told, String> {
        let Some(source) = self.policy_source(&question.principal).await? else {
            // Nothing denies anything to an account's root.
            return Ok(Told::all(question.actions, Decision::Allow));
        };
        let mut form = vec![
            ("Action", "SimulatePrincipalPolicy"),
            ("Version", "2010-05-08"),
            ("PolicySourceArn", &source),
        ];
        let members = ["ActionNames.member.1", "ActionNames.member.2"];
        form.extend(members.into_iter().zip(question.actions.iter().copied()));
        form.extend([
            ("ResourceArns.member.1", question.resource.as_str()),
            ("ContextEntries.member.1.ContextKeyName", "aws:SourceIp"),
            ("ContextEntries.member.1.ContextKeyType", "ip"),
            (
                "ContextEntries.member.1.ContextKeyValues.member.1",
                &question.source_ip,
            ),
        ]);
        let answer = self.iam(&form).await?;
        Told::read(&answer, question.actions)
            .ok_or_else(|| "it answers without a decision".to_owned())
    }

    /// The ARN under which IAM knows the policies of a caller. `None` of an account's root, which has none.
    async fn policy_source(&self, arn: &str) -> Result<Option<String>, String> {
        let what = arn.splitn(6, ':').nth(5).unwrap_or_default();
        if what == "root" {
            return Ok(None);
        }
        let Some(session) = what.strip_prefix("assumed-role/") else {
            return Ok(Some(arn.to_owned()));
        };
        let role = session.split('/').next().unwrap_or(session);
        if let Some(known) = self.decisions.roles.get(role) {
            return Ok(Some(known));
        }
        let answer = self
            .iam(&[
                ("Action", "GetRole"),
                ("Version", "2010-05-08"),
                ("RoleName", role),
            ])
            .await?;
        let arn = element(&answer, "Arn").ok_or("it answers without the role's ARN")?;
        self.decisions.roles.insert(role.to_owned(), arn.to_owned());
        Ok(Some(arn.to_owned()))
    }

    async fn iam(&self, form: &[(&str, &str)]) -> Result<String, String> {
        let pairs: Vec<_> = form
            .iter()
            .map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, UNRESERVED)))
            .collect();
        let mut headers = HeaderMap::new();
        let form = HeaderValue::from_static("application/x-www-form-urlencoded");
        headers.insert(CONTENT_TYPE, form);
        let call = Call {
            destination: Destination::Service {
                name: "iam".to_owned(),
                region: self.settings.region.clone(),
                path: "/".to_owned(),
                caller: Caller::Gateway,
            },
            method: Method::POST,
            headers,
            body: pairs.join("&").into(),
            timeout: WITHIN,
        };
        let answer = self.backend.call(call).await;
        let answer = answer.map_err(|error| error.to_string())?;
        let status = answer.status();
        let body = answer.into_body().collect(ANSWER_BYTES_MAX).await;
        let body = body.map_err(|error| error.to_string())?;
        let text = String::from_utf8_lossy(&body).into_owned();
        if !status.is_success() {
            let said = element(&text, "Message").unwrap_or("it says no more");
            return Err(format!("it answers {status}: {said}"));
        }
        Ok(text)
    }
}

/// The texts of all elements of a name that have no attributes.
fn elements<'x>(xml: &'x str, name: &str) -> impl Iterator<Item = &'x str> {
    let close = format!("</{name}>");
    let parts: Vec<&str> = xml.split(&format!("<{name}>")).skip(1).collect();
    parts
        .into_iter()
        .filter_map(move |part| Some(part.split_once(&close)?.0))
}

fn element<'x>(xml: &'x str, name: &str) -> Option<&'x str> {
    elements(xml, name).next()
}

#[cfg(test)]
mod tests {
    use super::super::policy::{INVALIDATE_CACHE, INVOKE};
    use super::*;

    const ASKED: &[&str] = &[INVOKE, INVALIDATE_CACHE];

    #[test]
    fn what_iam_says_is_read_by_action() {
        let member = |action: &str, decision: &str| {
            format!(
                "<member><MatchedStatements/><EvalDecision>{decision}</EvalDecision><EvalActionName>{action}</EvalActionName></member>"
            )
        };
        let both = member(INVALIDATE_CACHE, "implicitDeny") + &member(INVOKE, "allowed");
        let told = Told::read(&both, ASKED).unwrap();
        assert_eq!(told.of(INVOKE), Decision::Allow);
        assert_eq!(told.of(INVALIDATE_CACHE), Decision::ImplicitDeny);
        assert_eq!(
            told.of("execute-api:ManageConnections"),
            Decision::ImplicitDeny
        );
        let denied = member(INVOKE, "explicitDeny") + &member(INVALIDATE_CACHE, "allowed");
        assert_eq!(
            Told::read(&denied, ASKED).unwrap().of(INVOKE),
            Decision::ExplicitDeny
        );
        for nothing in [
            "",
            "<EvalDecision>allowed</EvalDecision>",
            &member(INVOKE, "allowed"),
            &member(INVOKE, "perhaps"),
        ] {
            assert!(Told::read(nothing, ASKED).is_none(), "{nothing}");
        }
    }
}
