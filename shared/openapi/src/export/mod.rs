//! From a definition to a document, laid out as the service lays out its exports.

mod documented;
mod http;
mod integration;
mod operation;
mod schemas;
mod security;
mod settings;

pub use http::{HttpExportOptions, export_http, exported_http_version};

use crate::tree::{Fields, Tree};
use documented::Documented;
use postern_definition::rest::{Authorizer, Definition, Method, Model, RequestValidator, VERBS};
use schemas::Schemas;
use security::Schemes;
use std::collections::HashMap;

/// Which OpenAPI is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// 2.0, which was called Swagger.
    Swagger,
    /// 3.0.1
    Oas30,
}

impl Dialect {
    /// Of an export's type, as the path of the request has it.
    pub fn parse(text: &str) -> Result<Self, String> {
        match text {
            "swagger" => Ok(Self::Swagger),
            "oas30" => Ok(Self::Oas30),
            _ => Err(format!("No API exporter for type '{text}'")),
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Swagger => "swagger",
            Self::Oas30 => "oas30",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Json,
    Yaml,
}

/// What of the gateway's own is written into the document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extensions {
    pub integrations: bool,
    pub authorizers: bool,
    /// All of the above, and what concerns the API as a whole.
    pub apigateway: bool,
    pub documentation: bool,
}

impl Extensions {
    /// Of the query's `extensions`: names with commas between them. One that is not known is passed over, as is `postman`, which has
    /// no documented form.
    pub fn parse(text: &str) -> Self {
        let mut extensions = Self::default();
        for name in text.split(',').map(str::trim) {
            match name {
                "integrations" => extensions.integrations = true,
                "authorizers" => extensions.authorizers = true,
                "apigateway" => extensions.apigateway = true,
                "documentation" => extensions.documentation = true,
                _ => {}
            }
        }
        extensions
    }

    fn integrations(self) -> bool {
        self.integrations || self.apigateway
    }

    fn authorizers(self) -> bool {
        self.authorizers || self.apigateway
    }
}

/// What an exporter is told beside the definition.
#[derive(Clone, Debug)]
pub struct ExportOptions<'a> {
    pub dialect: Dialect,
    pub format: Format,
    pub extensions: Extensions,
    /// Such as `a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com`.
    pub host: &'a str,
    pub stage: &'a str,
    /// When the stage was deployed, in seconds since 1970: the version of an API that has none.
    pub deployed_at: i64,
    /// The documentation version of the stage. The parts that are written are those of the definition.
    pub documentation_version: Option<&'a str>,
}

/// The version that a document has, which is also in the name of the file that it is sent as.
pub fn exported_version(definition: &Definition, deployed_at: i64) -> String {
    let version = definition.api.version.clone();
    version.unwrap_or_else(|| date_time(deployed_at))
}

/// Such as `2017-04-20T04:08:08Z`.
fn date_time(seconds: i64) -> String {
    let moment = time::OffsetDateTime::from_unix_timestamp(seconds)
        .unwrap_or(time::OffsetDateTime::UNIX_EPOCH);
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
        moment.year(),
        u8::from(moment.month()),
        moment.day(),
        moment.hour(),
        moment.minute(),
        moment.second()
    )
}

/// Writes what a stage serves as an OpenAPI document. Refuses, in the service's words, what OpenAPI cannot say.
pub fn export(definition: &Definition, options: &ExportOptions<'_>) -> Result<String, String> {
    let tree = Exporter::new(definition, options).document()?;
    Ok(match options.format {
        Format::Json => tree.to_json(),
        Format::Yaml => tree.to_yaml(),
    })
}

struct Exporter<'a> {
    definition: &'a Definition,
    options: &'a ExportOptions<'a>,
    is_swagger: bool,
    models: HashMap<&'a str, &'a Model>,
    authorizers: HashMap<&'a str, &'a Authorizer>,
    validators: HashMap<&'a str, &'a RequestValidator>,
    documented: Documented<'a>,
    schemes: Schemes,
}

impl<'a> Exporter<'a> {
    fn new(definition: &'a Definition, options: &'a ExportOptions<'a>) -> Self {
        let models = definition.models.iter().map(|m| (m.name.as_str(), m));
        let authorizers = definition.authorizers.iter().map(|a| (a.id.as_str(), a));
        let validators = definition.request_validators.iter();
        Self {
            definition,
            options,
            is_swagger: options.dialect == Dialect::Swagger,
            models: models.collect(),
            authorizers: authorizers.collect(),
            validators: validators.map(|v| (v.id.as_str(), v)).collect(),
            documented: Documented::new(&definition.documentation_parts),
            schemes: Schemes::new(definition),
        }
    }

    fn document(&self) -> Result<Tree, String> {
        let mut document = Fields::default();
        let paths = self.paths()?;
        let schemas = Schemas::new(self).all();
        let security = self.security_schemes();
        if self.is_swagger {
            document.text("swagger", "2.0");
            document.put("info", self.info());
            document.text("host", self.options.host);
            document.text("basePath", format!("/{}", self.options.stage));
            document.put("schemes", Tree::List(vec![Tree::text("https")]));
            document.put("paths", paths);
            if !security.is_empty() {
                document.put("securityDefinitions", Tree::Object(security));
            }
            if !schemas.is_empty() {
                document.put("definitions", Tree::Object(schemas));
            }
        } else {
            document.text("openapi", "3.0.1");
            document.put("info", self.info());
            document.put("servers", self.servers());
            document.put("paths", paths);
            let mut components = Fields::default();
            if !schemas.is_empty() {
                components.put("schemas", Tree::Object(schemas));
            }
            if !security.is_empty() {
                components.put("securitySchemes", Tree::Object(security));
            }
            document.put("components", components.done());
        }
        self.settings(&mut document);
        Ok(document.done())
    }

    fn info(&self) -> Tree {
        let api = &self.definition.api;
        let version = exported_version(self.definition, self.options.deployed_at);
        let mut info = Fields::default();
        if self.is_swagger {
            info.maybe("description", api.description.as_deref());
            info.text("version", version);
            info.text("title", &api.name);
        } else {
            info.text("title", &api.name);
            info.maybe("description", api.description.as_deref());
            info.text("version", version);
        }
        for (name, value) in self.documented.api() {
            if info.0.iter().all(|(known, _)| *known != name) {
                info.put(name, value);
            }
        }
        info.done()
    }

    fn servers(&self) -> Tree {
        let mut base_path = Fields::default();
        base_path.text("default", self.options.stage);
        let mut variables = Fields::default();
        variables.put("basePath", base_path.done());
        let mut server = Fields::default();
        server.text("url", format!("https://{}/{{basePath}}", self.options.host));
        server.put("variables", variables.done());
        if let Some(endpoint) = self.endpoint() {
            server.put("x-amazon-apigateway-endpoint-configuration", endpoint);
        }
        Tree::List(vec![server.done()])
    }

    /// Resources with methods, in the order of their paths, and the methods of each in the service's order.
    fn paths(&self) -> Result<Tree, String> {
        let mut methods: HashMap<&str, Vec<&Method>> = HashMap::new();
        for (resource, method) in &self.definition.methods {
            methods.entry(resource.as_str()).or_default().push(method);
        }
        let mut resources: Vec<_> = self
            .definition
            .resources
            .iter()
            .filter(|resource| methods.contains_key(resource.id.as_str()))
            .collect();
        resources.sort_by(|a, b| a.path.cmp(&b.path));
        let mut paths = Fields::default();
        for resource in resources {
            let mut item = Fields::default();
            // Swagger's paths have no words of their own.
            if !self.is_swagger {
                self.documented.resource(&resource.path, &mut item);
            }
            let mut own = methods.remove(resource.id.as_str()).unwrap_or_default();
            own.sort_by_key(|method| VERBS.iter().position(|verb| *verb == method.http_method));
            for method in own {
                let name = match method.http_method.as_str() {
                    "ANY" => "x-amazon-apigateway-any-method".to_owned(),
                    verb => verb.to_ascii_lowercase(),
                };
                item.put(name, self.operation(resource, method)?);
            }
            paths.put(resource.path.clone(), item.done());
        }
        Ok(paths.done())
    }
}
