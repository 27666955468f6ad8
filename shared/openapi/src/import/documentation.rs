//! Documentation parts: from the descriptions all over a document, and from those that it lists.

use super::Importer;
use crate::document::{Kind, Node};
use crate::tree::{Fields, Tree};
use indexmap::IndexMap;
use postern_definition::rest::{
    DocumentationPart, DocumentationPartLocation, DocumentationPartType as Part,
};
use std::cell::RefCell;

/// Where a document lists its parts.
pub(super) const LISTED: &str = "x-amazon-apigateway-documentation";

/// The list itself, which may also come alone.
pub(super) const PARTS: &str = "documentationParts";

/// Parts by what they are about, which is said once.
#[derive(Default)]
pub(super) struct Documentation {
    parts: RefCell<IndexMap<Key, DocumentationPart>>,
}

type Key = (u8, [Option<String>; 4]);

/// What a part is about.
#[derive(Clone, Copy)]
pub(super) struct About<'t> {
    pub(super) kind: Part,
    pub(super) path: Option<&'t str>,
    pub(super) method: Option<&'t str>,
    pub(super) status_code: Option<&'t str>,
    pub(super) name: Option<&'t str>,
}

impl About<'_> {
    pub(super) fn new(kind: Part) -> Self {
        Self {
            kind,
            path: None,
            method: None,
            status_code: None,
            name: None,
        }
    }
}

/// All kinds of parts, with their names.
pub(crate) const KINDS: &[(&str, Part)] = &[
    ("API", Part::Api),
    ("AUTHORIZER", Part::Authorizer),
    ("MODEL", Part::Model),
    ("RESOURCE", Part::Resource),
    ("METHOD", Part::Method),
    ("PATH_PARAMETER", Part::PathParameter),
    ("QUERY_PARAMETER", Part::QueryParameter),
    ("REQUEST_HEADER", Part::RequestHeader),
    ("REQUEST_BODY", Part::RequestBody),
    ("RESPONSE", Part::Response),
    ("RESPONSE_HEADER", Part::ResponseHeader),
    ("RESPONSE_BODY", Part::ResponseBody),
];

impl Documentation {
    pub(super) fn done(&self) -> Vec<DocumentationPart> {
        self.parts.take().into_values().collect()
    }
}

impl<'a> Importer<'a> {
    /// Makes a part of those members that say something in words.
    pub(super) fn describe(&self, node: Node<'a>, about: &About<'_>, names: &[&str]) {
        let mut properties = Fields::default();
        for name in names {
            if let Some(text) = self.text(node, name).filter(|text| !text.is_empty()) {
                properties.text(*name, text);
            }
        }
        if !properties.0.is_empty() {
            self.put(about, &properties.done());
        }
    }

    /// A response must have a description: the one that exports give it where there is none says nothing.
    pub(super) fn describe_response(&self, node: Node<'a>, about: &About<'_>) {
        let filler = about.status_code.map(|status| format!("{status} response"));
        let is_filler = node.peek("description").and_then(Node::text) == filler.as_deref();
        if is_filler {
            node.get("description");
        } else {
            self.describe(node, about, &["description"]);
        }
    }

    pub(super) fn document_resource(&self, item: Node<'a>, path: &str) {
        let about = About {
            path: Some(path),
            ..About::new(Part::Resource)
        };
        self.describe(item, &about, &["summary", "description"]);
    }

    pub(super) fn document_model(&self, name: &str, description: &str) {
        let about = About {
            name: Some(name),
            ..About::new(Part::Model)
        };
        let mut properties = Fields::default();
        properties.text("description", description);
        self.put(&about, &properties.done());
    }

    /// What the document says about the API beyond its name and version.
    pub(super) fn document_api(&self) {
        let Some(info) = self.root.peek("info") else {
            return;
        };
        let mut said = Fields::default();
        for name in ["description", "termsOfService", "contact", "license"] {
            if let Some(node) = info.get(name)
                && !matches!(node.kind(), Kind::Null | Kind::List)
                && node.text() != Some("")
            {
                said.put(name, Tree::of(node.whole()));
            }
        }
        if !said.0.is_empty() {
            let mut properties = Fields::default();
            properties.put("info", said.done());
            self.put(&About::new(Part::Api), &properties.done());
        }
    }

    /// The parts that the document lists, which win over what its descriptions say of the same place.
    pub(super) fn explicit_documentation(&self) {
        let Some(documentation) = self.object(self.root, LISTED) else {
            return;
        };
        // The version is of what was exported; an import makes parts, and no version.
        documentation.get("version");
        documentation.get("createdDate");
        self.listed_parts(documentation);
    }

    pub(super) fn listed_parts(&self, owner: Node<'a>) {
        let parts = self.list(owner, PARTS);
        for part in parts.into_iter().flat_map(Node::items) {
            self.explicit_part(part);
        }
    }

    fn explicit_part(&self, part: Node<'a>) {
        let Some(location) = self.object(part, "location") else {
            self.report.wrong(
                part,
                "a documentation part has a `location` and `properties`",
            );
            return;
        };
        let kind = self.text(location, "type").unwrap_or_default();
        let Some((_, kind)) = KINDS.iter().find(|(name, _)| *name == kind) else {
            location.whole();
            let names: Vec<_> = KINDS.iter().map(|(name, _)| *name).collect();
            self.report.wrong(
                location,
                format!(
                    "a documentation part's type is one of [{}], and not `{kind}`",
                    names.join(", ")
                ),
            );
            return;
        };
        let field = |name: &str, fits: bool| {
            let text = self.text(location, name);
            if text.is_some() && !fits {
                self.report.wrong(
                    location.peek(name).unwrap_or(location),
                    format!("a documentation part of this type has no `{name}`"),
                );
            }
            text.filter(|_| fits)
        };
        let path = field("path", kind.has_path());
        let method = field("method", kind.has_method());
        let status_code = field("statusCode", kind.has_status_code());
        let name = field("name", kind.has_name());
        if kind.has_name() && name.is_none() {
            self.report
                .wrong(location, "a documentation part of this type has a `name`");
        }
        let path = path.or_else(|| kind.has_path().then(|| "/".to_owned()));
        let about = About {
            kind: *kind,
            path: path.as_deref(),
            method: method.as_deref(),
            status_code: status_code.as_deref(),
            name: name.as_deref(),
        };
        match part.get("properties").map(Node::whole) {
            Some(properties) if properties.kind() == Kind::Object => {
                self.put(&about, &Tree::of(properties));
            }
            // As the management API has it: the object's text.
            Some(properties) if properties.kind() == Kind::Text => {
                self.put_text(&about, properties.text().unwrap_or_default().to_owned());
            }
            _ => self
                .report
                .wrong(part, "a documentation part's `properties` are an object"),
        }
    }

    fn put(&self, about: &About<'_>, properties: &Tree) {
        self.put_text(about, properties.to_compact_json());
    }

    fn put_text(&self, about: &About<'_>, properties: String) {
        if self.options.ignore_documentation {
            return;
        }
        let own = |text: Option<&str>| text.map(str::to_owned);
        let location = DocumentationPartLocation {
            kind: about.kind,
            path: own(about.path),
            method: own(about.method),
            status_code: own(about.status_code),
            name: own(about.name),
        };
        let key = (
            about.kind as u8,
            [
                location.path.clone(),
                location.method.clone(),
                location.status_code.clone(),
                location.name.clone(),
            ],
        );
        let mut parts = self.documentation.parts.borrow_mut();
        if let Some(part) = parts.get_mut(&key) {
            part.properties = properties;
            return;
        }
        let id = (self.options.id)(6);
        parts.insert(
            key,
            DocumentationPart {
                id,
                location,
                properties,
            },
        );
    }
}
