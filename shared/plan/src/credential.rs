//! Where the management APIs and whoever verifies signatures meet: credentials that Postern gives out, and what their owners
//! may do.
//!
//! ```text
//! credential#{access key id}  key   a [`Credential`]: a secret, and whose it is
//! principal#{arn}             key   a [`Principal`]: the policies of whoever has this ARN
//! ```
//!
//! Who signs is found by one read, by the access key id. What they may do is a second, and of the principal: so a policy that
//! is attached or taken away counts at once for all the credentials that somebody has.

use postern_definition::Map;
use postern_store::Key;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What belongs to an access key id.
///
/// The secret is there as it is: a signature can be verified by nothing less.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Credential {
    pub access_key_id: String,
    pub secret_access_key: String,
    /// Temporary credentials have one, and it must come with every request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_token: Option<String>,
    /// The [`Principal`] whose policies count.
    pub principal: String,
    /// Whom IAM would take the caller for. The principal itself, or a session of it.
    pub arn: String,
    pub account_id: String,
    pub user_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization_id: Option<String>,
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub tags: Map<String>,
    pub enabled: bool,
    /// Seconds since 1970, as all times here.
    pub created_at: u64,
    /// When the secret was last made anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rotated_at: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<u64>,
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential")
            .field("access_key_id", &self.access_key_id)
            .field("arn", &self.arn)
            .finish_non_exhaustive()
    }
}

/// Somebody who may have credentials: a user or a role, or all of an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Principal {
    pub arn: String,
    pub account_id: String,
    pub user_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization_id: Option<String>,
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub tags: Map<String>,
    /// By name, each a policy document.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub policies: Map<String>,
    pub created_at: u64,
}

pub fn credential_key(access_key_id: &str) -> Key {
    Key::new(format!("credential#{access_key_id}"), "key")
}

pub fn principal_key(arn: &str) -> Key {
    Key::new(format!("principal#{arn}"), "key")
}

/// The ARNs under which a caller's principal may be kept: the caller's own, that of the role whose session it is, and that of
/// the caller's account.
pub fn principal_arns(arn: &str) -> Vec<String> {
    let mut arns = vec![arn.to_owned()];
    let mut parts = arn.splitn(6, ':');
    let (partition, account, what) = (parts.nth(1), parts.nth(2), parts.next());
    let (Some(partition), Some(account), Some(what)) = (partition, account, what) else {
        return arns;
    };
    if let Some(session) = what.strip_prefix("assumed-role/")
        && let Some((role, _)) = session.rsplit_once('/')
    {
        arns.push(format!("arn:{partition}:iam::{account}:role/{role}"));
    }
    if what != "root" {
        arns.push(format!("arn:{partition}:iam::{account}:root"));
    }
    arns
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_may_be_known_as_itself_its_role_or_its_account() {
        for (arn, expected) in [
            (
                "arn:aws:iam::111122223333:user/a/ann",
                &[
                    "arn:aws:iam::111122223333:user/a/ann",
                    "arn:aws:iam::111122223333:root",
                ][..],
            ),
            (
                "arn:aws:sts::111122223333:assumed-role/R/s",
                &[
                    "arn:aws:sts::111122223333:assumed-role/R/s",
                    "arn:aws:iam::111122223333:role/R",
                    "arn:aws:iam::111122223333:root",
                ],
            ),
            (
                "arn:aws:iam::111122223333:root",
                &["arn:aws:iam::111122223333:root"],
            ),
            ("nonsense", &["nonsense"]),
        ] {
            assert_eq!(principal_arns(arn), expected);
        }
    }

    #[test]
    fn a_credential_is_printed_without_its_secrets() {
        let text = r#"{"accessKeyId":"AKIA","secretAccessKey":"hush","sessionToken":"quiet","principal":"p","arn":"a",
            "accountId":"1","userId":"u","enabled":true,"createdAt":0}"#;
        let credential: Credential = serde_json::from_str(text).unwrap();
        let printed = format!("{credential:?}");
        assert!(printed.contains("AKIA"));
        assert!(!printed.contains("hush") && !printed.contains("quiet"));
    }
}
