//! What every test here stands on: a gateway in memory with a backend, a clock and a journal that a test holds in its hand,
//! and APIs in a few words.

mod backend;
mod bench;
mod case;
mod definitions;
mod routed;
mod table;
mod world;

pub(crate) use backend::Played;
pub(crate) use bench::{Answer, Bench, arrival};
pub(crate) use case::Case;
pub(crate) use definitions::{authorizers, definition, method_setting, mock, models, validators};
pub(crate) use table::Watched;
pub(crate) use world::{Kept, Stopped};

use serde_json::Value;

pub(crate) const API: &str = "a1b2c3d4e5";

/// What a function is called by, and one that authorizes.
pub(crate) const FUNCTION: &str = "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/arn:aws:lambda:eu-west-1:123456789012:function:f/invocations";
pub(crate) const GUARD: &str = "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/arn:aws:lambda:eu-west-1:123456789012:function:guard/invocations";

/// Lays the members of one object over another's.
pub(crate) fn merge(under: &mut Value, over: &Value) {
    if let (Some(under), Some(over)) = (under.as_object_mut(), over.as_object()) {
        under.extend(over.clone());
    }
}

/// The rows of a table in text, which has bars between its cells. `#` begins a comment.
pub(crate) fn rows<const CELLS: usize>(table: &str) -> Vec<[&str; CELLS]> {
    let lines = table.lines().map(str::trim);
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let cells: Vec<_> = line.split('|').map(str::trim).collect();
            cells.try_into().unwrap_or_else(|_| panic!("{line}"))
        })
        .collect()
}
