//! What nobody looked at.

use super::{Node, Seen};

/// The topmost places of a document that were not used, in the order of the text.
pub(crate) fn unused(root: Node<'_>) -> Vec<Node<'_>> {
    let mut found = Vec::new();
    walk(root, &mut found);
    found
}

/// What is below a used place. The document's limits bound how deep that is.
fn walk<'a>(node: Node<'a>, found: &mut Vec<Node<'a>>) {
    let members = node.members().map(|(_, member)| member);
    for child in members.chain(node.children()) {
        match child.seen() {
            Seen::Whole => {}
            Seen::Yes => walk(child, found),
            Seen::No => found.push(child),
        }
    }
}
