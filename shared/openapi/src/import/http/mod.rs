//! From a document to an HTTP API: routes instead of resources, and integrations that several routes may share.
//!
//! What the service drops when it reads a document for an HTTP API it drops with a warning, and goes on: an API may come of a
//! document of which half was not understood. Only a document that contradicts itself is refused.

mod integrations;
mod security;
mod validation;

use super::{Importer, Options, Refusal, Warning, is_date_time, readable};
use crate::document::{Kind, Node, unused};
use integrations::Integrations;
use postern_definition::routed::{
    Api, AuthorizationType, Authorizer, Cors, DEFAULT_KEY, Definition, Integration, Model, Route,
};
use security::Security;
use std::collections::{BTreeSet, HashSet};

/// What a document made, and what of it is not used.
#[derive(Clone, Debug, PartialEq)]
pub struct HttpImported {
    pub definition: Definition,
    pub warnings: Vec<Warning>,
    /// What is good OpenAPI, and means nothing to an HTTP API.
    pub info: Vec<String>,
}

/// Rules of which this library knows nothing; they say why they refuse, in the service's words.
pub struct HttpRules<'a> {
    pub integration: &'a dyn Fn(&Api, Integration) -> Result<Integration, String>,
    pub authorizer: &'a dyn Fn(&Api, &Authorizer) -> Result<(), String>,
    pub route_key: &'a dyn Fn(&Api, &str) -> Result<(), String>,
    /// The name of a parameter that a route asks for.
    pub parameter: &'a dyn Fn(&Api, &str) -> Result<(), String>,
    pub model: &'a dyn Fn(&Model) -> Result<(), String>,
}

/// Members of a document that tell people about an API, which nobody misses.
const SILENT: [&str; 8] = [
    "summary",
    "description",
    "externalDocs",
    "termsOfService",
    "contact",
    "license",
    "x-amazon-apigateway-documentation",
    "deprecated",
];
/// Members of paths that are not operations.
const OPERATIONS: [(&str, &str); 8] = [
    ("get", "GET"),
    ("put", "PUT"),
    ("post", "POST"),
    ("delete", "DELETE"),
    ("options", "OPTIONS"),
    ("head", "HEAD"),
    ("patch", "PATCH"),
    (ANY_METHOD, "ANY"),
];
const ANY_METHOD: &str = "x-amazon-apigateway-any-method";
const ID_CHARS: usize = 7;

/// Reads an OpenAPI 3 document, in JSON or YAML, into an API that has no more than its settings.
pub fn import_http(
    bytes: &[u8],
    api: Api,
    options: &Options<'_>,
    rules: &HttpRules<'_>,
) -> Result<HttpImported, Refusal> {
    let document = readable(bytes, options)?;
    let root = document.root();
    versioned(root)?;
    let importer = Importer::new(root, false, options);
    let reader = Reader { importer, rules };
    reader.run(api)
}

/// Refuses what is not OpenAPI 3.
fn versioned(root: Node<'_>) -> Result<(), Refusal> {
    let version = root.get("openapi").and_then(Node::scalar_text);
    if version.is_some_and(|version| version.starts_with("3.")) {
        return Ok(());
    }
    let mut refusal = Refusal::unreadable(root.at(), String::new(), "`openapi: 3.0.x` is missing");
    if root.kind() == Kind::Object && root.peek("swagger").is_some() {
        refusal.instead = Some("Only OpenAPI 3.x.x are currently supported".to_owned());
    }
    Err(refusal)
}

struct Reader<'a, 'r> {
    importer: Importer<'a>,
    rules: &'r HttpRules<'r>,
}

/// Where an operation is.
#[derive(Clone, Copy)]
struct Place<'p> {
    verb: &'static str,
    path: &'p str,
}

impl<'a> Reader<'a, '_> {
    fn run(self, api: Api) -> Result<HttpImported, Refusal> {
        let root = self.importer.root;
        let api = self.settings(api);
        // What lies there is used by being referred to.
        let components = self.importer.object(root, "components");
        components.and_then(|all| {
            self.importer
                .object(all, "x-amazon-apigateway-integrations")
        });
        let mut security = self.security_schemes(&api);
        let mut definition = Definition::new(api);
        definition.models = self.models();
        let mut integrations = Integrations::default();
        self.paths(&mut definition, &security, &mut integrations);
        definition.integrations = integrations.made;
        definition.authorizers = std::mem::take(&mut security.authorizers);
        let info = self.left(root);
        let (errors, warnings) = self.importer.report.done();
        if !errors.is_empty() {
            return Err(Refusal::new(errors, warnings));
        }
        Ok(HttpImported {
            definition,
            warnings,
            info,
        })
    }

    fn settings(&self, mut api: Api) -> Api {
        let (importer, root) = (&self.importer, self.importer.root);
        let info = importer.object(root, "info");
        let title = info.and_then(|info| importer.text(info, "title"));
        match title.filter(|title| !title.is_empty()) {
            Some(title) => api.name = title,
            None => importer.report.wrong(
                info.unwrap_or(root),
                "`info.title` is missing: it becomes the API's name",
            ),
        }
        let told = |name: &str| info.and_then(|info| importer.text(info, name));
        api.description = told("description").filter(|text| !text.is_empty());
        api.version = told("version").filter(|text| !text.is_empty() && !is_date_time(text));
        for tag in importer
            .list(root, "tags")
            .into_iter()
            .flat_map(Node::items)
        {
            if let Some(name) = importer.text(tag, "name") {
                let value = importer.text(tag, "x-amazon-apigateway-tag-value");
                api.tags.insert(name, value.unwrap_or_default());
            }
        }
        api.cors_configuration = importer
            .object(root, "x-amazon-apigateway-cors")
            .map(|cors| self.cors(cors));
        let servers = importer.list(root, "servers");
        for owner in servers.into_iter().flat_map(Node::items).chain([root]) {
            let name = "x-amazon-apigateway-endpoint-configuration";
            if let Some(endpoint) = importer.object(owner, name)
                && let Some(disable) = importer.boolean(endpoint, "disableExecuteApiEndpoint")
            {
                api.disable_execute_api_endpoint = disable;
            }
        }
        root.get("x-amazon-apigateway-importexport-version");
        api
    }

    fn cors(&self, cors: Node<'a>) -> Cors {
        let importer = &self.importer;
        // A single name may stand for a list of one.
        let texts = |name: &str| match cors.peek(name).map(Node::kind) {
            Some(Kind::Text) => importer.text(cors, name).map(|text| vec![text]),
            _ => importer.texts(cors, name),
        };
        Cors {
            allow_credentials: importer.boolean(cors, "allowCredentials"),
            allow_headers: texts("allowHeaders"),
            allow_methods: texts("allowMethods"),
            allow_origins: texts("allowOrigins"),
            expose_headers: texts("exposeHeaders"),
            max_age: importer.integer(cors, "maxAge"),
        }
    }

    fn paths(
        &self,
        definition: &mut Definition,
        security: &Security,
        integrations: &mut Integrations,
    ) {
        let importer = &self.importer;
        let base: String = importer
            .base_path()
            .into_iter()
            .flat_map(|segment| ["/".to_owned(), segment])
            .collect();
        let mut keys = HashSet::new();
        let paths = importer.object(importer.root, "paths");
        for (path, item) in paths.into_iter().flat_map(Node::members) {
            let Some(item) = importer.resolved(item.used()) else {
                continue;
            };
            if !importer.spend(item) {
                break;
            }
            for (name, node) in item.members() {
                let mut known = OPERATIONS.into_iter();
                let Some((_, verb)) = known.find(|(known, _)| *known == name) else {
                    continue;
                };
                node.used();
                let is_default =
                    name == ANY_METHOD && importer.boolean(node, "isDefaultRoute") == Some(true);
                if !path.starts_with('/') {
                    importer.report.warn(
                        node,
                        format!(
                            "Parse issue: attribute paths. Resource {path} should start with /"
                        ),
                    );
                    if !is_default {
                        node.whole();
                        continue;
                    }
                }
                let place = Place { verb, path };
                let key = if is_default {
                    DEFAULT_KEY.to_owned()
                } else {
                    format!("{verb} {base}{path}")
                };
                if let Err(reason) = (self.rules.route_key)(&definition.api, &key) {
                    node.whole();
                    self.dropped(node, place, &format!("Unable to create route: {reason}"));
                    continue;
                }
                if !keys.insert(key.clone()) {
                    node.whole();
                    self.dropped(node, place, "another operation makes the same route");
                    continue;
                }
                let route = self.route(node, place, key, (&*definition, security), integrations);
                definition.routes.push(route);
            }
        }
    }

    fn route(
        &self,
        node: Node<'a>,
        place: Place<'_>,
        key: String,
        (definition, security): (&Definition, &Security),
        integrations: &mut Integrations,
    ) -> Route {
        let importer = &self.importer;
        let mut route = Route {
            api_gateway_managed: false,
            api_key_required: false,
            authorization_scopes: None,
            authorization_type: AuthorizationType::None,
            authorizer_id: None,
            model_selection_expression: None,
            operation_name: importer.text(node, "operationId"),
            request_models: None,
            request_parameters: None,
            route_id: (importer.options.id)(ID_CHARS),
            route_key: key,
            route_response_selection_expression: None,
            target: None,
        };
        // Every operation has to have some, and an HTTP API has no use for them.
        if let Some(responses) = node.get("responses") {
            responses.whole();
        }
        self.validation(node, definition, &mut route);
        self.require(node, security, &mut route);
        let integration = self.integration(node, place, &definition.api, integrations);
        route.target = integration.map(|id| format!("integrations/{id}"));
        route
    }

    /// Says that an operation, or something of it, is not there in the API.
    fn dropped(&self, node: Node<'a>, place: Place<'_>, reason: &str) {
        self.importer.report.warn(
            node,
            format!(
                "Unable to import '{}' for path '{}': {reason}",
                place.verb, place.path
            ),
        );
    }

    /// What nobody looked at: extensions are warned of, and of the rest each kind is named once.
    fn left(&self, root: Node<'a>) -> Vec<String> {
        let mut kinds = BTreeSet::new();
        for node in unused(root) {
            let name = node.name();
            if name.starts_with("x-amazon-apigateway-") {
                self.importer.report.warn(
                    node,
                    format!("`{name}` is not supported for HTTP APIs and was ignored"),
                );
            } else if !SILENT.contains(&name.as_str()) && !name.starts_with("x-") {
                kinds.insert(kind_of(node));
            }
        }
        kinds
            .into_iter()
            .map(|kind| format!("`{kind}` is not used by HTTP APIs and was ignored"))
            .collect()
    }
}

/// Of what a place is one, where lists and objects have many.
fn kind_of(node: Node<'_>) -> String {
    let names = node.names();
    match names.first().map(String::as_str) {
        Some("components") => names.into_iter().take(2).collect::<Vec<_>>().join("."),
        _ => node.name(),
    }
}
