//! Credentials that Postern gives out, for machines and for whoever cannot be proven otherwise.
//!
//! These operations are no part of API Gateway's management API, so they have a path of their own, `/_postern`, and actions of
//! their own: who may do everything to APIs may not for that let others in.
//!
//! ```text
//! credential#{id}, principal#{arn}   as postern-plan's `credential` says
//! credentials                {id}    a copy without the secret: all but temporary ones
//! principals                 {arn}   a copy
//! principal#{arn}    credential#{id} a copy without the secret, by whose it is
//! ```
//!
//! Temporary credentials are in no list: they may be very many, and go by themselves.

mod exchange;
mod principals;

pub use exchange::Proofs;
pub(crate) use exchange::{exchange, is_exchange};
pub(crate) use principals::{attach, detach, get_principal, list_principals};

use crate::Management;
use crate::definitions::{Change, Record};
use crate::ids;
use crate::paging::{Page, Paging};
use crate::wire::{Failure, Part};
use bytes::Bytes;
use postern_definition::Map;
use postern_plan::credential::{Credential, Principal, credential_key, principal_key};
use postern_store::{Condition, Key, Write, decode, encode};
use principals::{ADMINISTRATOR, named};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

const ALL: &str = "credentials";
/// What the sort keys of a principal's credentials begin with.
const OF_PRINCIPAL: &str = "credential#";
/// Seconds that temporary credentials may be good for: what STS gives at most.
const SECONDS_MAX: i64 = 129_600;
const SECONDS_MIN: i64 = 60;
/// How long an ended session is remembered as ended. After that its key is one that nobody has.
const REMEMBERED_SECONDS: u64 = 86_400;

impl Record for Credential {
    fn key(&self) -> Key {
        credential_key(&self.access_key_id)
    }

    fn tags_mut(&mut self) -> &mut Map<String> {
        &mut self.tags
    }

    fn extracts(&self) -> Vec<(Key, Bytes)> {
        let brief = encode(&CredentialView::of(self));
        let place = format!("{OF_PRINCIPAL}{}", self.access_key_id);
        let of_principal = Key::new(principal_key(&self.principal).partition, place);
        vec![
            (Key::new(ALL, &self.access_key_id), brief.clone()),
            (of_principal, brief),
        ]
    }
}

/// All but what must not be told twice.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CredentialView {
    access_key_id: String,
    /// The principal whose policies count.
    principal: String,
    arn: String,
    account_id: String,
    user_id: String,
    enabled: bool,
    created_date: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_rotated_date: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expiration: Option<String>,
}

impl CredentialView {
    fn of(credential: &Credential) -> Self {
        Self {
            access_key_id: credential.access_key_id.clone(),
            principal: credential.principal.clone(),
            arn: credential.arn.clone(),
            account_id: credential.account_id.clone(),
            user_id: credential.user_id.clone(),
            enabled: credential.enabled,
            created_date: credential.created_at,
            last_rotated_date: credential.rotated_at,
            expiration: credential.expires_at.map(iso),
        }
    }
}

/// New credentials: the one time that their secret is told.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Issued {
    #[serde(flatten)]
    view: CredentialView,
    secret_access_key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_token: Option<String>,
}

impl Issued {
    fn of(credential: &Credential) -> Self {
        Self {
            view: CredentialView::of(credential),
            secret_access_key: credential.secret_access_key.clone(),
            session_token: credential.session_token.clone(),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Issue {
    /// An ARN, or the name of a user of this account.
    principal: String,
    organization_id: Option<String>,
    tags: Option<Map<String>>,
    /// Of temporary credentials. Without it they are good until they are revoked.
    duration_seconds: Option<i64>,
    /// Whether the principal may do everything.
    admin: Option<bool>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct AtCredential {
    access_key_id: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Switch {
    enabled: bool,
}

impl Part for Issue {}
impl Part for AtCredential {}
impl Part for Switch {}

pub(crate) async fn issue(service: &Management, input: &Issue) -> Result<Issued, Failure> {
    let seconds = checked_seconds(input.duration_seconds)?;
    let (arn, _) = named(&input.principal, service.account())?;
    let mut changes = service.changes().await;
    loop {
        let mut change = changes.begin().await?;
        let principal = known_or_new(&mut change, &arn, input).await?;
        let credential = drawn(&principal, service.clock().as_secs(), seconds);
        if seconds.is_none() {
            change.create(&credential);
        }
        if change.commit().await? {
            if seconds.is_some() {
                service.keep_session(&credential).await?;
            }
            return Ok(Issued::of(&credential));
        }
    }
}

fn checked_seconds(seconds: Option<i64>) -> Result<Option<u64>, Failure> {
    match seconds {
        Some(seconds) if !(SECONDS_MIN..=SECONDS_MAX).contains(&seconds) => {
            Err(Failure::bad_request(format!(
                "Invalid durationSeconds: it must be from {SECONDS_MIN} to {SECONDS_MAX}."
            )))
        }
        seconds => Ok(seconds.map(i64::unsigned_abs)),
    }
}

/// The principal as it is, with what is said of it now.
async fn known_or_new(
    change: &mut Change<'_>,
    arn: &str,
    input: &Issue,
) -> Result<Principal, Failure> {
    let found: Option<Principal> = change.read(&principal_key(arn)).await?;
    let now = change.service().clock().as_secs();
    let before = found.clone();
    let mut principal = found.unwrap_or_else(|| principals::new(arn, now));
    if let Some(tags) = &input.tags {
        principal.tags.clone_from(tags);
    }
    if let Some(id) = &input.organization_id {
        principal.organization_id = Some(id.clone()).filter(|id| !id.is_empty());
    }
    if input.admin == Some(true) {
        let everything = ADMINISTRATOR.1.to_owned();
        principal
            .policies
            .insert(ADMINISTRATOR.0.to_owned(), everything);
    }
    match before {
        Some(before) => change.replace(&before, &principal),
        None => change.create(&principal),
    }
    Ok(principal)
}

/// New credentials of a principal. Of a role, those of a session.
fn drawn(principal: &Principal, now: u64, seconds: Option<u64>) -> Credential {
    const SESSION: &str = "postern";
    let (arn, user_id) = match principals::role_of(&principal.arn) {
        Some(role) => {
            let account = &principal.account_id;
            (
                format!("arn:aws:sts::{account}:assumed-role/{role}/{SESSION}"),
                format!("{}:{SESSION}", principal.user_id),
            )
        }
        None => (principal.arn.clone(), principal.user_id.clone()),
    };
    let kind = if seconds.is_some() { "ASIA" } else { "AKIA" };
    Credential {
        access_key_id: format!("{kind}{}", ids::upper(16)),
        secret_access_key: ids::secret(),
        session_token: seconds.map(|_| ids::secret() + &ids::secret()),
        principal: principal.arn.clone(),
        arn,
        account_id: principal.account_id.clone(),
        user_id,
        organization_id: principal.organization_id.clone(),
        tags: principal.tags.clone(),
        enabled: true,
        created_at: now,
        rotated_at: None,
        expires_at: seconds.map(|seconds| now + seconds),
    }
}

impl Management {
    /// Stores temporary credentials, which the store forgets some time after they have ended.
    async fn keep_session(&self, credential: &Credential) -> Result<(), Failure> {
        let ends = credential.expires_at.unwrap_or_default();
        let write = Write::Put {
            key: credential_key(&credential.access_key_id),
            body: encode(credential),
            expires_at: Some(ends + REMEMBERED_SECONDS),
            condition: Condition::Absent,
        };
        Ok(self.definitions().table().write(write).await?)
    }
}

pub(crate) async fn list(
    service: &Management,
    paging: &Paging,
) -> Result<Page<CredentialView>, Failure> {
    paging
        .page(service.definitions(), ALL, "")
        .await?
        .try_map(|item| Ok(decode(&item)?))
}

pub(crate) async fn get(
    service: &Management,
    at: &AtCredential,
) -> Result<CredentialView, Failure> {
    let key = credential_key(&at.access_key_id);
    let found: Option<Credential> = service.definitions().get(&key).await?;
    found
        .map(|found| CredentialView::of(&found))
        .ok_or_else(|| missing(&at.access_key_id))
}

async fn read(change: &mut Change<'_>, id: &str) -> Result<Credential, Failure> {
    let found = change.read(&credential_key(id)).await?;
    found.ok_or_else(|| missing(id))
}

fn missing(id: &str) -> Failure {
    Failure::not_found(format!("Nobody has the access key id {id}"))
}

pub(crate) async fn switch(
    change: &mut Change<'_>,
    (at, input): &(AtCredential, Switch),
) -> Result<CredentialView, Failure> {
    let before = read_lasting(change, &at.access_key_id).await?;
    let after = Credential {
        enabled: input.enabled,
        ..before.clone()
    };
    change.replace(&before, &after);
    Ok(CredentialView::of(&after))
}

/// Gives an access key id another secret. The one it had is good for nothing from then on.
pub(crate) async fn rotate(change: &mut Change<'_>, at: &AtCredential) -> Result<Issued, Failure> {
    let before = read_lasting(change, &at.access_key_id).await?;
    let after = Credential {
        secret_access_key: ids::secret(),
        rotated_at: Some(change.service().clock().as_secs()),
        ..before.clone()
    };
    change.replace(&before, &after);
    Ok(Issued::of(&after))
}

async fn read_lasting(change: &mut Change<'_>, id: &str) -> Result<Credential, Failure> {
    let found = read(change, id).await?;
    if found.expires_at.is_some() {
        return Err(Failure::bad_request(
            "Temporary credentials cannot be changed: revoke them, and issue others.",
        ));
    }
    Ok(found)
}

pub(crate) async fn revoke(change: &mut Change<'_>, at: &AtCredential) -> Result<(), Failure> {
    let found = read(change, &at.access_key_id).await?;
    change.remove(&found);
    Ok(())
}

/// `2026-01-15T12:30:00Z`.
fn iso(seconds: u64) -> String {
    let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
    let at = OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
        at.year(),
        at.month() as u8,
        at.day(),
        at.hour(),
        at.minute(),
        at.second()
    )
}
