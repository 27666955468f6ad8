//! Roles that integrations are called as: taken on when first needed, and kept until shortly before they expire.

use crate::Aws;
use crate::endpoint;
use crate::keys::Credentials;
use crate::sign::Scope;
use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, Request, Uri};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use postern_gateway::{Body, CallError};
use postern_identity::sigv4::signature::read_timestamp;
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::Mutex;

/// The name that the service gives its sessions.
const SESSION_NAME: &str = "BackplaneAssumeRoleSession";
/// A role is taken on anew this long before its keys end, so that no request is signed with keys that end on its way.
const RENEW_BEFORE_EXPIRY: Duration = Duration::from_mins(5);
/// How long STS gets.
const TIMEOUT: Duration = Duration::from_secs(10);
/// More than any answer of STS.
const ANSWER_BYTES_MAX: usize = 64 << 10;
/// Roles kept at most. Beyond it all are let go, and taken on again as they are needed.
const ROLES_MAX: usize = 1_000;

/// The keys of roles, by ARN. Each is behind a lock of its own, so that many requests at once take a role on once.
#[derive(Default)]
pub(crate) struct Roles(RwLock<HashMap<String, Arc<Mutex<Option<Credentials>>>>>);

impl Aws {
    /// The keys of a role, for a call in this region.
    pub(crate) async fn assume(&self, role: &str, region: &str) -> Result<Credentials, CallError> {
        let slot = self.roles.slot(role);
        let mut held = slot.lock().await;
        let now = self.clock.now();
        if let Some(credentials) = held
            .as_ref()
            .filter(|held| held.outlive(now + RENEW_BEFORE_EXPIRY))
        {
            return Ok(credentials.clone());
        }
        match self.assume_anew(role, region).await {
            Ok(credentials) => Ok(held.insert(credentials).clone()),
            // What is still good serves until the role can be taken on again.
            Err(error) => match held.as_ref().filter(|held| held.outlive(now)) {
                Some(credentials) => Ok(credentials.clone()),
                None => Err(error),
            },
        }
    }

    async fn assume_anew(&self, role: &str, region: &str) -> Result<Credentials, CallError> {
        let instead = self.settings.endpoint_of("sts");
        let at_aws = endpoint::at_aws("sts", region).map_err(CallError::Address)?;
        let url = format!("{}/", instead.unwrap_or(&at_aws));
        let uri: Uri = url
            .parse()
            .map_err(|error| CallError::Address(format!("`{url}`: {error}")))?;
        let form = format!(
            "Action=AssumeRole&Version=2011-06-15&RoleSessionName={SESSION_NAME}&RoleArn={}",
            utf8_percent_encode(role, NON_ALPHANUMERIC)
        );
        let own = self
            .credentials
            .get(instead.is_some())
            .await
            .map_err(CallError::Unsigned)?;
        let mut headers = HeaderMap::new();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/x-www-form-urlencoded"),
        );
        headers.insert(ACCEPT, HeaderValue::from_static("application/xml"));
        let scope = Scope {
            service: "sts",
            region,
            at: self.clock.now(),
        };
        self.signer
            .sign(
                &Method::POST,
                &uri,
                &mut headers,
                form.as_bytes(),
                &own,
                &scope,
            )
            .map_err(CallError::Unsigned)?;
        let mut request = Request::new(Body::Full(Bytes::from(form)));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = uri;
        *request.headers_mut() = headers;
        let refused = |reason: String| {
            CallError::Unsigned(format!("the role `{role}` cannot be taken on: {reason}"))
        };
        let answer = self
            .egress
            .send(request, TIMEOUT)
            .await
            .map_err(|error| refused(error.to_string()))?;
        let status = answer.status();
        let body = answer.into_body().collect(ANSWER_BYTES_MAX).await;
        let body = body.map_err(|error| refused(error.to_string()))?;
        let text = String::from_utf8_lossy(&body);
        if !status.is_success() {
            let said = element(&text, "Message").unwrap_or("it says no more");
            return Err(refused(format!("STS answers {status}: {said}")));
        }
        credentials(&text).ok_or_else(|| refused("STS answers without keys".to_owned()))
    }
}

impl Roles {
    fn slot(&self, role: &str) -> Arc<Mutex<Option<Credentials>>> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = known.get(role) {
            return slot.clone();
        }
        drop(known);
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= ROLES_MAX {
            known.clear();
        }
        known.entry(role.to_owned()).or_default().clone()
    }
}

fn credentials(answer: &str) -> Option<Credentials> {
    Some(Credentials::new(
        element(answer, "AccessKeyId")?,
        element(answer, "SecretAccessKey")?,
        element(answer, "SessionToken").map(str::to_owned),
        element(answer, "Expiration").and_then(moment),
    ))
}

/// The time of `2015-08-30T13:36:00Z`, to the second, since 1970.
fn moment(text: &str) -> Option<Duration> {
    let (seconds, _) = text.split_once(['.', 'Z'])?;
    let plain = format!("{}Z", seconds.replace(['-', ':'], ""));
    read_timestamp(&plain)
}

/// The text of the first element of this name. Keys, tokens and dates need no unescaping.
fn element<'x>(xml: &'x str, name: &str) -> Option<&'x str> {
    let (_, after) = xml.split_once(&format!("<{name}>"))?;
    let (text, _) = after.split_once(&format!("</{name}>"))?;
    Some(text.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_roles_keys_is_read() {
        for (text, expected) in [
            ("2015-08-30T12:36:00Z", Some(1_440_938_160)),
            ("2015-08-30T12:36:00.999Z", Some(1_440_938_160)),
            ("2015-08-30", None),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(moment(text).map(|at| at.as_secs()), expected, "{text}");
        }
    }
}
