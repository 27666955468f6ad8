//! Mapping templates, as API Gateway runs them: VTL by the rules of Velocity 1.7, to the byte.
//!
//! ```
//! use postern_template::{Overrides, Payload, Template};
//! # use std::borrow::Cow;
//! # use postern_template::{Found, Inputs, Place};
//! # struct Nothing;
//! # impl Inputs for Nothing {
//! #     fn context(&self, _: &[&str]) -> Found<'_> { Found::Absent }
//! #     fn context_keys(&self, _: &[&str]) -> Vec<Cow<'_, str>> { Vec::new() }
//! #     fn stage_variable(&self, _: &str) -> Option<Cow<'_, str>> { None }
//! #     fn stage_variable_names(&self) -> Vec<Cow<'_, str>> { Vec::new() }
//! #     fn parameter(&self, _: Place, _: &str) -> Option<Cow<'_, str>> { None }
//! #     fn parameter_names(&self, _: Place) -> Vec<Cow<'_, str>> { Vec::new() }
//! # }
//! # let inputs = Nothing;
//! let template = Template::parse("pets GET request", r#"{"name": "$input.path('$.pet.name')"}"#)?;
//! let payload = Payload::new(r#"{"pet": {"name": "Rex"}}"#);
//! let text = template.run(&inputs, &payload, &mut Overrides::default())?;
//! assert_eq!(text, r#"{"name": "Rex"}"#);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A template is parsed once and run many times, by any number of threads. A run borrows the request: it copies no
//! JSON, asks [`Inputs`] only for what the template names, and writes straight to its output. It is bounded by
//! [`Limits`], whatever the template says.
//!
//! Where API Gateway differs from Velocity is listed in [`Dialect`], and nowhere else. What meets the eye: undefined references print nothing; objects print nothing of themselves where API Gateway's do not; `#parse`,
//! `#include` and `#evaluate` fail; reflection (`.class`) is refused.
//!
//! # XML
//! Two helpers go beyond API Gateway, under AppSync's names:
//! - `$util.xml.toMap($text)` gives the elements as maps, repeated ones as lists, numbers and booleans as such.
//! - `$util.xml.toJsonString($text)` gives the same as JSON text; with `true` as second argument, all values stay
//!   strings.
//!
//! The other way, from JSON to XML, is a template, since only it knows which keys are elements and which attributes:
//!
//! ```vtl
//! #macro(escaped $text)$text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")#end
//! #set($order = $input.path('$'))
//! <order id="$order.id">
//! #foreach($item in $order.items)
//!   <item sku="$item.sku">#escaped($item.name)</item>
//! #end
//! </order>
//! ```

#![allow(
    clippy::cast_possible_wrap,
    reason = "lengths become Java's ints; a run's memory bound keeps them far below what wraps"
)]

mod arithmetic;
mod dialect;
mod document;
mod error;
mod host;
mod inputs;
pub mod json;
pub mod jsonpath;
mod methods;
mod parse;
mod pattern;
mod print;
mod program;
mod regex;
mod run;
mod value;

use std::collections::HashMap;

pub use dialect::Dialect;
pub use document::Part;
pub use error::{Fault, Limit, ParseError, RunError};
pub use inputs::{
    Found, Inputs, Limits, OverrideValue, Overrides, Payload, Place, RequestOverrides,
    ResponseOverrides,
};
pub use pattern::{BadPattern, Pattern};
pub use value::{Cursor, Defined, List, Map, Scope, Text, Value};

/// The longest template, in bytes: API Gateway's 300 KB.
pub const TEMPLATE_BYTES_MAX: usize = 300 * 1024;

/// A parsed template.
#[derive(Debug)]
pub struct Template {
    name: Box<str>,
    dialect: Dialect,
    block: program::Block,
    names: Vec<Box<str>>,
    macros: HashMap<Box<str>, program::Macro>,
    /// Whether loops have somebody to count for besides `$foreach`.
    counts: bool,
    /// How long the last text was.
    length: program::Hint,
}

impl Template {
    /// Parses a template. `name` is what errors call it.
    pub fn parse(name: &str, text: &str) -> Result<Self, ParseError> {
        Self::parse_as(name, text, Dialect::ApiGateway)
    }

    /// Parses a template for another engine than API Gateway's.
    pub fn parse_as(name: &str, text: &str, dialect: Dialect) -> Result<Self, ParseError> {
        if text.len() > TEMPLATE_BYTES_MAX {
            let what = format!(
                "the template has {} bytes; it may have {TEMPLATE_BYTES_MAX}",
                text.len()
            );
            return Err(ParseError {
                template: name.into(),
                line: 1,
                column: 1,
                what: what.into(),
            });
        }
        let parse::Parsed {
            block,
            names,
            macros,
            counts,
        } = parse::parse(name, text, dialect)?;
        Ok(Self {
            name: name.into(),
            dialect,
            block,
            names,
            macros,
            counts,
            length: program::Hint::default(),
        })
    }

    /// Runs the template and gives its text. What it writes to the overrides stays there, also when it fails later.
    pub fn run<'a>(
        &'a self,
        inputs: &'a dyn Inputs,
        payload: &Payload<'a>,
        overrides: &mut Overrides,
    ) -> Result<String, RunError> {
        self.run_within(&Limits::default(), inputs, payload, overrides)
    }

    /// Runs the template within other bounds than the usual.
    pub fn run_within<'a>(
        &'a self,
        limits: &Limits,
        inputs: &'a dyn Inputs,
        payload: &Payload<'a>,
        overrides: &mut Overrides,
    ) -> Result<String, RunError> {
        self.run_with(limits, inputs, payload, overrides, &[])
    }

    /// As [`Template::run_within`], with variables that are set before the template begins.
    pub fn run_with<'a>(
        &'a self,
        limits: &Limits,
        inputs: &'a dyn Inputs,
        payload: &Payload<'a>,
        overrides: &mut Overrides,
        variables: &[(&str, Value<'a>)],
    ) -> Result<String, RunError> {
        run::run(self, limits, inputs, payload, overrides, variables)
    }
}
