//! What nobody looked at.

use super::{Node, Seen};

/// The topmost places of a document that were not used, in the order of the text.
pub(crate) fn unused(root: Node<'_>) -> Vec<Node<'_>> {
    let mut found = Vec::new();
    // What is below a used place; depth is bounded by the document's limits.
    fn walk<'a>(node: Node<'a>, found: &mut Vec<Node<'a>>) {
        let children = node
            .members()
            .map(|(_, member)| member)
            .chain(node.children());
        for child in children {
            match child.seen() {
                Seen::Whole => {}
                Seen::Yes => walk(child, found),
                Seen::No => found.push(child),
            }
        }
    }
    walk(root, &mut found);
    found
}
