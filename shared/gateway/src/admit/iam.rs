//! Callers who sign their requests.
//!
//! A signature is verified over the request as the client sent it, with the secret that Postern gave out for its access key
//! id. The body is read only for somebody who has such an id, for it is hashed whole.

use super::{Caller, CallerPolicies, Subject};
use crate::address::{self, Sent};
use crate::rejection::{AdmitRejection, IntegrateRejection};
use crate::trail::{StepTrail, Trail};
use crate::{Body, CollectError, Gateway, PAYLOAD_BYTES_MAX, headers};
use http::header::{AUTHORIZATION, HOST};
use http::{HeaderMap, HeaderValue};
use postern_identity::Identity;
use postern_identity::sigv4::{Payload, Presented, Refusal, Request, Rules, claimed_key};
use postern_policy::Authorization;
use std::sync::Arc;

/// What becomes of a request that somebody signed whose access key Postern did not give out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signatures {
    /// It passes, whoever signed it: for a laptop.
    Believed,
    /// It is refused.
    Verified,
}

const SERVICE: &str = "execute-api";

/// By these a request names another method, or another API, than its line and its host do.
const MUST_SIGN: &[&str] = &["x-http-method-override", "x-apigw-api-id"];

impl Gateway {
    pub(crate) async fn signed(
        &self,
        asked: &mut address::Request,
        subject: &Subject,
        trail: &mut Trail,
    ) -> Result<Caller, AdmitRejection> {
        let begun = self.clock.now();
        let proven = self.proven(asked, subject, trail).await;
        let rejection = proven.as_ref().err();
        trail.caller.authenticate = Some(StepTrail {
            status: rejection.map_or(200, AdmitRejection::status),
            latency: self.clock.now().saturating_sub(begun),
            error: rejection.map(ToString::to_string),
        });
        proven
    }

    async fn proven(
        &self,
        asked: &mut address::Request,
        subject: &Subject,
        trail: &mut Trail,
    ) -> Result<Caller, AdmitRejection> {
        if let Some(identity) = asked.sent.proven.clone() {
            let source_ip = trail.source_ip.clone();
            let policies = self.policies_of(&identity, subject, source_ip).await?;
            return Ok(self.caller(identity, policies, trail));
        }
        let sent = asked.sent.clone();
        let query = asked.query.clone();
        let headers = as_sent(&asked.headers, &sent);
        let request = Request {
            method: sent.method.as_str(),
            path: &sent.path,
            query: query.as_deref().unwrap_or_default(),
            headers: &headers,
            payload: Payload::Body(&[]),
        };
        if let Some(identity) = self.believed(&request).await? {
            return Ok(self.caller(identity, CallerPolicies::Everything, trail));
        }
        let rules = Rules {
            service: SERVICE,
            region: &self.settings.region,
            unsigned_payloads: false,
            must_sign: MUST_SIGN,
        };
        let presented = Presented::read(&request, &rules, self.clock.now())
            .map_err(|refusal| refused(refusal, &headers))?;
        // The service may resolve such segments; here they go to the backend as they came.
        if sent.path.split('/').any(|part| matches!(part, "." | "..")) {
            return Err(Refusal::PathNotNormal.into());
        }
        let signer = self.signers.find(presented.access_key_id()).await?;
        let signer = signer.ok_or(Refusal::UnknownKey)?;
        let body = std::mem::replace(&mut asked.body, Body::empty());
        let body = body.collect(PAYLOAD_BYTES_MAX).await;
        let body = body.map_err(|error| match error {
            CollectError::TooLong(max) => IntegrateRejection::BodyTooLarge(max),
            CollectError::Broken(error) => IntegrateRejection::BodyBroken(error.to_string()),
        })?;
        presented.of_body(&body).verify(Some(&signer.credential))?;
        asked.body = Body::Full(body);
        let policies = self.signers.policies(&signer.principal).await?;
        let policies = policies.map_or(CallerPolicies::None, CallerPolicies::Own);
        Ok(self.caller(signer.identity.clone(), policies, trail))
    }

    /// For whom a caller is taken who signed, where any credentials do and these are not Postern's.
    async fn believed(
        &self,
        request: &Request<'_>,
    ) -> Result<Option<Arc<Identity>>, AdmitRejection> {
        let Some(key) = claimed_key(request) else {
            return Ok(None);
        };
        if self.settings.signatures == super::Signatures::Verified
            || self.signers.find(&key).await?.is_some()
        {
            return Ok(None);
        }
        let account = &self.settings.account;
        Ok(Some(Arc::new(Identity {
            arn: format!("arn:aws:iam::{account}:root"),
            account_id: account.clone(),
            user_id: account.clone(),
            access_key_id: Some(key),
            ..Identity::default()
        })))
    }

    /// Somebody of whom it is known who they are.
    fn caller(
        &self,
        identity: Arc<Identity>,
        policies: CallerPolicies,
        trail: &mut Trail,
    ) -> Caller {
        trail.caller.identity = Some(identity.clone());
        let authorization = if identity.account_id == self.settings.account {
            Authorization::IamSameAccount
        } else {
            Authorization::IamOtherAccount
        };
        Caller {
            authorization,
            identity: Some(identity),
            policies,
            ..Caller::anonymous()
        }
    }
}

/// The headers that were signed. The host counts by which the API was found: a line that names another than the header does
/// must not lead to an API for which nothing was signed.
fn as_sent(headers: &Arc<HeaderMap>, sent: &Sent) -> Arc<HeaderMap> {
    let mut hosts = headers.get_all(HOST).iter();
    let is_as_found = hosts
        .next()
        .is_some_and(|host| host.as_bytes().eq_ignore_ascii_case(sent.host.as_bytes()));
    // Of two hosts none was signed.
    if is_as_found || hosts.next().is_some() {
        return headers.clone();
    }
    let mut headers = headers.clone();
    if let Ok(host) = HeaderValue::from_str(&sent.host) {
        Arc::make_mut(&mut headers).insert(HOST, host);
    }
    headers
}

/// A header that is no signature is told so in the words in which the service was recorded; it then hid the header's text.
fn refused(refusal: Refusal, given: &HeaderMap) -> AdmitRejection {
    match (&refusal, headers::last(given, AUTHORIZATION.as_str())) {
        (Refusal::NotASignature { .. }, Some(header)) => {
            let (_, rest) = header.split_once(' ').unwrap_or(("", &header));
            let parts = rest.split(',').map(str::trim);
            let token = parts.into_iter().find(|part| !part.contains('='));
            AdmitRejection::NotASignature {
                token: token.unwrap_or_default().to_owned(),
                header: header.into_owned(),
            }
        }
        _ => refusal.into(),
    }
}
