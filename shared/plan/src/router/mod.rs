//! Which resource and method a path and verb lead to.
//!
//! The paths are a tree with one node per segment, which nobody builds: sorted by their segments, the paths below a node stand
//! side by side, and a child is found among them by halving. So a gateway has its router as soon as it has read the paths.
//!
//! A search goes down from the left and takes the literal child before the parameter and the parameter before the greedy one;
//! where a branch ends on a resource that has no method for the verb it turns back, because candidates are pairs of resource
//! and method: a resource that matches the path but lacks the verb does not hide a less specific one. Every node is visited at
//! most once, so a search costs no more than the tree is large.
//!
//! The routes of an HTTP API are searched twice: what matches a whole path comes before anything greedy, wherever that stands in
//! the tree. A slash at the end of a path counts there, and what no route takes is the default route's, if there is one.

mod tree;

use postern_definition::rest::VERBS;
use postern_definition::routed::DEFAULT_KEY;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ops::Range;
use tree::{Node, Search};

/// A set of verbs: the bit of each is its place in [`VERBS`].
type Verbs = u8;
const _: () = assert!(VERBS.len() == Verbs::BITS as usize);

/// What a router is made of, and how it is stored: the resources that have methods, sorted by [`segments`] of their paths.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Routes {
    /// End to end.
    paths: String,
    /// The length of each path, and its resource's verbs.
    resources: Vec<(u32, Verbs)>,
}

#[derive(Debug)]
pub struct Router {
    paths: String,
    routes: Vec<Route>,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    /// Of resources, as REST APIs have them.
    Resources,
    /// Of routes, as HTTP APIs have them, with the number of the one that takes what no other does.
    Routes { default: Option<u32> },
}

/// A resource with its methods.
#[derive(Debug)]
struct Route {
    /// Its path's place in [`Router::paths`].
    path: Range<usize>,
    verbs: Verbs,
    /// The number of its first method.
    first_method: u32,
}

/// Where a request goes.
#[derive(Debug, PartialEq, Eq)]
pub struct Match<'r, 'p> {
    pub resource_path: &'r str,
    pub method: u32,
    /// Names and values as they stand in the path, still percent-encoded.
    pub parameters: Vec<(&'r str, &'p str)>,
}

impl Routes {
    /// With what each method is, by its path and verb. Gives the methods in the order in which they are numbered.
    pub(crate) fn of<'a, M>(
        methods: impl IntoIterator<Item = (&'a str, &'a str, M)>,
    ) -> (Self, Vec<M>) {
        let mut sorted: BTreeMap<(Vec<&str>, &str), BTreeMap<usize, M>> = BTreeMap::new();
        for (path, verb, method) in methods {
            if let Some(place) = place(verb) {
                let resource = sorted.entry((segments(path).collect(), path)).or_default();
                resource.entry(place).or_insert(method);
            }
        }
        let mut routes = Self::default();
        let mut numbered = Vec::new();
        for ((_, path), methods) in sorted {
            let verbs = methods.keys().fold(0, |verbs, place| verbs | 1 << place);
            routes.paths.push_str(path);
            routes.resources.push((path.len() as u32, verbs));
            numbered.extend(methods.into_values());
        }
        (routes, numbered)
    }
}

impl Router {
    pub(crate) fn of_resources(routes: Routes) -> Result<Self, &'static str> {
        Self::of(routes, Kind::Resources)
    }

    pub(crate) fn of_routes(routes: Routes, default: Option<u32>) -> Result<Self, &'static str> {
        Self::of(routes, Kind::Routes { default })
    }

    fn of(Routes { paths, resources }: Routes, kind: Kind) -> Result<Self, &'static str> {
        let mut routes = Vec::with_capacity(resources.len());
        let (mut begin, mut first_method) = (0, 0);
        for (length, verbs) in resources {
            let end = begin + length as usize;
            if !paths.is_char_boundary(end) {
                return Err("a path ends where it cannot");
            }
            routes.push(Route {
                path: begin..end,
                verbs,
                first_method,
            });
            begin = end;
            first_method += verbs.count_ones();
        }
        Ok(Self {
            paths,
            routes,
            kind,
        })
    }

    /// Finds by verb and by the path after the stage, which is neither decoded nor normalised: leading slashes count as one,
    /// slashes at the end as none (of resources), and between them every slash counts.
    pub fn find<'r, 'p>(&'r self, verb: &str, path: &'p str) -> Option<Match<'r, 'p>> {
        let path = path.trim_start_matches('/');
        match self.kind {
            Kind::Resources => self.search(verb, path.trim_end_matches('/'), None, true),
            Kind::Routes { default } => {
                let ends_in_slash = Some(path.is_empty() || path.ends_with('/'));
                self.search(verb, path, ends_in_slash, false)
                    .or_else(|| self.search(verb, path, ends_in_slash, true))
                    .or_else(|| {
                        default.map(|method| Match {
                            resource_path: DEFAULT_KEY,
                            method,
                            parameters: Vec::new(),
                        })
                    })
            }
        }
    }

    fn search<'r, 'p>(
        &'r self,
        verb: &str,
        path: &'p str,
        ends_in_slash: Option<bool>,
        may_be_greedy: bool,
    ) -> Option<Match<'r, 'p>> {
        let root = Node {
            routes: 0..self.routes.len(),
            path_bytes: 0,
        };
        let mut search = Search {
            router: self,
            // `ANY` stands for the seven verbs beside it, and is none that a client could use.
            verb: 1 << place(verb).filter(|own| *own != ANY)?,
            ends_in_slash,
            may_be_greedy,
            parameters: Vec::new(),
        };
        let (route, method) = search.down(&root, path)?;
        Some(Match {
            resource_path: self.path(route),
            method,
            parameters: search.parameters,
        })
    }

    fn path(&self, route: &Route) -> &str {
        &self.paths[route.path.clone()]
    }
}

/// The place of `ANY` in [`VERBS`].
const ANY: usize = VERBS.len() - 1;

fn place(verb: &str) -> Option<usize> {
    VERBS.iter().position(|known| *known == verb)
}

fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|segment| !segment.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Builds a router from lines of a path and its verbs.
    fn router(resources: &[(&str, &[&str])]) -> Router {
        let methods = resources
            .iter()
            .flat_map(|(path, verbs)| verbs.iter().map(|verb| (*path, *verb, ())));
        Router::of_resources(Routes::of(methods).0).unwrap()
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
    fn a_route_that_matches_the_whole_path_comes_before_a_greedy_one_and_the_default_comes_last() {
        let keys = [
            "GET /pets/dog/1",
            "GET /pets/dog/{id}",
            "GET /pets/{proxy+}",
            "ANY /{proxy+}",
            "GET /{kind}/cat/2",
            "GET /slash",
            "POST /slash/",
            "ANY /any",
            "GET /any",
        ];
        let keys = keys.map(|key| key.split_once(' ').unwrap());
        let (routes, numbered) =
            Routes::of(keys.map(|(verb, path)| (path, verb, format!("{verb} {path}"))));
        let router = Router::of_routes(routes, Some(99)).unwrap();
        for (request, route, parameters) in [
            ("GET /pets/dog/1", "GET /pets/dog/1", ""),
            ("GET /pets/dog/2", "GET /pets/dog/{id}", "id=2"),
            ("GET /pets/cat/1", "GET /pets/{proxy+}", "proxy=cat/1"),
            ("GET /pets/cat/2", "GET /{kind}/cat/2", "kind=pets"),
            ("GET /pets/dog/1/x", "GET /pets/{proxy+}", "proxy=dog/1/x"),
            ("POST /test/5", "ANY /{proxy+}", "proxy=test/5"),
            ("POST /pets/dog/1", "ANY /{proxy+}", "proxy=pets/dog/1"),
            ("GET /", "$default", ""),
            ("GET /slash", "GET /slash", ""),
            ("GET /slash/", "ANY /{proxy+}", "proxy=slash/"),
            ("POST /slash/", "POST /slash/", ""),
            ("POST /slash", "ANY /{proxy+}", "proxy=slash"),
            ("GET /any", "GET /any", ""),
            ("PUT /any", "ANY /any", ""),
            ("TRACE /any", "$default", ""),
        ] {
            let (verb, path) = request.split_once(' ').unwrap();
            let found = router.find(verb, path).unwrap();
            let name = numbered
                .get(found.method as usize)
                .map_or("$default", String::as_str);
            let said: Vec<_> = found
                .parameters
                .iter()
                .map(|(n, v)| format!("{n}={v}"))
                .collect();
            assert_eq!(
                (name, said.join(",").as_str()),
                (route, parameters),
                "{request}"
            );
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
        assert_eq!(router.find("GET", "/a").unwrap().method, 0);
        assert_eq!(router.find("PUT", "/a").unwrap().method, 1);
    }

    #[test]
    fn methods_are_numbered_as_they_are_found() {
        let paths = ["/b", "/a/c", "/", "/a-", "/{p}", "/a", "/a/{q}", "/{p+}"];
        let verbs = ["PUT", "ANY", "GET"];
        let methods = paths
            .iter()
            .flat_map(|path| verbs.map(|verb| (*path, verb, (*path, verb))));
        let (routes, numbered) = Routes::of(methods);
        let router = Router::of_resources(routes).unwrap();
        assert_eq!(numbered.len(), paths.len() * verbs.len());
        for (path, verb) in &numbered {
            let asked = if *verb == "ANY" { "PATCH" } else { verb };
            let request = path.replace("{p+}", "x/y").replace(['{', '}'], "");
            let found = router.find(asked, &request).unwrap();
            assert_eq!(numbered[found.method as usize], (*path, *verb), "{path}");
        }
    }

    #[test]
    fn a_brace_in_a_request_is_no_name_of_a_resource() {
        let router = router(&[("/a/{id}", &["GET"]), ("/a/{id}/b", &["GET"])]);
        for (request, expected) in [
            ("GET /a/{id}", "/a/{id} id={id}"),
            ("GET /a/{", "/a/{id} id={"),
            ("GET /a/{id}/b", "/a/{id}/b id={id}"),
            ("GET /a/{id}/{b", "none"),
        ] {
            assert_eq!(answer(&router, request), expected, "{request}");
        }
    }

    #[test]
    fn what_is_not_a_router_is_refused() {
        for (paths, resources) in [
            ("/a", vec![(3, 1)]),
            ("/é", vec![(2, 1)]),
            ("/a", vec![(u32::MAX, 1), (u32::MAX, 1)]),
        ] {
            let paths = paths.to_owned();
            assert!(Router::of_resources(Routes { paths, resources }).is_err());
        }
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
