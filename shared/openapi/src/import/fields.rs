//! Members of the form that their readers expect, and what is said where they have another.

use super::Importer;
use crate::document::{Kind, Node};
use postern_definition::Map;

impl<'a> Importer<'a> {
    fn is(&self, node: Node<'a>, kind: Kind) -> bool {
        let fits = node.kind() == kind;
        if !fits {
            node.whole();
            self.report.wrong(
                node,
                format!(
                    "`{}` must be {}, and this is {}",
                    node.name(),
                    kind.name(),
                    node.kind().name()
                ),
            );
        }
        fits
    }

    /// Whether the document may be looked at once more.
    pub(super) fn spend(&self, node: Node<'a>) -> bool {
        let max = self.options.limits.looks_max;
        let looks = self.looks.get();
        if looks == max {
            self.report.wrong(
                node,
                format!(
                    "the document, its references followed, has more than {max} members to look at"
                ),
            );
        }
        if looks <= max {
            self.looks.set(looks + 1);
        }
        looks < max
    }

    /// An empty member in YAML is null; where an object or list is optional, that is as good as none.
    fn present(&self, node: Node<'a>, name: &str) -> Option<Node<'a>> {
        let member = node.get(name)?;
        if !self.spend(member) {
            return None;
        }
        Some(member).filter(|member| member.kind() != Kind::Null)
    }

    pub(super) fn object(&self, node: Node<'a>, name: &str) -> Option<Node<'a>> {
        self.present(node, name)
            .filter(|member| self.is(*member, Kind::Object))
    }

    pub(super) fn list(&self, node: Node<'a>, name: &str) -> Option<Node<'a>> {
        self.present(node, name)
            .filter(|member| self.is(*member, Kind::List))
    }

    /// A text; numbers and booleans are taken as they were written.
    pub(super) fn text(&self, node: Node<'a>, name: &str) -> Option<String> {
        self.text_of(self.present(node, name)?)
    }

    fn text_of(&self, node: Node<'a>) -> Option<String> {
        let text = node.scalar_text();
        if text.is_none() {
            self.is(node, Kind::Text);
        }
        text
    }

    pub(super) fn boolean(&self, node: Node<'a>, name: &str) -> Option<bool> {
        let member = self.present(node, name)?;
        let value = member.boolean();
        if value.is_none() {
            self.is(member, Kind::Bool);
        }
        value
    }

    pub(super) fn integer(&self, node: Node<'a>, name: &str) -> Option<i64> {
        let member = self.present(node, name)?;
        let value = member.integer();
        if value.is_none() {
            member.whole();
            self.report
                .wrong(member, format!("`{name}` must be a whole number"));
        }
        value
    }

    pub(super) fn texts(&self, node: Node<'a>, name: &str) -> Option<Vec<String>> {
        let list = self.list(node, name)?;
        Some(
            list.items()
                .take_while(|item| self.spend(*item))
                .filter_map(|item| self.text_of(item))
                .collect(),
        )
    }

    pub(super) fn text_map(&self, node: Node<'a>, name: &str) -> Option<Map<String>> {
        let object = self.object(node, name)?;
        let affordable = object
            .members()
            .take_while(|(_, member)| self.spend(*member));
        let members = affordable.filter_map(|(name, member)| {
            member.used();
            Some((name.to_owned(), self.text_of(member)?))
        });
        Some(members.collect())
    }
}
