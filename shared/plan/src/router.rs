//! Which resource and method a path and verb lead to.
//!
//! The tree has one node per path segment. A search goes down from the left and takes the literal child before the parameter
//! and the parameter before the greedy one; where a branch ends on a resource that has no method for the verb it turns back,
//! because candidates are pairs of resource and method: a resource that matches the path but lacks the verb does not hide a
//! less specific one. Every node is visited at most once, so a search costs no more than the tree is large.

use postern_definition::ResourceId;
use postern_definition::rest::{PathPart, VERBS};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Made of its routes whenever they are loaded: a tree is as deep as a path is long, and no form of storage nests safely.
#[derive(Debug, Default)]
pub struct Router {
    root: Node,
}

#[derive(Debug, Default)]
struct Node {
    literals: BTreeMap<String, Node>,
    parameter: Option<(String, Box<Node>)>,
    greedy: Option<(String, Route)>,
    route: Option<Route>,
}

/// A resource with its methods.
#[derive(Debug, Serialize, Deserialize)]
pub struct Route {
    pub resource_id: ResourceId,
    pub resource_path: String,
    /// The verb's place in [`VERBS`], and the number of the method's plan.
    methods: Vec<(u8, u32)>,
}

impl Route {
    /// With each method's verb, and the number of its plan.
    pub(crate) fn new(
        resource_id: ResourceId,
        resource_path: String,
        methods: &[(&str, u32)],
    ) -> Self {
        let methods = methods
            .iter()
            .filter_map(|(verb, method)| Some((place(verb)?, *method)))
            .collect();
        Self {
            resource_id,
            resource_path,
            methods,
        }
    }
}

/// Where a request goes.
#[derive(Debug, PartialEq, Eq)]
pub struct Match<'r, 'p> {
    pub resource_id: &'r ResourceId,
    pub resource_path: &'r str,
    pub method: u32,
    /// Names and values as they stand in the path, still percent-encoded.
    pub parameters: Vec<(&'r str, &'p str)>,
}

impl FromIterator<Route> for Router {
    fn from_iter<I: IntoIterator<Item = Route>>(routes: I) -> Self {
        let mut router = Self::default();
        routes.into_iter().for_each(|route| router.add(route));
        router
    }
}

impl Router {
    fn add(&mut self, route: Route) {
        let path = route.resource_path.clone();
        let mut node = &mut self.root;
        for segment in path.split('/').filter(|segment| !segment.is_empty()) {
            match PathPart::parse(segment) {
                Ok(PathPart::Parameter(name)) => {
                    node = &mut node
                        .parameter
                        .get_or_insert_with(|| (name.to_owned(), Box::default()))
                        .1;
                }
                Ok(PathPart::Greedy(name)) => {
                    node.greedy = Some((name.to_owned(), route));
                    return;
                }
                Ok(PathPart::Literal(_)) | Err(_) => {
                    node = node.literals.entry(segment.to_owned()).or_default();
                }
            }
        }
        node.route = Some(route);
    }

    /// Finds by verb and by the path after the stage, which is neither decoded nor normalised: leading slashes count as one,
    /// slashes at the end as none, and between them every slash counts.
    pub fn find<'r, 'p>(&'r self, verb: &str, path: &'p str) -> Option<Match<'r, 'p>> {
        let mut search = Search {
            verb,
            parameters: Vec::new(),
        };
        let (route, method) = search.down(&self.root, path.trim_matches('/'))?;
        Some(Match {
            resource_id: &route.resource_id,
            resource_path: &route.resource_path,
            method,
            parameters: search.parameters,
        })
    }
}

/// The place of `ANY` in [`VERBS`].
const ANY: u8 = VERBS.len() as u8 - 1;

fn place(verb: &str) -> Option<u8> {
    VERBS
        .iter()
        .position(|known| *known == verb)
        .map(|place| place as u8)
}

struct Search<'r, 'p, 'v> {
    verb: &'v str,
    parameters: Vec<(&'r str, &'p str)>,
}

impl<'r, 'p> Search<'r, 'p, '_> {
    /// `rest` is what follows the node's own segment, without a slash at either end. No rest means no further segment.
    fn down(&mut self, node: &'r Node, rest: &'p str) -> Option<(&'r Route, u32)> {
        if rest.is_empty() {
            return self.method_of(node.route.as_ref()?);
        }
        let (segment, further) = rest.split_once('/').unwrap_or((rest, ""));
        if let Some(found) = node
            .literals
            .get(segment)
            .and_then(|child| self.down(child, further))
        {
            return Some(found);
        }
        if let Some((name, child)) = &node.parameter
            && !segment.is_empty()
        {
            self.parameters.push((name, segment));
            if let Some(found) = self.down(child, further) {
                return Some(found);
            }
            self.parameters.pop();
        }
        let (name, route) = node.greedy.as_ref()?;
        let found = self.method_of(route)?;
        self.parameters.push((name, rest));
        Some(found)
    }

    fn method_of(&self, route: &'r Route) -> Option<(&'r Route, u32)> {
        // `ANY` stands for the seven verbs beside it, and is none that a client could use.
        let own = place(self.verb).filter(|own| *own != ANY)?;
        let of = |place: u8| route.methods.iter().find(|(verb, _)| *verb == place);
        let (_, method) = of(own).or_else(|| of(ANY))?;
        Some((route, *method))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Builds a router from lines of a path and its verbs.
    fn router(resources: &[(&str, &[&str])]) -> Router {
        let mut next = 0;
        let route = |(path, verbs): &(&str, &[&str])| {
            let methods: Vec<_> = verbs
                .iter()
                .map(|verb| {
                    next += 1;
                    (*verb, next - 1)
                })
                .collect();
            Route::new((*path).into(), (*path).to_owned(), &methods)
        };
        resources.iter().map(route).collect()
    }

    fn answer(router: &Router, request: &str) -> String {
        let (verb, path) = request.split_once(' ').unwrap();
        match router.find(verb, path) {
            None => "none".to_owned(),
            Some(found) => {
                let parameters: Vec<_> = found
                    .parameters
                    .iter()
                    .map(|(name, value)| format!(" {name}={value}"))
                    .collect();
                format!("{}{}", found.resource_path, parameters.concat())
            }
        }
    }

    #[test]
    fn the_most_specific_resource_with_the_verb_wins() {
        let pets: &[(&str, &[&str])] = &[
            ("/", &["GET"]),
            ("/pets", &["GET", "POST"]),
            ("/pets/mine", &["GET"]),
            ("/pets/{id}", &["GET", "ANY"]),
            ("/pets/{id}/toys/{toy}", &["GET"]),
            ("/files/{path+}", &["ANY"]),
            ("/{proxy+}", &["OPTIONS"]),
        ];
        // From recordings of the service.
        let methods_decide: &[(&str, &[&str])] = &[
            ("/test", &["POST"]),
            ("/test/any", &["ANY"]),
            ("/{proxy+}", &["OPTIONS"]),
        ];
        let greedy_behind: &[(&str, &[&str])] = &[
            ("/part1", &["GET"]),
            ("/part1/hardcoded-value", &["GET"]),
            ("/{param+}", &["GET"]),
        ];
        let depth: &[(&str, &[&str])] = &[("/a/{x}", &["GET"]), ("/{y}/b", &["GET", "PUT"])];
        for (resources, request, expected) in [
            (pets, "GET /", "/"),
            (pets, "GET ", "/"),
            (pets, "POST /", "none"),
            (pets, "GET /pets", "/pets"),
            (pets, "GET /pets/", "/pets"),
            (pets, "GET /pets///", "/pets"),
            (pets, "GET //pets", "/pets"),
            (pets, "GET /pets/mine", "/pets/mine"),
            (pets, "PUT /pets/mine", "/pets/{id} id=mine"),
            (pets, "GET /pets/7", "/pets/{id} id=7"),
            (pets, "GET /pets/a%2Fb", "/pets/{id} id=a%2Fb"),
            (pets, "GET /Pets", "none"),
            (
                pets,
                "GET /pets/7/toys/ball",
                "/pets/{id}/toys/{toy} id=7 toy=ball",
            ),
            (pets, "GET /pets//toys/ball", "none"),
            (
                pets,
                "OPTIONS /pets//toys/ball",
                "/{proxy+} proxy=pets//toys/ball",
            ),
            (pets, "GET /files", "none"),
            (pets, "OPTIONS /files", "/{proxy+} proxy=files"),
            (pets, "GET /files/", "none"),
            (pets, "GET /files/a/b", "/files/{path+} path=a/b"),
            (pets, "GET /files/a//b/", "/files/{path+} path=a//b"),
            (pets, "GET /files/./../a", "/files/{path+} path=./../a"),
            (pets, "OPTIONS /", "none"),
            (methods_decide, "OPTIONS /test", "/{proxy+} proxy=test"),
            (methods_decide, "POST /test", "/test"),
            (methods_decide, "GET /test", "none"),
            (methods_decide, "OPTIONS /test/any", "/test/any"),
            (methods_decide, "GET /test/any", "/test/any"),
            (
                greedy_behind,
                "GET /part1/random-value",
                "/{param+} param=part1/random-value",
            ),
            (
                greedy_behind,
                "GET /part1/hardcoded-value",
                "/part1/hardcoded-value",
            ),
            (depth, "GET /a/b", "/a/{x} x=b"),
            (depth, "PUT /a/b", "/{y}/b y=a"),
        ] {
            assert_eq!(answer(&router(resources), request), expected, "{request}");
        }
    }

    #[test]
    fn any_is_the_seven_verbs_and_no_other() {
        let router = router(&[("/a", &["ANY"])]);
        for verb in &VERBS[..7] {
            assert!(router.find(verb, "/a").is_some(), "{verb}");
        }
        for verb in ["ANY", "TRACE", "CONNECT", "get", ""] {
            assert!(router.find(verb, "/a").is_none(), "{verb}");
        }
    }

    #[test]
    fn the_verb_itself_is_preferred_to_any() {
        let router = router(&[("/a", &["ANY", "GET"])]);
        assert_eq!(router.find("GET", "/a").unwrap().method, 1);
        assert_eq!(router.find("PUT", "/a").unwrap().method, 0);
    }

    mod properties {
        use super::*;
        use proptest::prelude::*;

        fn segment() -> impl Strategy<Value = String> {
            prop_oneof![4 => "[ab]{1,2}", 1 => Just("{p}".to_owned())]
        }

        fn path() -> impl Strategy<Value = String> {
            (proptest::collection::vec(segment(), 0..4), any::<bool>()).prop_map(
                |(segments, greedy)| {
                    let tail = if greedy { "/{rest+}" } else { "" };
                    let path = segments
                        .iter()
                        .map(|segment| format!("/{segment}"))
                        .collect::<String>()
                        + tail;
                    if path.is_empty() {
                        "/".to_owned()
                    } else {
                        path
                    }
                },
            )
        }

        /// What the documentation says, by brute force: all that match, the most specific first.
        fn oracle(resources: &[String], request: &str) -> Option<String> {
            let segments: Vec<_> = request.trim_matches('/').split('/').collect();
            let segments = if segments == [""] {
                Vec::new()
            } else {
                segments
            };
            let rank = |resource: &String| {
                let mut ranks = Vec::new();
                let parts: Vec<_> = resource
                    .split('/')
                    .filter(|part| !part.is_empty())
                    .collect();
                let mut at = 0;
                for part in &parts {
                    if part.ends_with("+}") {
                        return (at < segments.len()).then(|| [ranks.as_slice(), &[2]].concat());
                    }
                    let segment = segments.get(at)?;
                    at += 1;
                    match *part {
                        "{p}" if segment.is_empty() => return None,
                        "{p}" => ranks.push(1),
                        literal if literal == *segment => ranks.push(0),
                        _ => return None,
                    }
                }
                (at == segments.len()).then_some(ranks)
            };
            resources
                .iter()
                .filter_map(|resource| Some((rank(resource)?, resource.clone())))
                .min()
                .map(|(_, path)| path)
        }

        proptest! {
            #[test]
            fn finding_agrees_with_the_rules_and_never_panics(
                paths in proptest::collection::btree_set(path(), 1..8),
                request in "[ab/]{0,10}",
            ) {
                let resources: Vec<String> = paths.into_iter().collect();
                let list: Vec<(&str, &[&str])> = resources.iter().map(|path| (path.as_str(), &["GET"][..])).collect();
                let router = router(&list);
                let found = router.find("GET", &request).map(|found| found.resource_path.to_owned());
                prop_assert_eq!(found, oracle(&resources, &request));
            }

            #[test]
            fn no_path_makes_it_panic(request in "\\PC{0,40}") {
                router(&[("/a/{p}", &["GET"]), ("/{rest+}", &["ANY"])]).find("GET", &request);
            }
        }
    }
}
