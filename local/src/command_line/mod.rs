//! What may be typed, and the variables that are read: the only place of this program that looks at either.

mod cors;
mod credentials;
mod import;
mod sockets;

pub(crate) use cors::{Cors, CorsAction, CorsEnable};
pub(crate) use credentials::{Credentials, CredentialsAction, PolicyAction, Process, Where};
pub(crate) use import::{Import, ImportOptions, Mode};
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
