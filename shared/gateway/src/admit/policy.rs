//! What the policies of both sides, the caller's and the API's, say to a request.

use super::Caller;
use crate::rejection::AdmitRejection;
use crate::route::Routed;
use crate::trail::{CheckTrail, Trail};
use crate::{Gateway, headers};
use http::HeaderMap;
use postern_definition::rest::EndpointType;
use postern_definition::routed::DEFAULT_KEY;
use postern_plan::ApiKind;
use postern_policy::{
    Authorization, Context, Decision, Outcome, Policy, Request, Values, combine, is_denied_at_once,
};
use std::borrow::Cow;
use std::time::Duration;

pub(super) const INVOKE: &str = "execute-api:Invoke";
pub(super) const INVALIDATE_CACHE: &str = "execute-api:InvalidateCache";
pub(crate) const MANAGE_CONNECTIONS: &str = "execute-api:ManageConnections";
/// What access logs say of somebody whom policies refuse.
const NOT_AUTHORIZED: &str = "The client is not authorized to perform this operation.";

/// What somebody would do, and to what.
pub(crate) struct Subject {
    /// The first is what must be allowed; the others may be asked about later.
    pub(crate) actions: &'static [&'static str],
    pub(crate) arn: String,
}

impl Subject {
    pub(super) fn method(arn: String) -> Self {
        Self {
            actions: &[INVOKE, INVALIDATE_CACHE],
            arn,
        }
    }
}

/// The service's bound for a method's ARN, path and all, where policies are asked about it.
const ARN_BYTES_MAX: usize = 1_600;

impl Gateway {
    /// What is asked for: the method as the client names it, or the default route of an HTTP API, or any of a WebSocket API, as
    /// its owner does.
    pub(crate) fn method_arn(&self, routed: &Routed) -> String {
        let (region, account) = (&self.settings.region, &self.settings.account);
        let (api, stage) = (&routed.live.api, &routed.live.name);
        let path = &routed.resource_path;
        if path == DEFAULT_KEY || routed.api().kind == ApiKind::WebSocket {
            return format!("arn:aws:execute-api:{region}:{account}:{api}/{stage}/{path}");
        }
        let (verb, path) = (&routed.request.method, &routed.request.path);
        format!("arn:aws:execute-api:{region}:{account}:{api}/{stage}/{verb}{path}")
    }

    /// Whether the API's policy refuses even somebody of whom nothing is known yet: then no authorizer is asked.
    pub(crate) fn check_stranger(
        &self,
        routed: &Routed,
        trail: &mut Trail,
    ) -> Result<(), AdmitRejection> {
        let Some(policy) = self.resource_policy(routed)? else {
            return Ok(());
        };
        let begun = self.clock.now();
        let stranger = Caller::anonymous();
        let arn = self.method_arn(routed);
        let headers = &routed.request.headers;
        let facts = Facts::of(headers, &stranger, trail, begun);
        let decision = policy.decide(&facts.about(INVOKE, &arn));
        if is_denied_at_once(Some(decision)) {
            trail.caller.authorize = Some(Box::new(self.checked(false, begun)));
            return Err(denied(&stranger, INVOKE, arn, true));
        }
        Ok(())
    }

    pub(super) fn check_policies(
        &self,
        routed: &Routed,
        caller: &Caller,
        trail: &mut Trail,
    ) -> Result<(), AdmitRejection> {
        let policy = self.resource_policy(routed)?;
        // A private API refuses everybody until its policy says who may come.
        let types = &routed.api().endpoint_types;
        let is_shut = policy.is_none() && types.contains(&EndpointType::Private);
        if policy.is_none() && !is_shut && caller.authorization == Authorization::None {
            return Ok(());
        }
        let arn = self.method_arn(routed);
        if arn.len() > ARN_BYTES_MAX {
            return Err(AdmitRejection::ArnTooLong { bytes: arn.len() });
        }
        let begun = self.clock.now();
        let headers = &routed.request.headers;
        let facts = Facts::of(headers, caller, trail, begun);
        let question = facts.about(INVOKE, &arn);
        let resource = match policy {
            Some(policy) => Some(policy.decide(&question)),
            None => is_shut.then_some(Decision::ImplicitDeny),
        };
        let own = caller.decide(&question);
        let outcome = combine(caller.authorization, own, resource);
        let is_allowed = matches!(outcome, Outcome::Allow);
        let is_bearer = caller.authorization == Authorization::LambdaAuthorizer;
        if is_bearer && !is_allowed && own != Decision::Allow {
            // Whom its policy does not let in was refused by the authorizer.
            if let Some(said) = &mut trail.caller.authorizer {
                said.status = Some(403);
            }
        } else if resource.is_some() || caller.identity.is_some() {
            trail.caller.authorize = Some(Box::new(self.checked(is_allowed, begun)));
        }
        match outcome {
            Outcome::Allow => Ok(()),
            Outcome::ExplicitDeny(_) => Err(denied(caller, INVOKE, arn, true)),
            Outcome::ImplicitDeny(_) => Err(denied(caller, INVOKE, arn, false)),
        }
    }

    /// What logs tell of policies that were asked.
    fn checked(&self, is_allowed: bool, begun: Duration) -> CheckTrail {
        CheckTrail {
            status: if is_allowed { 200 } else { 403 },
            latency: self.clock.now().saturating_sub(begun),
            error: (!is_allowed).then(|| NOT_AUTHORIZED.to_owned()),
        }
    }

    /// Whether the caller's own policies allow something that no resource policy is about.
    pub(crate) fn check_may(
        &self,
        caller: &Caller,
        subject: &Subject,
        headers: &HeaderMap,
        trail: &Trail,
    ) -> Result<(), AdmitRejection> {
        let action = subject.actions.first().copied().unwrap_or(INVOKE);
        let facts = Facts::of(headers, caller, trail, self.clock.now());
        let decision = caller.decide(&facts.about(action, &subject.arn));
        match combine(caller.authorization, decision, None) {
            Outcome::Allow => Ok(()),
            Outcome::ExplicitDeny(_) => Err(denied(caller, action, subject.arn.clone(), true)),
            Outcome::ImplicitDeny(_) => Err(denied(caller, action, subject.arn.clone(), false)),
        }
    }

    /// Whether the caller may ask for a new answer where one is kept. Their own policies must say so, and so nobody may who did
    /// not have to say who they are, nor anybody of another account.
    pub(crate) fn may_refresh(&self, routed: &Routed, caller: &Caller, trail: &Trail) -> bool {
        let arn = self.method_arn(routed);
        let headers = &routed.request.headers;
        let facts = Facts::of(headers, caller, trail, self.clock.now());
        caller.authorization != Authorization::IamOtherAccount
            && caller.decide(&facts.about(INVALIDATE_CACHE, &arn)) == Decision::Allow
    }

    fn resource_policy<'r>(
        &self,
        routed: &'r Routed,
    ) -> Result<Option<&'r Policy>, AdmitRejection> {
        let (region, account) = (&self.settings.region, &self.settings.account);
        routed
            .deployed
            .policy(region, account)
            .map_err(|reason| AdmitRejection::Policy(reason.to_owned()))
    }
}

fn denied(caller: &Caller, action: &'static str, arn: String, is_explicit: bool) -> AdmitRejection {
    if caller.authorization == Authorization::LambdaAuthorizer {
        return AdmitRejection::DeniedToBearer { is_explicit };
    }
    let identity = caller.identity.as_ref();
    AdmitRejection::Denied {
        caller: identity.map(|identity| identity.arn.clone()),
        action,
        arn,
        is_explicit,
    }
}

/// What conditions may ask of a request.
struct Facts<'f> {
    headers: &'f HeaderMap,
    caller: &'f Caller,
    trail: &'f Trail,
    now: Duration,
}

impl<'f> Facts<'f> {
    fn of(headers: &'f HeaderMap, caller: &'f Caller, trail: &'f Trail, now: Duration) -> Self {
        Self {
            headers,
            caller,
            trail,
            now,
        }
    }

    fn about<'q>(&'q self, action: &'q str, arn: &'q str) -> Request<'q> {
        Request {
            principal: self.caller.principal(),
            action,
            resource: arn,
            context: self,
        }
    }

    fn header(&self, name: &str) -> Option<Cow<'_, str>> {
        headers::last(self.headers, name)
    }

    fn of_identity(&self, key: &str) -> Option<Cow<'_, str>> {
        let identity = self.caller.identity.as_ref()?;
        let arn = &identity.arn;
        match key {
            "aws:principalarn" => Some(role_or_user(arn)),
            "aws:principalaccount" => Some(identity.account_id.as_str().into()),
            "aws:principaltype" => Some(principal_type(arn).into()),
            "aws:userid" => Some(identity.user_id.as_str().into()),
            "aws:username" => arn
                .split_once(":user/")
                .map(|(_, path)| path.rsplit('/').next().unwrap_or(path).into()),
            "aws:principalorgid" => identity.organization_id.as_deref().map(Cow::Borrowed),
            _ => {
                let tag = key.strip_prefix("aws:principaltag/")?;
                let mut tags = identity.tags.iter();
                tags.find(|(name, _)| name.to_lowercase() == tag)
                    .map(|(_, value)| value.as_str().into())
            }
        }
    }
}

impl Context for Facts<'_> {
    fn values(&self, key: &str) -> Option<Values<'_>> {
        let vpc = self.trail.caller.vpc.as_deref();
        let value = match key {
            "aws:currenttime" | "aws:epochtime" => Some(self.now.as_secs().to_string().into()),
            // Of traffic through an endpoint the address has a key of its own.
            "aws:sourceip" if vpc.is_none() => Some(self.trail.source_ip.as_str().into()),
            "aws:vpcsourceip" if vpc.is_some() => Some(self.trail.source_ip.as_str().into()),
            "aws:sourcevpc" => vpc.and_then(|vpc| vpc.id.as_deref()).map(Cow::Borrowed),
            "aws:sourcevpce" => vpc.map(|vpc| vpc.endpoint.as_str().into()),
            // As on the service, where nothing else gets in.
            "aws:securetransport" => Some("true".into()),
            "aws:useragent" => self.header("user-agent"),
            "aws:referer" => self.header("referer"),
            _ => self.of_identity(key),
        };
        value.map(Values::One)
    }
}

/// A session counts as its role.
fn role_or_user(arn: &str) -> Cow<'_, str> {
    let session = arn
        .strip_prefix("arn:aws:sts::")
        .and_then(|rest| rest.split_once(":assumed-role/"));
    match session {
        Some((account, rest)) => {
            let role = rest.split('/').next().unwrap_or(rest);
            format!("arn:aws:iam::{account}:role/{role}").into()
        }
        None => arn.into(),
    }
}

fn principal_type(arn: &str) -> &'static str {
    if arn.contains(":assumed-role/") {
        "AssumedRole"
    } else if arn.contains(":federated-user/") {
        "FederatedUser"
    } else if arn.ends_with(":root") {
        "Account"
    } else {
        "User"
    }
}
