//! From a request line to an operation. Built once from the table of operations, which is all it knows.

use crate::operations::Operation;
use crate::wire::Member;
use http::Method;
use std::collections::HashMap;

pub(crate) struct Router {
    /// By verb and number of segments.
    fixed: HashMap<(&'static str, usize), Vec<Route>>,
    /// Those whose last part takes all that is left.
    greedy: Vec<Route>,
}

/// Literals come before variables, so the more literal template wins.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Literal(&'static str),
    Variable(&'static str),
}

struct Route {
    parts: Vec<Part>,
    /// A name and value that the query string must have, as `mode=import`.
    query: Option<(&'static str, &'static str)>,
    operation: &'static Operation,
}

/// An operation, and what its template captured.
pub(crate) struct Found<'a> {
    pub(crate) operation: &'static Operation,
    captures: Vec<(&'static str, &'a [String])>,
}

impl Found<'_> {
    pub(crate) fn captures(self) -> impl Iterator<Item = (String, Member)> {
        self.captures
            .into_iter()
            .map(|(name, segments)| (name.to_owned(), Member::Text(vec![segments.join("/")])))
    }
}

impl Router {
    pub(crate) fn new(operations: &'static [Operation]) -> Self {
        let mut router = Self {
            fixed: HashMap::new(),
            greedy: Vec::new(),
        };
        for operation in operations {
            let (route, greedy) = Route::parse(operation);
            if greedy {
                router.greedy.push(route);
            } else {
                let place = (operation.verb, route.parts.len());
                router.fixed.entry(place).or_default().push(route);
            }
        }
        for routes in router.fixed.values_mut() {
            routes.sort_by(|a, b| (&a.parts, b.query).cmp(&(&b.parts, a.query)));
        }
        router
    }

    pub(crate) fn find<'a>(
        &self,
        verb: &Method,
        segments: &'a [String],
        query: &[(String, String)],
    ) -> Option<Found<'a>> {
        let same_length = self.fixed.get(&(verb.as_str(), segments.len()));
        same_length
            .into_iter()
            .flatten()
            .find(|route| route.accepts(query) && route.matches(segments))
            .map(|route| route.found(segments))
            .or_else(|| {
                self.greedy
                    .iter()
                    .find(|route| {
                        route.operation.verb == verb.as_str()
                            && route.parts.len() <= segments.len()
                            && route.matches(segments)
                    })
                    .map(|route| route.found(segments))
            })
    }
}

impl Route {
    fn parse(operation: &'static Operation) -> (Self, bool) {
        let (path, query) = match operation.template.split_once('?') {
            Some((path, query)) => (path, query.split_once('=')),
            None => (operation.template, None),
        };
        let mut greedy = false;
        let parts = path
            .trim_start_matches('/')
            .split('/')
            .map(|part| {
                let Some(name) = part.strip_prefix('{').and_then(|p| p.strip_suffix('}')) else {
                    return Part::Literal(part);
                };
                greedy = name.ends_with('+');
                Part::Variable(name.trim_end_matches('+'))
            })
            .collect();
        let route = Self {
            parts,
            query,
            operation,
        };
        (route, greedy)
    }

    fn accepts(&self, query: &[(String, String)]) -> bool {
        self.query
            .is_none_or(|(name, value)| query.iter().any(|(n, v)| n == name && v == value))
    }

    fn matches(&self, segments: &[String]) -> bool {
        self.parts
            .iter()
            .zip(segments)
            .all(|(part, segment)| match part {
                Part::Literal(literal) => literal == segment,
                Part::Variable(_) => !segment.is_empty(),
            })
    }

    fn found<'a>(&self, segments: &'a [String]) -> Found<'a> {
        let last = self.parts.len() - 1;
        let captures = self
            .parts
            .iter()
            .enumerate()
            .filter_map(|(index, part)| match part {
                Part::Literal(_) => None,
                // A greedy part is the last, and for any other template this is the last segment alone.
                Part::Variable(name) if index == last => Some((*name, &segments[index..])),
                Part::Variable(name) => Some((*name, &segments[index..=index])),
            })
            .collect();
        Found {
            operation: self.operation,
            captures,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operations::OPERATIONS;
    use crate::wire::{query, segments};
    use proptest::prelude::*;

    fn find(line: &str) -> Option<(&'static str, Vec<String>)> {
        let (verb, target) = line.split_once(' ').unwrap();
        let (path, pairs) = target.split_once('?').unwrap_or((target, ""));
        let segments = segments(path);
        let router = Router::new(OPERATIONS);
        let found = router.find(&verb.parse().unwrap(), &segments, &query(pairs))?;
        let name = found.operation.name;
        let values = found.captures().map(|(_, member)| match member {
            Member::Text(mut values) => values.remove(0),
            Member::Json(_) => panic!("captures are text"),
        });
        Some((name, values.collect()))
    }

    #[test]
    fn a_request_line_finds_its_operation() {
        for (line, expected) in [
            ("GET /restapis", Some(("GetRestApis", vec![]))),
            ("POST /restapis", Some(("CreateRestApi", vec![]))),
            ("GET /restapis/a1", Some(("GetRestApi", vec!["a1"]))),
            (
                "PATCH /restapis/a1/resources/r/methods/GET/integration/responses/200",
                Some(("UpdateIntegrationResponse", vec!["a1", "r", "GET", "200"])),
            ),
            (
                "GET /tags/arn%3Aaws%3Aapigateway%3Ar%3A%3A%2Frestapis%2Fa1",
                Some(("GetTags", vec!["arn:aws:apigateway:r::/restapis/a1"])),
            ),
            (
                "GET /tags/arn:aws:apigateway:r::/restapis/a1",
                Some(("GetTags", vec!["arn:aws:apigateway:r::/restapis/a1"])),
            ),
            ("GET /tags/", None),
            ("GET /tags", None),
            ("GET /", None),
            ("GET /nonsense", None),
            ("GET /restapis/a1/nonsense", None),
            ("GET /restapis//resources", None),
            ("HEAD /restapis", None),
            ("PUT /restapis", None),
            ("FOO /restapis", None),
        ] {
            let expected = expected.map(|(name, captures)| {
                (
                    name,
                    captures.into_iter().map(str::to_owned).collect::<Vec<_>>(),
                )
            });
            assert_eq!(find(line), expected, "{line}");
        }
    }

    #[test]
    fn every_operation_is_found_by_its_own_template() {
        for operation in OPERATIONS {
            let path = operation.template.replace(['{', '}', '+'], "");
            let found = find(&format!("{} {path}", operation.verb));
            assert_eq!(found.map(|(name, _)| name), Some(operation.name));
        }
    }

    proptest! {
        #[test]
        fn no_path_panics(path in "(/[a-z%{}+#]{0,8}){0,12}", pairs in ".{0,20}") {
            let segments = segments(&path);
            let _ = Router::new(OPERATIONS).find(&Method::GET, &segments, &query(&pairs));
        }
    }
}
