//! Roles that integrations are called as: taken on when first needed, and kept until shortly before they expire.

use crate::Aws;
use crate::endpoint;
use crate::sign::Scope;
use aws_credential_types::Credentials;
use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, Request, Uri};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use postern_gateway::{Body, CallError};
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};
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
            .filter(|held| ends_after(held, now + RENEW_BEFORE_EXPIRY))
        {
            return Ok(credentials.clone());
        }
        match self.assume_anew(role, region).await {
            Ok(credentials) => Ok(held.insert(credentials).clone()),
            // What is still good serves until the role can be taken on again.
            Err(error) => match held.as_ref().filter(|held| ends_after(held, now)) {
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

fn ends_after(credentials: &Credentials, moment: Duration) -> bool {
    let end = credentials
        .expiry()
        .and_then(|expiry| expiry.duration_since(SystemTime::UNIX_EPOCH).ok());
    end.is_none_or(|end| end > moment)
}

fn credentials(answer: &str) -> Option<Credentials> {
    let expiry = element(answer, "Expiration")
        .and_then(|text| {
            let format = aws_smithy_types::date_time::Format::DateTime;
            aws_smithy_types::DateTime::from_str(text, format).ok()
        })
        .and_then(|at| SystemTime::try_from(at).ok());
    Some(Credentials::new(
        element(answer, "AccessKeyId")?,
        element(answer, "SecretAccessKey")?,
        element(answer, "SessionToken").map(str::to_owned),
        expiry,
        "role",
    ))
}

/// The text of the first element of this name. Keys, tokens and dates need no unescaping.
fn element<'x>(xml: &'x str, name: &str) -> Option<&'x str> {
    let (_, after) = xml.split_once(&format!("<{name}>"))?;
    let (text, _) = after.split_once(&format!("</{name}>"))?;
    Some(text.trim())
}
