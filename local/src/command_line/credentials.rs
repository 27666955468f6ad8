//! What may be said of credentials, and of those who have them.

use super::{TablePrefix, There, account};
use clap::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct Credentials {
    #[command(subcommand)]
    pub(crate) action: CredentialsAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CredentialsAction {
    /// Make an access key for a user or role, who need not be known before.
    Issue(CredentialsIssue),
    /// Tell which access keys there are.
    List(Where),
    /// Give an access key another secret.
    Rotate(AtKey),
    /// Take an access key back.
    Revoke(AtKey),
    /// Switch an access key on.
    Enable(AtKey),
    /// Switch an access key off.
    Disable(AtKey),
    /// Say what users and roles may do.
    Policy(CredentialsPolicy),
    /// Print temporary credentials as `credential_process` of an AWS profile wants them.
    Process(Process),
}

#[derive(Debug, Args)]
pub(crate) struct CredentialsIssue {
    /// The name of a user of this account, or the ARN of a user or role of any.
    pub(crate) principal: String,

    /// Let it do everything.
    #[arg(long)]
    pub(crate) admin: bool,

    /// A tag of it, for conditions. May be given more than once.
    #[arg(long, value_name = "NAME=VALUE", value_parser = tag)]
    pub(crate) tag: Vec<(String, String)>,

    /// How long the credentials are good for [default: until they are revoked].
    #[arg(long)]
    pub(crate) seconds: Option<u32>,

    #[command(flatten)]
    pub(crate) place: Where,
}

#[derive(Debug, Args)]
pub(crate) struct AtKey {
    /// The access key's id.
    pub(crate) id: String,

    #[command(flatten)]
    pub(crate) place: Where,
}

#[derive(Debug, Args)]
pub(crate) struct CredentialsPolicy {
    #[command(subcommand)]
    pub(crate) action: PolicyAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PolicyAction {
    /// Attach a policy to a user or role, in the place of one of the same name.
    Attach(PolicyAttach),
    /// Take a policy away.
    Detach(PolicyDetach),
    /// Tell who is known, and their policies.
    List(Where),
}

#[derive(Debug, Args)]
pub(crate) struct PolicyAttach {
    /// The name of a user of this account, or an ARN: of a user or role, or of an account's root for all of it.
    pub(crate) principal: String,
    /// The policy's name.
    pub(crate) name: String,
    /// The policy's document, as IAM writes it.
    pub(crate) file: PathBuf,

    #[command(flatten)]
    pub(crate) place: Where,
}

#[derive(Debug, Args)]
pub(crate) struct PolicyDetach {
    /// As for attach.
    pub(crate) principal: String,
    /// The policy's name.
    pub(crate) name: String,

    #[command(flatten)]
    pub(crate) place: Where,
}

#[derive(Debug, Args)]
pub(crate) struct Process {
    /// For whom: the name of a user of this account, or an ARN.
    #[arg(required_unless_present = "exchange", conflicts_with = "exchange")]
    pub(crate) principal: Option<String>,

    /// For whoever the AWS credentials here are of, proven by STS.
    #[arg(long)]
    pub(crate) exchange: bool,

    /// For which Postern the proof is [default: postern/ACCOUNT/REGION].
    #[arg(long, requires = "exchange", conflicts_with = "principal")]
    pub(crate) audience: Option<String>,

    /// How long the credentials are good for.
    #[arg(long, default_value_t = 3_600)]
    pub(crate) seconds: u32,

    #[command(flatten)]
    pub(crate) place: Where,
}

/// The Postern that credentials are of.
#[derive(Debug, Args)]
pub(crate) struct Where {
    #[command(flatten)]
    pub(crate) there: There,

    /// Not through a Postern that runs, but straight in the store of this folder.
    #[arg(long, value_name = "DIR", conflicts_with = "dynamodb")]
    pub(crate) data: Option<PathBuf>,

    /// Not through a Postern that runs, but straight in the DynamoDB tables.
    #[arg(long)]
    pub(crate) dynamodb: bool,

    #[command(flatten)]
    pub(crate) tables: TablePrefix,

    /// The account that names are of.
    #[arg(long, value_name = "ID", env = "POSTERN_ACCOUNT", default_value = "123456789012", value_parser = account)]
    pub(crate) account: String,

    /// The region that Postern is in [default: AWS_REGION, AWS_DEFAULT_REGION or us-east-1].
    #[arg(long)]
    pub(crate) region: Option<String>,
}

fn tag(text: &str) -> Result<(String, String), String> {
    let pair = text.split_once('=').filter(|(name, _)| !name.is_empty());
    pair.map(|(name, value)| (name.to_owned(), value.to_owned()))
        .ok_or_else(|| "a tag is NAME=VALUE".to_owned())
}
