//! Who may manage.
//!
//! Requests are signed as for API Gateway itself, with credentials that Postern gave out, so that unmodified clients can; and
//! what their owners may do is said as IAM says it, by an action for each verb on the ARN of what is managed. For what is
//! Postern's own, there are actions of its own.

use crate::Management;
use crate::credentials::is_exchange;
use crate::wire::{self, Failure};
use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use postern_identity::Identity;
use postern_identity::sigv4::{self, Payload, Presented, Refusal, Rules};
use postern_policy::{Context, Decision, Principal, Values, decide};

const SERVICE: &str = "apigateway";

impl Management {
    /// As [`Management::answer`], for whoever signs and may.
    pub async fn answer_signed(&self, request: Request<Bytes>, source_ip: &str) -> Response<Bytes> {
        match self.admit(&request, source_ip).await {
            Ok(()) => self.answer(request).await,
            Err(failure) => wire::failure(failure),
        }
    }

    async fn admit(&self, request: &Request<Bytes>, source_ip: &str) -> Result<(), Failure> {
        let uri = request.uri();
        // As operations are found: an encoded letter must not make another resource of it.
        let segments = wire::segments(uri.path());
        if is_exchange(request.method(), &segments) {
            return Ok(());
        }
        let sent = sigv4::Request {
            method: request.method().as_str(),
            path: uri.path(),
            query: uri.query().unwrap_or_default(),
            headers: request.headers(),
            payload: Payload::Body(request.body()),
        };
        let rules = Rules {
            service: SERVICE,
            region: self.region(),
            unsigned_payloads: false,
            must_sign: &[],
        };
        let presented = Presented::read(&sent, &rules, self.clock()).map_err(refused)?;
        let signers = self.world.gateway.signers();
        let signer = signers.find(presented.access_key_id()).await?;
        let credential = signer.as_ref().map(|signer| &signer.credential);
        presented.verify(credential).map_err(refused)?;
        let signer = signer.ok_or_else(|| refused(Refusal::UnknownKey))?;

        let policies = signers.policies(&signer.principal).await?;
        let identity = &signer.identity;
        let (action, resource) = self.asked(request.method().as_str(), &segments);
        let decision = decide(
            policies.iter().flat_map(|all| all.iter()).map(|one| &**one),
            &postern_policy::Request {
                principal: Principal::Aws {
                    arn: &identity.arn,
                    unique_id: Some(&identity.user_id),
                },
                action: &action,
                resource: &resource,
                context: &Facts {
                    identity,
                    headers: request.headers(),
                    source_ip,
                    now: self.now(),
                },
            },
        );
        let why = match decision {
            Decision::Allow => return Ok(()),
            Decision::ExplicitDeny => {
                "with an explicit deny in an identity-based policy".to_owned()
            }
            Decision::ImplicitDeny => {
                format!("because no identity-based policy allows the {action} action")
            }
        };
        Err(Failure::access_denied(format!(
            "User: {} is not authorized to perform: {action} on resource: {resource} {why}",
            identity.arn
        )))
    }

    /// The action that a request is, and on what.
    fn asked(&self, verb: &str, segments: &[String]) -> (String, String) {
        let region = self.region();
        match segments.split_first() {
            Some((first, rest)) if first == "_postern" => {
                let (account, what) = (self.account(), rest.join("/"));
                let resource = format!("arn:aws:postern:{region}:{account}:{what}");
                (format!("postern:{verb}"), resource)
            }
            _ => {
                let what = segments.join("/");
                let resource = format!("arn:aws:{SERVICE}:{region}::/{what}");
                (format!("{SERVICE}:{verb}"), resource)
            }
        }
    }
}

fn refused(refusal: Refusal) -> Failure {
    Failure::refused(refusal.error_type(), refusal.message())
}

/// What conditions may ask.
struct Facts<'f> {
    identity: &'f Identity,
    headers: &'f HeaderMap,
    source_ip: &'f str,
    now: i64,
}

impl Context for Facts<'_> {
    fn values(&self, key: &str) -> Option<Values<'_>> {
        let header = |name: &str| self.headers.get(name)?.to_str().ok().map(Into::into);
        let value = match key {
            "aws:currenttime" | "aws:epochtime" => Some(self.now.to_string().into()),
            "aws:sourceip" => Some(self.source_ip.into()),
            "aws:securetransport" => Some("true".into()),
            "aws:useragent" => header("user-agent"),
            "aws:referer" => header("referer"),
            "aws:principalarn" => Some(self.identity.arn.as_str().into()),
            "aws:principalaccount" => Some(self.identity.account_id.as_str().into()),
            "aws:userid" => Some(self.identity.user_id.as_str().into()),
            "aws:username" => {
                let (_, path) = self.identity.arn.split_once(":user/")?;
                path.rsplit('/').next().map(Into::into)
            }
            "aws:principalorgid" => self.identity.organization_id.as_deref().map(Into::into),
            _ => {
                let tag = key.strip_prefix("aws:principaltag/")?;
                let mut tags = self.identity.tags.iter();
                tags.find(|(name, _)| name.to_lowercase() == tag)
                    .map(|(_, value)| value.as_str().into())
            }
        };
        value.map(Values::One)
    }
}
