//! What may be typed, and the variables that are read: the only place of this program that looks at either.

use clap::{Args, Parser, Subcommand, ValueEnum};
use postern_gateway::{OnStoreFailure, Throttle};
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
    /// Make OpenAPI files into deployed APIs of a Postern that runs.
    Import(Import),
    /// Let browsers call an API from pages of other origins.
    Cors(Cors),
    /// Make or remove the DynamoDB tables that Postern keeps its data in.
    Tables(Tables),
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

fn limits(settings: &str) -> Result<Limits, String> {
    let mut limits = Limits::default();
    limits.set(settings)?;
    Ok(limits)
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
            &["serve"],
        ] {
            assert!(
                CommandLine::try_parse_from([&["postern"], words].concat()).is_err(),
                "{words:?}"
            );
        }
    }
}
