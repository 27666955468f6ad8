//! What a run reads and what it leaves beside its text: the face the gateway fills and reads.

use std::borrow::Cow;
use std::cell::OnceCell;

use crate::json::{self, BadJson};
use crate::jsonpath::{Path, Selected};
use crate::print;
use crate::value::{Entries, Value};

/// What stands at a place of `$context`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found<'a> {
    /// Nothing: prints empty, and is not among the keys.
    Absent,
    /// A key without a value, as `identity.caller` has for an unsigned call.
    Null,
    /// A string.
    Text(Cow<'a, str>),
    /// A number, as `requestTimeEpoch`.
    Number(i64),
    /// More below it; prints empty itself.
    Object,
}

/// Where a request parameter comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The path of the resource.
    Path,
    /// The query string.
    Querystring,
    /// The headers.
    Header,
}

impl Place {
    /// In the order in which `$input.params('x')` looks.
    pub const ALL: [Self; 3] = [Self::Path, Self::Querystring, Self::Header];

    /// Its key in `$input.params()`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Querystring => "querystring",
            Self::Header => "header",
        }
    }
}

/// The request as templates see it. Asked for what a template names and for nothing else, so that no map is built for
/// a template that reads one header.
///
/// `$context.requestOverride` and `.responseOverride` are not asked for: they are [`Overrides`].
pub trait Inputs {
    /// `$context.{path}`, for instance `["identity", "sourceIp"]`.
    fn context(&self, path: &[&str]) -> Found<'_>;

    /// The keys of the object at `path`, in the order in which they print; the empty path is `$context` itself.
    fn context_keys(&self, path: &[&str]) -> Vec<Cow<'_, str>>;

    /// A stage variable.
    fn stage_variable(&self, name: &str) -> Option<Cow<'_, str>>;

    /// The names of all stage variables.
    fn stage_variable_names(&self) -> Vec<Cow<'_, str>>;

    /// A parameter of the client's request; of several values the last.
    fn parameter(&self, place: Place, name: &str) -> Option<Cow<'_, str>>;

    /// The names of all parameters of one place.
    fn parameter_names(&self, place: Place) -> Vec<Cow<'_, str>>;
}

/// A body: its text, and the document in it, which is read at most once and only when something asks.
///
/// One payload serves the parameter mappings and the template of a step. What a template changes in the document
/// (`#set($body.x = 1)`) later readers of the same payload see.
#[derive(Debug)]
pub struct Payload<'a> {
    text: &'a str,
    document: OnceCell<Result<Value<'a>, BadJson>>,
}

impl<'a> Payload<'a> {
    /// A body, which may be empty.
    pub fn new(text: &'a str) -> Self {
        Self {
            text,
            document: OnceCell::new(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// What `$input.body` gives: an empty body reads as `{}`.
    pub fn text(&self) -> &'a str {
        if self.text.is_empty() {
            "{}"
        } else {
            self.text
        }
    }

    /// The JSON document in the body; of an empty body an empty object.
    pub fn document(&self) -> Result<Value<'a>, BadJson> {
        self.document
            .get_or_init(|| {
                if self.text.is_empty() {
                    Ok(Value::map(Entries::default()))
                } else {
                    json::parse(self.text)
                }
            })
            .clone()
    }

    /// What a parameter mapping of the body (`method.request.body.P`) finds: a string as it is, anything else as
    /// compact JSON, nothing when there is no match or the body is not meant to be JSON. A body that begins as JSON
    /// and is none is an error.
    pub fn mapped(&self, path: &Path) -> Result<Option<String>, BadJson> {
        if !self.text().trim_start().starts_with(['{', '[', '"', '\'']) {
            return Ok(None);
        }
        let document = self.document()?;
        let value = match path.select(&document) {
            Ok(Selected::One(value)) => value,
            Ok(Selected::Many(values)) => Value::list(crate::value::ListKind::Json, values),
            Ok(Selected::Nothing) | Err(_) => return Ok(None),
        };
        Ok(match value {
            Value::Null => None,
            Value::Text(text) => Some(text.to_string()),
            other => {
                let mut text = String::new();
                print::print_json(&other, &mut text, usize::MAX)
                    .ok()
                    .map(|()| text)
            }
        })
    }
}

/// A header or query value that a template set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OverrideValue {
    /// One value.
    One(String),
    /// A list: joined with `,` where one value is wanted.
    Many(Vec<String>),
}

/// Overrides of the request to the backend.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RequestOverrides {
    /// Headers, in the order written.
    pub header: Vec<(String, OverrideValue)>,
    /// Query parameters.
    pub querystring: Vec<(String, OverrideValue)>,
    /// Path parameters.
    pub path: Vec<(String, OverrideValue)>,
}

/// Overrides of the answer to the client.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ResponseOverrides {
    /// Headers, in the order written.
    pub header: Vec<(String, OverrideValue)>,
    /// The status, when it was set to an integer from 100 to 599; anything else is ignored.
    pub status: Option<u16>,
}

/// What templates wrote to `$context.requestOverride` and `$context.responseOverride`. The same value goes into the
/// request template and then into the response template, which can read what the first wrote.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Overrides {
    /// `$context.requestOverride`.
    pub request: RequestOverrides,
    /// `$context.responseOverride`.
    pub response: ResponseOverrides,
}

/// Bounds of one run. Reaching one ends it with [`crate::Fault::Limit`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Nodes rendered, values computed, elements looked at.
    pub steps: u64,
    /// Rounds of one `#foreach`: 1,000 in API Gateway.
    pub loop_rounds: u32,
    /// Bytes of output.
    pub output_bytes: usize,
    /// Bytes of strings and elements of lists made on the way, whether still held or not.
    pub memory_bytes: usize,
    /// Blocks, macros and expressions in each other.
    pub depth: u32,
    /// Steps of all regular expressions together.
    pub regex_steps: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            steps: 5_000_000,
            loop_rounds: 1_000,
            output_bytes: 10 << 20,
            memory_bytes: 128 << 20,
            depth: 150,
            regex_steps: 5_000_000,
        }
    }
}
