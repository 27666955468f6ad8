//! The tree of paths, and how a search goes down in it.

use super::{ANY, Route, Router, Verbs};
use postern_definition::rest::PathPart;
use std::ops::Range;

/// Those whose paths begin with the same segments, and so with the same bytes.
pub(super) struct Node {
    pub(super) routes: Range<usize>,
    pub(super) path_bytes: usize,
}

#[derive(Default)]
struct Variables<'r> {
    parameter: Option<(&'r str, Node)>,
    greedy: Option<(&'r str, Node)>,
}

impl Router {
    /// Of the path of a route below a node, the segment that comes next, if there is one.
    fn segment(&self, node: &Node, route: usize) -> Option<&str> {
        let rest = self.path(&self.routes[route]).get(node.path_bytes..)?;
        let segment = rest.trim_start_matches('/').split('/').next();
        segment.filter(|segment| !segment.is_empty())
    }

    /// The resource whose path ends at this node. Where a slash at the end counts, there may be two.
    fn own(&self, node: &Node, ends_in_slash: Option<bool>) -> Option<&Route> {
        let here = node
            .routes
            .clone()
            .take_while(|route| self.segment(node, *route).is_none());
        here.map(|route| &self.routes[route])
            .find(|route| ends_in_slash.is_none_or(|ends| self.path(route).ends_with('/') == ends))
    }

    /// The child whose segment is this one.
    fn child(&self, node: &Node, segment: &str) -> Option<Node> {
        let begin = self.first(node, |own| own >= Some(segment));
        let end = self.first(node, |own| own > Some(segment));
        (begin < end).then(|| Node {
            routes: begin..end,
            path_bytes: node.path_bytes + 1 + segment.len(),
        })
    }

    /// The children whose segments are in braces: there is at most one of each kind.
    fn variables(&self, node: &Node) -> Variables<'_> {
        let mut found = Variables::default();
        let mut at = self.first(node, |own| own >= Some("{"));
        while at < node.routes.end
            && let Some(segment) = self.segment(node, at)
            && let Some(child) = self.child(node, segment)
        {
            at = child.routes.end;
            match PathPart::parse(segment) {
                Ok(PathPart::Parameter(name)) => found.parameter = Some((name, child)),
                Ok(PathPart::Greedy(name)) => found.greedy = Some((name, child)),
                Ok(PathPart::Literal(_)) | Err(_) => {}
            }
        }
        found
    }

    /// The first route below a node whose segment there is such, as all after it are.
    fn first(&self, node: &Node, is_such: impl Fn(Option<&str>) -> bool) -> usize {
        let (mut from, mut to) = (node.routes.start, node.routes.end);
        while from < to {
            let middle = from.midpoint(to);
            if is_such(self.segment(node, middle)) {
                to = middle;
            } else {
                from = middle + 1;
            }
        }
        from
    }
}

pub(super) struct Search<'r, 'p> {
    pub(super) router: &'r Router,
    pub(super) verb: Verbs,
    /// Whether the path does, where that counts.
    pub(super) ends_in_slash: Option<bool>,
    pub(super) may_be_greedy: bool,
    pub(super) parameters: Vec<(&'r str, &'p str)>,
}

impl<'r, 'p> Search<'r, 'p> {
    /// `rest` is what follows the node's own segment, without a slash at either end. No rest means no further segment.
    pub(super) fn down(&mut self, node: &Node, rest: &'p str) -> Option<(&'r Route, u32)> {
        if rest.is_empty() {
            return self.method_of(self.router.own(node, self.ends_in_slash)?);
        }
        let (segment, further) = rest.split_once('/').unwrap_or((rest, ""));
        let is_literal = !segment.is_empty() && !segment.starts_with('{');
        if is_literal
            && let Some(child) = self.router.child(node, segment)
            && let Some(found) = self.down(&child, further)
        {
            return Some(found);
        }
        let Variables { parameter, greedy } = self.router.variables(node);
        if let Some((name, child)) = parameter
            && !segment.is_empty()
        {
            self.parameters.push((name, segment));
            if let Some(found) = self.down(&child, further) {
                return Some(found);
            }
            self.parameters.pop();
        }
        let (name, child) = greedy.filter(|_| self.may_be_greedy)?;
        let found = self.method_of(self.router.own(&child, None)?)?;
        self.parameters.push((name, rest));
        Some(found)
    }

    fn method_of(&self, route: &'r Route) -> Option<(&'r Route, u32)> {
        let verb = [self.verb, 1 << ANY]
            .into_iter()
            .find(|verb| route.verbs & verb != 0)?;
        let before = (route.verbs & (verb - 1)).count_ones();
        Some((route, route.first_method + before))
    }
}
