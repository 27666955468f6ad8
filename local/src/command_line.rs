//! What may be typed, and the variables that are read: the only place of this program that looks at either.

mod sockets;

pub(crate) use sockets::{SocketLimits, Sockets};

use clap::{Args, Parser, Subcommand, ValueEnum};
use postern_gateway::{OnStoreFailure, Throttle, VpcLinks};
use postern_management::Limits;
use std::net::SocketAddr;
use std::path::PathBuf;

/// An API gateway that does what Amazon API Gateway does, on your own machine.
///
/// Without a command it starts, as `postern dev` does.
#[derive(Debug, Parser)]
#[command(version, about, propagate_version = true)]
pub(crate) struct CommandLine {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start Postern: management APIs and the APIs you make, on one port.
    Dev(Box<Dev>),
    /// Hold WebSockets for a Postern elsewhere.
    Sockets(Box<Sockets>),
    /// Make OpenAPI files into deployed APIs of a Postern that runs.
    Import(Import),
    /// Let browsers call an API from pages of other origins.
    Cors(Cors),
    /// Make or remove the DynamoDB tables that Postern keeps its data in.
    Tables(Tables),
    /// Issue, list and revoke credentials of Postern's own, and say what their owners may do.
    Credentials(Box<Credentials>),
}

impl Command {
    /// What no words at all mean.
    pub(crate) fn without_words() -> Self {
        CommandLine::parse_from(["postern", "dev"])
            .command
            .expect("the line names a command")
    }
}

#[derive(Debug, Args)]
pub(crate) struct Dev {
    /// Where to listen.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:4700")]
    pub(crate) listen: SocketAddr,

    /// Also listen here, with TLS.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(crate) tls: Option<SocketAddr>,

    /// The certificate to show there, with those that lead to it, as PEM [default: made by an authority in the data folder].
    #[arg(long, value_name = "FILE", requires_all = ["tls", "tls_key"])]
    pub(crate) tls_certificate: Option<PathBuf>,

    /// The certificate's private key, as PEM.
    #[arg(long, value_name = "FILE", requires = "tls_certificate")]
    pub(crate) tls_key: Option<PathBuf>,

    /// The folder that holds everything you make. It is created where it is missing.
    #[arg(long, value_name = "DIR", default_value = ".postern")]
    pub(crate) data: PathBuf,

    /// Keep everything in memory: it is gone when Postern stops.
    #[arg(long, conflicts_with = "data")]
    pub(crate) memory: bool,

    /// Where to keep everything.
    #[arg(long, value_enum, default_value_t = StoreKind::Embedded)]
    pub(crate) store: StoreKind,

    #[command(flatten)]
    pub(crate) tables: TablePrefix,

    /// How much there may be of what, where AWS's numbers do not do: resources_per_api=1000,api_keys=none.
    #[arg(long, value_name = "NAME=COUNT,...", env = "POSTERN_LIMITS", value_parser = limits, default_value = "",
          hide_default_value = true)]
    pub(crate) limits: Limits,

    /// Where VPC links lead, by a link's id or by the ARN of its load balancer: a1b2c3=localhost:8080.
    #[arg(long = "vpc-link", value_name = "LINK-OR-ARN=HOST:PORT,...", env = "POSTERN_VPC_LINKS", value_parser = vpc_links,
          default_value = "", hide_default_value = true)]
    pub(crate) vpc_links: VpcLinks,

    /// How much memory the answers that stages keep may take up.
    #[arg(
        long,
        value_name = "MIB",
        env = "POSTERN_CACHE_MEMORY",
        default_value_t = 32
    )]
    pub(crate) cache_memory: u32,

    /// Say in the header X-Gateway-Cache of each answer that may be kept whether it was.
    #[arg(long, env = "POSTERN_CACHE_HEADER")]
    pub(crate) cache_header: bool,

    /// OpenAPI files to import and deploy at the start.
    #[arg(long = "import", value_name = "FILE", num_args = 1..)]
    pub(crate) files: Vec<PathBuf>,

    #[command(flatten)]
    pub(crate) how: ImportOptions,

    /// The AWS account to play.
    #[arg(long, value_name = "ID", env = "POSTERN_ACCOUNT", default_value = "123456789012", value_parser = account)]
    pub(crate) account: String,

    /// The AWS region to play [default: AWS_REGION, AWS_DEFAULT_REGION or us-east-1].
    #[arg(long)]
    pub(crate) region: Option<String>,

    /// Let in only requests that are signed with credentials that `postern credentials` issued.
    #[arg(long, env = "POSTERN_REQUIRE_AUTH")]
    pub(crate) require_auth: bool,

    /// What all APIs may be asked together: a rate per second and a burst, or `none`.
    #[arg(
        long,
        value_name = "RATE/BURST",
        env = "POSTERN_ACCOUNT_THROTTLE",
        default_value = "10000/5000"
    )]
    pub(crate) account_throttle: Throttle,

    /// Whether a request is let in that cannot be counted, for the store does not answer: `admit` or `refuse`.
    #[arg(
        long,
        value_name = "CHOICE",
        env = "POSTERN_ON_STORE_FAILURE",
        default_value = "admit"
    )]
    pub(crate) on_store_failure: OnStoreFailure,

    /// Tell clients what is left to them, in `RateLimit`, `RateLimit-Policy` and `Retry-After`.
    #[arg(long, env = "POSTERN_RATE_LIMIT_HEADERS")]
    pub(crate) rate_limit_headers: bool,

    /// How much to tell.
    #[arg(long, value_enum, default_value_t = Log::Requests)]
    pub(crate) log: Log,

    #[command(flatten)]
    pub(crate) sockets: SocketLimits,
}

#[derive(Debug, Args)]
pub(crate) struct Import {
    /// OpenAPI 2.0 or 3.0, as JSON or YAML.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,

    #[command(flatten)]
    pub(crate) there: There,

    #[command(flatten)]
    pub(crate) how: ImportOptions,
}

/// The Postern that a command speaks to.
#[derive(Debug, Args)]
pub(crate) struct There {
    /// The Postern to speak to.
    #[arg(
        long,
        value_name = "URL",
        env = "AWS_ENDPOINT_URL_API_GATEWAY",
        default_value = "http://localhost:4700"
    )]
    pub(crate) endpoint_url: String,
}

#[derive(Debug, Args)]
pub(crate) struct Cors {
    #[command(subcommand)]
    pub(crate) action: CorsAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CorsAction {
    /// Answer preflight requests, and allow an origin in the 200 responses of methods that are no proxies.
    Enable(CorsEnable),
}

#[derive(Debug, Args)]
pub(crate) struct CorsEnable {
    /// The API.
    #[arg(long, value_name = "ID")]
    pub(crate) api: String,

    /// A resource, by its path. May be given more than once.
    #[arg(long, value_name = "PATH", required_unless_present = "all")]
    pub(crate) resource: Vec<String>,

    /// Every resource that has methods.
    #[arg(long, conflicts_with = "resource")]
    pub(crate) all: bool,

    /// The origin whose pages may call the API.
    #[arg(long, default_value = "*", value_parser = quotable)]
    pub(crate) origin: String,

    /// The methods that they may use [default: those that the resource has].
    #[arg(long, value_name = "VERB,...", value_delimiter = ',', value_parser = quotable)]
    pub(crate) methods: Vec<String>,

    /// The headers that they may send.
    #[arg(long, value_name = "NAME,...", value_parser = quotable,
          default_value = "Content-Type,X-Amz-Date,Authorization,X-Api-Key,X-Amz-Security-Token")]
    pub(crate) headers: String,

    /// Send the headers also with the gateway's own errors, by DEFAULT_4XX and DEFAULT_5XX.
    #[arg(long)]
    pub(crate) gateway_responses: bool,

    #[command(flatten)]
    pub(crate) there: There,
}

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

/// How files are imported. A file becomes the API that has its title, which is made where there is none.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Importing")]
pub(crate) struct ImportOptions {
    /// The API that a file goes into, where its title does not say.
    #[arg(long, value_name = "ID")]
    pub(crate) api: Option<String>,

    /// Whether what the file does not have goes or stays.
    #[arg(long, value_enum, default_value_t = Mode::Overwrite)]
    pub(crate) mode: Mode,

    /// What becomes of the file's base path.
    #[arg(long, value_enum, default_value_t = BasePath::Ignore)]
    pub(crate) basepath: BasePath,

    /// The stage that it is deployed to.
    #[arg(long, value_name = "NAME", default_value = "dev")]
    pub(crate) stage: String,

    /// Import, and deploy nothing.
    #[arg(long, conflicts_with = "stage")]
    pub(crate) no_deploy: bool,

    /// Refuse a file of which anything would be passed over.
    #[arg(long)]
    pub(crate) strict: bool,

    /// Import a file again when it changes.
    #[arg(long)]
    pub(crate) watch: bool,
}

impl ImportOptions {
    pub(crate) fn deployed_stage(&self) -> Option<&str> {
        (!self.no_deploy).then_some(&self.stage)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Mode {
    Merge,
    Overwrite,
}

impl Mode {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Merge => "merge",
            Self::Overwrite => "overwrite",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum BasePath {
    /// The paths are the resources.
    Ignore,
    /// It comes before all paths.
    Prepend,
    /// As prepend, less its first segment.
    Split,
}

impl BasePath {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Ignore => "ignore",
            Self::Prepend => "prepend",
            Self::Split => "split",
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct Tables {
    #[command(subcommand)]
    pub(crate) action: TablesAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TablesAction {
    /// Make the tables that are missing, and wait until they can be used.
    Create(TablesOptions),
    /// Remove the tables, with everything in them.
    Delete(TablesOptions),
}

#[derive(Debug, Args)]
pub(crate) struct TablesOptions {
    #[command(flatten)]
    pub(crate) tables: TablePrefix,

    /// The DynamoDB endpoint, where it is not AWS's own [default: AWS_ENDPOINT_URL_DYNAMODB or AWS_ENDPOINT_URL].
    #[arg(long, value_name = "URL")]
    pub(crate) endpoint_url: Option<String>,

    /// The region that the tables are in [default: AWS_REGION, AWS_DEFAULT_REGION or us-east-1].
    #[arg(long)]
    pub(crate) region: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct TablePrefix {
    /// What the names of the DynamoDB tables begin with: `PREFIX-definitions`, `PREFIX-usage`, and so on.
    #[arg(
        long = "tables",
        value_name = "PREFIX",
        env = "POSTERN_TABLES",
        default_value = "postern"
    )]
    pub(crate) prefix: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum StoreKind {
    /// A database in the data folder.
    Embedded,
    /// DynamoDB, at AWS_ENDPOINT_URL_DYNAMODB where that is set. `postern tables create` makes the tables.
    Dynamodb,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum Log {
    /// Nothing but what keeps Postern from starting.
    Off,
    /// What went wrong by the gateway's or an API's fault.
    Faults,
    /// Also a line for each request to an API, in its stage's access-log format.
    Requests,
    /// Also each request's metrics, in CloudWatch's embedded metric format.
    Metrics,
}

fn account(text: &str) -> Result<String, String> {
    let is_account = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_account {
        Ok(text.to_owned())
    } else {
        Err("an account is twelve digits".to_owned())
    }
}

/// What may stand between the quotes of a static value.
fn quotable(text: &str) -> Result<String, String> {
    let fits = |byte: u8| (b' '..=b'~').contains(&byte) && byte != b'\'';
    if !text.is_empty() && text.bytes().all(fits) {
        Ok(text.to_owned())
    } else {
        Err("a header takes printable ASCII without single quotes, and not nothing".to_owned())
    }
}

fn tag(text: &str) -> Result<(String, String), String> {
    let pair = text.split_once('=').filter(|(name, _)| !name.is_empty());
    pair.map(|(name, value)| (name.to_owned(), value.to_owned()))
        .ok_or_else(|| "a tag is NAME=VALUE".to_owned())
}

fn limits(settings: &str) -> Result<Limits, String> {
    let mut limits = Limits::default();
    limits.set(settings)?;
    Ok(limits)
}

fn vpc_links(settings: &str) -> Result<VpcLinks, String> {
    let mut links = VpcLinks::default();
    links.set(settings)?;
    Ok(links)
}

/// What AWS's own tools read as well: regions, endpoints, credentials.
pub(crate) fn aws_settings(region: Option<String>) -> Result<postern_aws::Settings, String> {
    let variable = |name: &str| {
        if name == "AWS_REGION" && region.is_some() {
            return region.clone();
        }
        #[expect(
            clippy::disallowed_methods,
            reason = "this module is where the program reads its environment"
        )]
        std::env::var(name).ok()
    };
    postern_aws::Settings::from_variables(variable).map_err(|wrong| wrong.join("\n         "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        CommandLine::command().debug_assert();
    }

    #[test]
    fn no_words_start_the_program() {
        let Command::Dev(options) = Command::without_words() else {
            panic!("another command")
        };
        assert_eq!(options.listen.to_string(), "127.0.0.1:4700");
        assert_eq!(
            (options.store, options.log),
            (StoreKind::Embedded, Log::Requests)
        );
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for words in [
            &["dev", "--listen", "4700"][..],
            &["dev", "--account", "12"],
            &["dev", "--store", "disk"],
            &["dev", "--limits", "pets=1"],
            &["dev", "--memory", "--data", "x"],
            &["dev", "--tls", "443"],
            &["dev", "--tls-certificate", "a.pem", "--tls-key", "a.key"],
            &[
                "dev",
                "--tls",
                "127.0.0.1:4743",
                "--tls-certificate",
                "a.pem",
            ],
            &["tables"],
            &["import"],
            &["import", "a.yaml", "--mode", "replace"],
            &["import", "a.yaml", "--stage", "x", "--no-deploy"],
            &["cors"],
            &["cors", "enable"],
            &["cors", "enable", "--api", "a"],
            &["cors", "enable", "--all"],
            &["cors", "enable", "--api", "a", "--all", "--resource", "/"],
            &["cors", "enable", "--api", "a", "--all", "--origin", "it's"],
            &["credentials"],
            &["credentials", "issue"],
            &["credentials", "issue", "ann", "--tag", "x"],
            &["credentials", "issue", "ann", "--data", "x", "--dynamodb"],
            &["credentials", "process"],
            &["credentials", "process", "ann", "--exchange"],
            &["credentials", "process", "ann", "--audience", "x"],
            &["credentials", "policy", "attach", "ann", "p"],
            &["sockets"],
            &["sockets", "--backend", "http://localhost"],
            &["sockets", "--backend", "http://localhost", "--key", "short"],
            &["serve"],
        ] {
            assert!(
                CommandLine::try_parse_from([&["postern"], words].concat()).is_err(),
                "{words:?}"
            );
        }
    }
}
