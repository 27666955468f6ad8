//! Whether a signature is the owner's.

use super::canonical::{self, Reading};
use super::signature::{is_signature, scope, sha256, signing_key, string_to_sign, timestamp};
use super::{Form, Payload, Presented, Refusal, Request, Rules};
use crate::Credential;
use std::borrow::Cow;
use std::time::Duration;

/// A caller who has the secret of an access key id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proven {
    pub access_key_id: String,
    pub form: Form,
    /// Since 1970.
    pub signed_at: Duration,
    /// Whether nobody can have replaced the body on the way.
    pub is_payload_signed: bool,
}

/// Both steps for those who have all credentials at hand: `lookup` is asked for what belongs to an access key id, and is given
/// the session token that came with it.
pub fn verify(
    request: &Request<'_>,
    rules: &Rules<'_>,
    now: Duration,
    lookup: impl FnOnce(&str, Option<&str>) -> Option<Credential>,
) -> Result<Proven, Refusal> {
    let presented = Presented::read(request, rules, now)?;
    let credential = lookup(presented.access_key_id(), presented.session_token());
    presented.verify(credential.as_ref())
}

impl Presented<'_> {
    /// `credential` is what belongs to the access key id; `None` if there is no such id.
    pub fn verify(&self, credential: Option<&Credential>) -> Result<Proven, Refusal> {
        let credential = credential.ok_or(Refusal::UnknownKey)?;
        let is_token_right = match (&credential.session_token, &self.session_token) {
            (None, None) => true,
            (Some(own), Some(given)) => own.is(given),
            (None, Some(_)) | (Some(_), None) => false,
        };
        if !is_token_right {
            return Err(Refusal::WrongToken);
        }
        let (payload_hash, is_payload_signed) = self.payload()?;
        let time = timestamp(self.signed_at);
        let day = &time[..8];
        let Rules {
            service, region, ..
        } = self.rules;
        let key = signing_key(credential.secret_access_key.expose(), day, region, service);
        let scope = scope(day, region, service);
        let to_sign = |reading| {
            let canonical = self.canonical(reading, &payload_hash)?;
            let to_sign = string_to_sign(&time, &scope, &canonical);
            Ok((canonical, to_sign))
        };
        let (canonical, expected) = to_sign(Reading::Decoded)?;
        let is_right = is_signature(&key, &expected, &self.signature)
            || is_signature(&key, &to_sign(Reading::AsSent)?.1, &self.signature);
        if !is_right {
            return Err(Refusal::WrongSignature {
                canonical,
                string_to_sign: expected,
            });
        }
        // Who does not have the secret is not told that the session has ended.
        if credential.expires_at.is_some_and(|end| end <= self.now) {
            return Err(Refusal::TokenExpired);
        }
        Ok(Proven {
            access_key_id: self.access_key_id.clone(),
            form: self.form,
            signed_at: self.signed_at,
            is_payload_signed,
        })
    }

    fn canonical(&self, reading: Reading, payload_hash: &str) -> Result<String, Refusal> {
        let Request {
            method,
            path,
            query,
            headers,
            ..
        } = self.request;
        let is_signed = |name: &str| self.form == Form::Header || name != "X-Amz-Signature";
        let signed: Vec<&str> = self.signed_headers.split(';').collect();
        canonical::request(
            &method.to_ascii_uppercase(),
            &canonical::path(path),
            &canonical::query(query, reading, is_signed),
            headers,
            &signed,
            payload_hash,
        )
        .map_err(Refusal::HeaderUnreadable)
    }

    /// What stands for the body in the signature, and whether that says anything about the body.
    fn payload(&self) -> Result<(Cow<'_, str>, bool), Refusal> {
        let actual = || match self.request.payload {
            Payload::Body(bytes) => Cow::Owned(sha256(bytes)),
            Payload::Hash(hash) => Cow::Borrowed(hash),
        };
        match self.declared_hash() {
            None => Ok((actual(), true)),
            Some("UNSIGNED-PAYLOAD") if self.rules.unsigned_payloads => {
                Ok(("UNSIGNED-PAYLOAD".into(), false))
            }
            Some("UNSIGNED-PAYLOAD") => Err(Refusal::PayloadNotSigned),
            Some(declared) if declared.starts_with("STREAMING-") => Err(Refusal::PayloadInChunks),
            Some(declared) if declared == actual() => Ok((declared.into(), true)),
            Some(_) => Err(Refusal::PayloadDiffers),
        }
    }
}
