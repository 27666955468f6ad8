//! What may be said of the pages that may call an API.

use super::There;
use clap::{Args, Subcommand};

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

/// What may stand between the quotes of a static value.
fn quotable(text: &str) -> Result<String, String> {
    let fits = |byte: u8| (b' '..=b'~').contains(&byte) && byte != b'\'';
    if !text.is_empty() && text.bytes().all(fits) {
        Ok(text.to_owned())
    } else {
        Err("a header takes printable ASCII without single quotes, and not nothing".to_owned())
    }
}
