//! Who may have credentials, and what they may do: principals and their policies.

use super::OF_PRINCIPAL;
use crate::Management;
use crate::definitions::{Change, Record};
use crate::ids;
use crate::paging::{Page, Paging};
use crate::wire::{Failure, Part};
use postern_definition::Map;
use postern_plan::credential::{Principal, principal_key};
use postern_policy::{Kind, Policy};
use postern_store::{Key, decode};
use serde::{Deserialize, Serialize};

const ALL: &str = "principals";
const ARN_CHARS_MAX: usize = 512;
const NAME_CHARS_MAX: usize = 128;
/// Policies of one principal.
const POLICIES_MAX: usize = 10;

/// The policy of who may do everything, by its name.
pub(super) const ADMINISTRATOR: (&str, &str) = (
    "Administrator",
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#,
);

impl Record for Principal {
    fn key(&self) -> Key {
        principal_key(&self.arn)
    }

    fn tags_mut(&mut self) -> &mut Map<String> {
        &mut self.tags
    }

    fn copies(&self) -> Vec<Key> {
        vec![Key::new(ALL, &self.arn)]
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PrincipalView {
    arn: String,
    account_id: String,
    user_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    organization_id: Option<String>,
    tags: Map<String>,
    /// By name.
    policies: Map<String>,
    created_date: u64,
}

impl PrincipalView {
    fn of(principal: Principal) -> Self {
        Self {
            arn: principal.arn,
            account_id: principal.account_id,
            user_id: principal.user_id,
            organization_id: principal.organization_id,
            tags: principal.tags,
            policies: principal.policies,
            created_date: principal.created_at,
        }
    }
}

#[derive(Debug, Deserialize)]
pub(crate) struct AtPrincipal {
    principal: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Attach {
    /// Without one, the principal is made known, and no more.
    policy_name: Option<String>,
    policy_document: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Detach {
    /// Without one, the principal itself goes.
    #[serde(rename = "policyName")]
    policy_name: Option<String>,
}

impl Part for AtPrincipal {}
impl Part for Attach {}
impl Part for Detach {}

/// A principal's ARN and account, of its ARN or of the name of a user of this account.
pub(super) fn named(text: &str, account: &str) -> Result<(String, String), Failure> {
    let invalid = || {
        Failure::bad_request(format!(
            "Invalid principal `{text}`: write the name of a user, or the ARN of a user, a role or an account's root, as in arn:aws:iam::123456789012:user/ann"
        ))
    };
    let fits = |c: char| c.is_ascii_alphanumeric() || "+=,.@_-".contains(c);
    if !text.contains(':') {
        let is_name = !text.is_empty() && text.len() <= 64 && text.chars().all(fits);
        let arn = format!("arn:aws:iam::{account}:user/{text}");
        return is_name
            .then(|| (arn, account.to_owned()))
            .ok_or_else(invalid);
    }
    let parts: Vec<&str> = text.split(':').collect();
    let ["arn", partition, service, "", of, what] = parts[..] else {
        return Err(invalid());
    };
    let is_account = of.len() == 12 && of.bytes().all(|byte| byte.is_ascii_digit());
    let kind = what.split_once('/').map(|(kind, _)| kind);
    let is_kind = match service {
        "iam" => what == "root" || matches!(kind, Some("user" | "role")),
        "sts" => matches!(kind, Some("assumed-role" | "federated-user")),
        _ => false,
    };
    let is_written = what.chars().all(|c| fits(c) || c == '/') && !what.ends_with('/');
    if partition.starts_with("aws")
        && is_account
        && is_kind
        && is_written
        && text.len() <= ARN_CHARS_MAX
    {
        // STS names no path of a role, and names are unique in an account even so.
        let arn = match role_of(text) {
            Some(role) => format!("arn:{partition}:iam::{of}:role/{role}"),
            None => text.to_owned(),
        };
        Ok((arn, of.to_owned()))
    } else {
        Err(invalid())
    }
}

/// The name of the role that an ARN is of.
pub(super) fn role_of(arn: &str) -> Option<&str> {
    let (_, path) = arn.split_once(":role/")?;
    path.rsplit('/').next()
}

/// A principal of a valid ARN, who may do nothing yet.
pub(super) fn new(arn: &str, now: u64) -> Principal {
    let account_id = arn.split(':').nth(4).unwrap_or_default().to_owned();
    let user_id = if arn.ends_with(":root") {
        account_id.clone()
    } else {
        let kind = if role_of(arn).is_some() {
            "AROA"
        } else {
            "AIDA"
        };
        format!("{kind}{}", ids::upper(17))
    };
    Principal {
        arn: arn.to_owned(),
        account_id,
        user_id,
        organization_id: None,
        tags: Map::new(),
        policies: Map::new(),
        created_at: now,
    }
}

pub(crate) async fn list_principals(
    service: &Management,
    paging: &Paging,
) -> Result<Page<PrincipalView>, Failure> {
    paging
        .page(service.definitions(), ALL, "")
        .await?
        .try_map(|item| Ok(PrincipalView::of(decode(&item)?)))
}

pub(crate) async fn get_principal(
    service: &Management,
    at: &AtPrincipal,
) -> Result<PrincipalView, Failure> {
    let (arn, _) = named(&at.principal, service.account())?;
    let found = service.definitions().get(&principal_key(&arn)).await?;
    found.map(PrincipalView::of).ok_or_else(|| missing(&arn))
}

fn missing(arn: &str) -> Failure {
    Failure::not_found(format!("The principal {arn} is not known here"))
}

pub(crate) async fn attach(
    change: &mut Change<'_>,
    (at, input): &(AtPrincipal, Attach),
) -> Result<PrincipalView, Failure> {
    let (arn, _) = named(&at.principal, change.service().account())?;
    let before: Option<Principal> = change.read(&principal_key(&arn)).await?;
    let now = change.service().clock().as_secs();
    let mut after = before.clone().unwrap_or_else(|| new(&arn, now));
    match (&input.policy_name, &input.policy_document) {
        (None, None) => {}
        (Some(name), Some(document)) => {
            check_policy(name, document)?;
            after.policies.insert(name.clone(), document.clone());
        }
        _ => {
            return Err(Failure::bad_request(
                "Invalid policy: give both policyName and policyDocument.",
            ));
        }
    }
    if after.policies.len() > POLICIES_MAX {
        return Err(Failure::limit_exceeded(format!(
            "A principal has at most {POLICIES_MAX} policies. Join some of them."
        )));
    }
    match &before {
        Some(before) => change.replace(before, &after),
        None => change.create(&after),
    }
    Ok(PrincipalView::of(after))
}

fn check_policy(name: &str, document: &str) -> Result<(), Failure> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "+=,.@_-".contains(c);
    if name.is_empty() || name.len() > NAME_CHARS_MAX || !name.chars().all(fits) {
        return Err(Failure::bad_request(format!(
            "Invalid policyName: up to {NAME_CHARS_MAX} letters, digits and +=,.@_- are allowed."
        )));
    }
    Policy::compile(document, Kind::Identity)
        .map(drop)
        .map_err(|error| Failure::bad_request(format!("Invalid policy document: {error}")))
}

pub(crate) async fn detach(
    change: &mut Change<'_>,
    (at, input): &(AtPrincipal, Detach),
) -> Result<(), Failure> {
    let (arn, _) = named(&at.principal, change.service().account())?;
    let before: Option<Principal> = change.read(&principal_key(&arn)).await?;
    let before = before.ok_or_else(|| missing(&arn))?;
    let Some(name) = &input.policy_name else {
        let partition = before.key().partition;
        let definitions = change.definitions();
        if !definitions.fewer_than(1, &partition, OF_PRINCIPAL).await? {
            return Err(Failure::conflict(format!(
                "The principal {arn} has credentials. Revoke them first."
            )));
        }
        change.remove(&before);
        return Ok(());
    };
    let mut after = before.clone();
    if after.policies.remove(name).is_none() {
        return Err(Failure::not_found(format!(
            "The principal {arn} has no policy {name}"
        )));
    }
    change.replace(&before, &after);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_principal_is_a_name_or_an_arn() {
        for (text, expected) in [
            ("ann", Some("arn:aws:iam::123456789012:user/ann")),
            (
                "arn:aws:iam::210987654321:user/a/ann",
                Some("arn:aws:iam::210987654321:user/a/ann"),
            ),
            (
                "arn:aws:iam::210987654321:role/a/b/R",
                Some("arn:aws:iam::210987654321:role/R"),
            ),
            (
                "arn:aws:iam::210987654321:root",
                Some("arn:aws:iam::210987654321:root"),
            ),
            (
                "arn:aws:sts::210987654321:assumed-role/R/s",
                Some("arn:aws:sts::210987654321:assumed-role/R/s"),
            ),
            ("", None),
            ("a b", None),
            ("a#b", None),
            ("arn:aws:iam::1:user/ann", None),
            ("arn:aws:iam::210987654321:group/g", None),
            ("arn:aws:iam::210987654321:user/", None),
            ("arn:aws:iam::210987654321:user/a#b", None),
            ("arn:aws:s3::210987654321:user/a", None),
            ("arn:aws:iam::210987654321:user/a:b", None),
        ] {
            let found = named(text, "123456789012").ok().map(|(arn, _)| arn);
            assert_eq!(found.as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn the_administrators_policy_can_be_used() {
        check_policy(ADMINISTRATOR.0, ADMINISTRATOR.1).unwrap();
    }
}
