//! What may be typed, and the variables that are read: the only place of this program that looks at either.

use clap::{Args, Parser, Subcommand, ValueEnum};
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
    Dev(Dev),
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

    /// The AWS account to play.
    #[arg(long, value_name = "ID", env = "POSTERN_ACCOUNT", default_value = "123456789012", value_parser = account)]
    pub(crate) account: String,

    /// The AWS region to play [default: AWS_REGION, AWS_DEFAULT_REGION or us-east-1].
    #[arg(long)]
    pub(crate) region: Option<String>,

    /// How much to tell.
    #[arg(long, value_enum, default_value_t = Log::Requests)]
    pub(crate) log: Log,
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
            &["dev", "--memory", "--data", "x"],
            &["tables"],
            &["serve"],
        ] {
            assert!(
                CommandLine::try_parse_from([&["postern"], words].concat()).is_err(),
                "{words:?}"
            );
        }
    }
}
