//! What the policies of both sides, the caller's and the API's, say to a request.

use super::Caller;
use crate::rejection::AdmitRejection;
use crate::route::Routed;
use crate::trail::{StepTrail, Trail};
use crate::{Gateway, headers};
use http::HeaderMap;
use percent_encoding::percent_decode_str;
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
/// The service's bound for a method's ARN, path and all, where policies are asked about it.
pub(crate) const MANAGE_CONNECTIONS: &str = "execute-api:ManageConnections";

/// What somebody would do, and to what.
pub(crate) struct Subject {
    /// The first is what must be allowed; the others may be asked about later.
    pub(crate) actions: &'static [&'static str],
    pub(crate) arn: String,
    /// The same thing under another name, under which it must be allowed as well.
    pub(crate) routed: Option<Reading>,
}

/// A method's ARN with the path as the router took it, where a backend may read that path as another.
///
/// A path of `/shut/x%2F..%2F..%2Fopen` is that of `/open` for who resolves it, and leads to whatever answers below `/shut`: who
/// may not do both may not do it.
pub(crate) struct Reading {
    pub(crate) arn: String,
    /// Whether it climbs, which no client does by itself. Otherwise it only has slashes that are escaped.
    climbs: bool,
}

const ARN_BYTES_MAX: usize = 1_600;
/// What logs say of whoever may not.
const NOT_ALLOWED: &str = "The client is not authorized to perform this operation.";

impl Gateway {
    /// What is asked for: the method as the client names it, or the default route of an HTTP API, or any of a WebSocket API, as
    /// its owner does.
    pub(crate) fn method_arn(&self, routed: &Routed) -> String {
        let stage = self.stage_arn(routed);
        if is_named_by_its_owner(routed) {
            return format!("{stage}/{}", routed.resource_path);
        }
        let (verb, path) = (&routed.request.method, read_path(&routed.request.path));
        format!("{stage}/{verb}{path}")
    }

    /// The same as the router took it, where that is not the same.
    fn routed_arn(&self, routed: &Routed) -> Option<Reading> {
        if is_named_by_its_owner(routed) {
            return None;
        }
        let (path, climbs) = routed_path(&routed.request.path)?;
        let (stage, verb) = (self.stage_arn(routed), &routed.request.method);
        Some(Reading {
            arn: format!("{stage}/{verb}{path}"),
            climbs,
        })
    }

    fn stage_arn(&self, routed: &Routed) -> String {
        let (region, account) = (&self.settings.region, &self.settings.account);
        let (api, stage) = (&routed.live.api, &routed.live.name);
        format!("arn:aws:execute-api:{region}:{account}:{api}/{stage}")
    }

    /// What a request would do: to call a method.
    pub(super) fn subject(&self, routed: &Routed) -> Subject {
        Subject {
            actions: &[INVOKE, INVALIDATE_CACHE],
            arn: self.method_arn(routed),
            routed: self.routed_arn(routed),
        }
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
        let stranger = Caller::anonymous();
        let subject = self.subject(routed);
        let headers = &routed.request.headers;
        let facts = Facts::of(headers, &stranger, trail, self.clock.now());
        let decision = facts.worst(INVOKE, &subject, |question| policy.decide(question));
        if is_denied_at_once(Some(decision)) {
            trail.caller.authorize = Some(step(false, Duration::ZERO));
            return Err(denied(&stranger, INVOKE, subject.arn, true));
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
        let subject = self.subject(routed);
        let bytes = subject.arn.len();
        if bytes > ARN_BYTES_MAX {
            return Err(AdmitRejection::ArnTooLong { bytes });
        }
        let headers = &routed.request.headers;
        let now = self.clock.now();
        let facts = Facts::of(headers, caller, trail, now);
        let resource = match policy {
            Some(policy) => Some(facts.worst(INVOKE, &subject, |question| policy.decide(question))),
            None => is_shut.then_some(Decision::ImplicitDeny),
        };
        let own = facts.worst(INVOKE, &subject, |question| caller.decide(question));
        let outcome = combine(caller.authorization, own, resource);
        let is_allowed = outcome == Outcome::Allow;
        let took = self.clock.now().saturating_sub(now);
        let is_functions = caller.authorization == Authorization::LambdaAuthorizer;
        if !is_allowed && is_functions && own != Decision::Allow {
            // What the function answered was no.
            let said = trail.caller.authorizer.get_or_insert_default();
            said.status = Some(403);
            said.error = Some(NOT_ALLOWED.to_owned());
        } else if resource.is_some() || caller.identity.is_some() {
            trail.caller.authorize = Some(step(is_allowed, took));
        }
        match outcome {
            Outcome::Allow => Ok(()),
            Outcome::ExplicitDeny(_) => Err(denied(caller, INVOKE, subject.arn, true)),
            Outcome::ImplicitDeny(_) => Err(denied(caller, INVOKE, subject.arn, false)),
        }
    }

    /// Whether the caller's own policies allow something that no resource policy is about.
    pub(crate) fn check_may(
        &self,
        caller: &Caller,
        subject: &Subject,
        headers: &HeaderMap,
        trail: &mut Trail,
    ) -> Result<(), AdmitRejection> {
        let action = subject.actions.first().copied().unwrap_or(INVOKE);
        let now = self.clock.now();
        let facts = Facts::of(headers, caller, trail, now);
        let decision = caller.decide(&facts.about(action, &subject.arn));
        let outcome = combine(caller.authorization, decision, None);
        let took = self.clock.now().saturating_sub(now);
        trail.caller.authorize = Some(step(outcome == Outcome::Allow, took));
        match outcome {
            Outcome::Allow => Ok(()),
            Outcome::ExplicitDeny(_) => Err(denied(caller, action, subject.arn.clone(), true)),
            Outcome::ImplicitDeny(_) => Err(denied(caller, action, subject.arn.clone(), false)),
        }
    }

    /// Whether the caller may ask for a new answer where one is kept. Their own policies must say so, and so nobody may who did
    /// not have to say who they are, nor anybody of another account.
    pub(crate) fn may_refresh(&self, routed: &Routed, caller: &Caller, trail: &Trail) -> bool {
        let subject = self.subject(routed);
        let headers = &routed.request.headers;
        let facts = Facts::of(headers, caller, trail, self.clock.now());
        let decide = |question: &Request<'_>| caller.decide(question);
        caller.authorization != Authorization::IamOtherAccount
            && facts.worst(INVALIDATE_CACHE, &subject, decide) == Decision::Allow
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

/// The path as policies see it: decoded, and as a backend would read it. Or `s%65cret`, `x/../secret` and `secret/` were ways
/// around a policy about `secret`.
///
/// What a policy would take for a wildcard or a variable stays escaped: functions return the ARN that they were asked about.
fn read_path(path: &str) -> Cow<'_, str> {
    let ends = path.len() == 1 || !path.ends_with('/');
    let is_plain = ends
        && !["%", "*", "?", "${", "//", "/."]
            .iter()
            .any(|odd| path.contains(odd));
    if is_plain {
        return path.into();
    }
    let decoded = percent_decode_str(path).decode_utf8_lossy();
    let mut parts: Vec<&str> = Vec::new();
    for part in decoded.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    escaped(&format!("/{}", parts.join("/"))).into()
}

fn escaped(text: &str) -> String {
    text.replace('*', "%2A")
        .replace('?', "%3F")
        .replace("${", "%24{")
}

/// The path as the router took it: segment by segment, each decoded. `None` where a backend would read it alike, and with whether
/// it climbs where not.
fn routed_path(path: &str) -> Option<(String, bool)> {
    let is_plain = !path.contains('%') && !path.contains("/.");
    if is_plain {
        return None;
    }
    let (mut read, mut is_other, mut climbs) = (String::with_capacity(path.len()), false, false);
    for segment in path.split('/').filter(|segment| !segment.is_empty()) {
        let decoded = percent_decode_str(segment).decode_utf8_lossy();
        for part in decoded.split('/') {
            is_other |= part == ".";
            climbs |= part == "..";
        }
        is_other |= decoded.contains('/');
        read.push('/');
        read.push_str(&escaped(&decoded.replace('/', "%2F")));
    }
    (is_other || climbs).then_some((read, climbs))
}

/// Whether policies know a method by what its owner calls it, and not by the path that a client asks for.
fn is_named_by_its_owner(routed: &Routed) -> bool {
    routed.resource_path == DEFAULT_KEY || routed.api().kind == ApiKind::WebSocket
}

fn step(is_allowed: bool, latency: Duration) -> StepTrail {
    StepTrail {
        status: if is_allowed { 200 } else { 403 },
        latency,
        error: (!is_allowed).then(|| NOT_ALLOWED.to_owned()),
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

    /// What is decided of all that a path may be taken for, together.
    fn worst(
        &self,
        action: &str,
        subject: &Subject,
        decide: impl Fn(&Request<'_>) -> Decision,
    ) -> Decision {
        let decision = decide(&self.about(action, &subject.arn));
        let Some(routed) = &subject.routed else {
            return decision;
        };
        match decide(&self.about(action, &routed.arn)) {
            // Many a function allows the very ARN that it was asked about, which is the first, and has seen the path for itself.
            Decision::ImplicitDeny if self.is_of_a_function() && !routed.climbs => decision,
            other => decision.worse(other),
        }
    }

    fn is_of_a_function(&self) -> bool {
        self.caller.authorization == Authorization::LambdaAuthorizer
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_see_the_path_that_a_backend_would_read() {
        for (path, expected) in [
            ("/", "/"),
            ("/pets/7", "/pets/7"),
            ("/pets/7/", "/pets/7"),
            ("/pets//7", "/pets/7"),
            ("/p%65ts/a%20b", "/pets/a b"),
            ("/caf%C3%A9", "/café"),
            ("/a%2Fb", "/a/b"),
            ("/a+b", "/a+b"),
            ("/%FF", "/\u{fffd}"),
            ("/x/../pets/./7", "/pets/7"),
            ("/x%2F..%2Fpets", "/pets"),
            ("/%2e%2e/../pets", "/pets"),
            ("/..", "/"),
            ("/.well-known", "/.well-known"),
            ("/pets/*", "/pets/%2A"),
            ("/pets/%2A%3F", "/pets/%2A%3F"),
            ("/$metadata", "/$metadata"),
            ("/${aws:UserAgent}", "/%24{aws:UserAgent}"),
            ("/%2541", "/%41"),
        ] {
            assert_eq!(read_path(path), expected, "{path}");
        }
    }

    #[test]
    fn policies_also_see_the_path_that_was_routed_where_a_backend_would_read_another() {
        for (path, expected) in [
            ("/", None),
            ("/pets/7/", None),
            ("/pets//7", None),
            ("/p%65ts/a%20b", None),
            ("/.well-known/%2e%2ex", None),
            ("/a%2Fb", Some(("/a%2Fb", false))),
            ("/%2Fa/", Some(("/%2Fa", false))),
            ("/a/%2e/b*", Some(("/a/./b%2A", false))),
            ("/shut/x/../../open", Some(("/shut/x/../../open", true))),
            ("/shut/..%2Fopen", Some(("/shut/..%2Fopen", true))),
            ("/%2E%2e/a", Some(("/../a", true))),
        ] {
            let expected = expected.map(|(read, climbs)| (read.to_owned(), climbs));
            assert_eq!(routed_path(path), expected, "{path}");
        }
    }
}
