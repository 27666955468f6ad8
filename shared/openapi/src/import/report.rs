//! What is said about a document: why it cannot be imported, and what of it is not used.

use crate::document::{Node, Position};
use std::cell::RefCell;
use std::fmt;

/// Whose words a text is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Words {
    /// The service says so too, in these words.
    Service,
    /// The service would say nothing, or something less helpful.
    Ours,
}

/// Why a document cannot be imported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    pub text: String,
    pub words: Words,
    pub at: Position,
    /// The place in the document, such as `paths./pets.get`; empty for the document as a whole.
    pub path: String,
}

/// Something that the import does otherwise than the document says, or does not do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    pub text: String,
    /// A warning in the service's words is one that `failonwarnings` refuses. The service drops in silence what the others tell.
    pub words: Words,
    pub at: Position,
    pub path: String,
}

fn placed(f: &mut fmt::Formatter<'_>, text: &str, at: Position, path: &str) -> fmt::Result {
    if path.is_empty() {
        write!(f, "{text} ({at})")
    } else {
        write!(f, "{text} ({path}: {at})")
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        placed(f, &self.text, self.at, &self.path)
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        placed(f, &self.text, self.at, &self.path)
    }
}

impl std::error::Error for Error {}

/// A document that was not imported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub errors: Vec<Error>,
    pub warnings: Vec<Warning>,
    /// Said by the service in place of all errors, where it stops before it looks for more.
    pub(crate) instead: Option<String>,
}

/// What the service answers where the input is no OpenAPI at all.
const UNREADABLE: &str = "Invalid OpenAPI input.";

/// The same, where it imports documentation alone.
const UNREADABLE_DOCUMENTATION: &str = "Unable to build importer with provided input.";

/// How errors begin that the service meets while it still reads.
pub(super) const UNPARSABLE: &str = "Unable to parse API definition because of ";

impl Refusal {
    pub(crate) fn unreadable(at: Position, path: String, reason: &str) -> Self {
        let error = Error {
            text: format!("{UNREADABLE} Reason: {reason}"),
            words: Words::Ours,
            at,
            path,
        };
        Self {
            errors: vec![error],
            warnings: Vec::new(),
            instead: Some(UNREADABLE.to_owned()),
        }
    }

    pub(crate) fn new(errors: Vec<Error>, warnings: Vec<Warning>) -> Self {
        let first = errors
            .iter()
            .find(|error| error.text.starts_with(UNPARSABLE));
        Self {
            instead: first.map(|error| error.text.clone()),
            errors,
            warnings,
        }
    }

    pub(crate) fn of_documentation(mut self) -> Self {
        if self.is_unreadable() {
            self.instead = Some(UNREADABLE_DOCUMENTATION.to_owned());
        }
        self
    }

    /// Whether the text could not be read as OpenAPI at all. The service says no more than that; the one error says why.
    pub fn is_unreadable(&self) -> bool {
        matches!(&self.errors[..], [error] if error.text.starts_with(UNREADABLE))
    }

    /// As the service puts it in one message: texts of ours come with their place, its own as it has them.
    pub fn message(&self) -> String {
        if let Some(message) = &self.instead {
            return message.clone();
        }
        let mut message = String::from("Errors found during import:");
        for error in &self.errors {
            line(&mut message, error.words, &error.text, error);
        }
        let warnings = service_warnings(&self.warnings);
        if !warnings.is_empty() {
            message.push_str("\nAdditionally, these warnings were found:");
            for warning in warnings {
                line(&mut message, warning.words, &warning.text, warning);
            }
        }
        message
    }
}

impl fmt::Display for Refusal {
    /// All errors with their places, a line each, as a person wants them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, error) in self.errors.iter().enumerate() {
            if i > 0 {
                f.write_str("\n")?;
            }
            error.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for Refusal {}

/// The message with which `failonwarnings` refuses a document, if it does.
pub fn warnings_message(warnings: &[Warning]) -> Option<String> {
    let warnings = service_warnings(warnings);
    if warnings.is_empty() {
        return None;
    }
    let mut message = String::from("Warnings found during import:");
    for warning in warnings {
        line(&mut message, warning.words, &warning.text, warning);
    }
    Some(message)
}

impl Warning {
    /// What an importer is told: the service's own words as it has them, and ours with their place.
    pub fn told(&self) -> String {
        match self.words {
            Words::Service => self.text.clone(),
            Words::Ours => self.to_string(),
        }
    }
}

fn service_warnings(warnings: &[Warning]) -> Vec<&Warning> {
    warnings
        .iter()
        .filter(|warning| warning.words == Words::Service)
        .collect()
}

fn line(message: &mut String, words: Words, text: &str, whole: &dyn fmt::Display) {
    message.push_str("\n\t");
    match words {
        Words::Service => message.push_str(text),
        Words::Ours => message.push_str(&whole.to_string()),
    }
}

/// Collects while an import goes on, so that an owner sees all that is wrong at once.
#[derive(Default)]
pub(crate) struct Report {
    errors: RefCell<Vec<Error>>,
    warnings: RefCell<Vec<Warning>>,
}

impl Report {
    /// An error in the service's words.
    pub(crate) fn error(&self, node: Node<'_>, text: impl Into<String>) {
        self.add_error(node, text.into(), Words::Service);
    }

    /// An error in our words.
    pub(crate) fn wrong(&self, node: Node<'_>, text: impl Into<String>) {
        self.add_error(node, text.into(), Words::Ours);
    }

    fn add_error(&self, node: Node<'_>, text: String, words: Words) {
        let error = Error {
            text,
            words,
            at: node.at(),
            path: node.path(),
        };
        self.errors.borrow_mut().push(error);
    }

    /// A warning in the service's words.
    pub(crate) fn warn(&self, node: Node<'_>, text: impl Into<String>) {
        self.add_warning(node, text.into(), Words::Service);
    }

    /// A warning in our words.
    pub(crate) fn note(&self, node: Node<'_>, text: impl Into<String>) {
        self.add_warning(node, text.into(), Words::Ours);
    }

    fn add_warning(&self, node: Node<'_>, text: String, words: Words) {
        let mut warnings = self.warnings.borrow_mut();
        warnings.push(Warning {
            text,
            words,
            at: node.at(),
            path: node.path(),
        });
    }

    /// Errors and warnings, in the order of the text.
    pub(crate) fn done(self) -> (Vec<Error>, Vec<Warning>) {
        let mut errors = self.errors.into_inner();
        let mut warnings = self.warnings.into_inner();
        // A component is looked at once for each reference to it.
        errors.sort_by(|a, b| (a.at, &a.text, &a.path).cmp(&(b.at, &b.text, &b.path)));
        errors.dedup();
        warnings.sort_by(|a, b| (a.at, &a.text, &a.path).cmp(&(b.at, &b.text, &b.path)));
        warnings.dedup();
        (errors, warnings)
    }
}
