//! `$ref`: one place of a document standing for another.

use super::Importer;
use crate::document::Node;
use percent_encoding::percent_decode_str;
use std::collections::HashSet;

impl<'a> Importer<'a> {
    /// The node itself, or what it refers to, over as many steps as it takes. Says so and gives nothing where that is nowhere.
    pub(super) fn resolved(&self, node: Node<'a>) -> Option<Node<'a>> {
        let mut node = node;
        let mut seen = HashSet::new();
        while let Some(reference) = node.get("$ref") {
            if !seen.insert(node.id()) {
                self.report
                    .wrong(node, "the reference leads back to itself");
                return None;
            }
            node = self.target(reference)?;
        }
        Some(node)
    }

    /// Where the value of a `$ref` leads.
    pub(super) fn target(&self, reference: Node<'a>) -> Option<Node<'a>> {
        let Some(text) = reference.text() else {
            self.report.wrong(
                reference,
                format!(
                    "a reference is a text, and this is {}",
                    reference.kind().name()
                ),
            );
            return None;
        };
        let Some(pointer) = local(text) else {
            self.report.wrong(
                reference,
                format!(
                    "the reference `{text}` leads out of the document: bring what it names into the document, and refer to it with `#/...`"
                ),
            );
            return None;
        };
        let found = reference.root().pointer(&pointer);
        if found.is_none() {
            self.missing(reference, text);
        }
        found.map(Node::reached)
    }

    pub(super) fn missing(&self, reference: Node<'a>, text: &str) {
        self.report.error(
            reference,
            format!(
                "Parse issue: attribute {}.{text} is missing",
                attribute(reference)
            ),
        );
    }
}

/// The JSON pointer of a reference within the document.
pub(super) fn local(reference: &str) -> Option<String> {
    let pointer = reference.strip_prefix('#')?;
    if !(pointer.is_empty() || pointer.starts_with('/')) {
        return None;
    }
    Some(percent_decode_str(pointer).decode_utf8().ok()?.into_owned())
}

/// A place as the service's parser spells it: `paths.'/pets'(get).responses.200.content.schema`.
fn attribute(reference: Node<'_>) -> String {
    let mut names = reference.names();
    names.pop();
    let mut names = names.into_iter().peekable();
    let mut spelled = Vec::new();
    while let Some(name) = names.next() {
        let is_paths = spelled.is_empty() && name == "paths";
        let is_content = name == "content";
        spelled.push(name);
        if is_paths && let Some(path) = names.next() {
            let verb = names.next().map(|verb| format!("({verb})"));
            spelled.push(format!("'{path}'{}", verb.unwrap_or_default()));
        } else if is_content {
            names.next();
        }
    }
    spelled.join(".")
}
