//! What documentation parts say of the places of a document.

use crate::document::{Document, Limits};
use crate::tree::{Fields, Members, Tree};
use postern_definition::rest::{
    DocumentationPart, DocumentationPartLocation, DocumentationPartType as Part,
};
use std::collections::HashMap;

/// Parts by where they are about exactly: a part about many places is not repeated at each of them.
pub(super) struct Documented<'a> {
    parts: HashMap<Key<'a>, &'a DocumentationPart>,
}

type Key<'a> = (u8, [Option<&'a str>; 4]);

/// A method, and perhaps one of its responses.
#[derive(Clone, Copy)]
pub(super) struct Spot<'t> {
    pub(super) path: &'t str,
    pub(super) method: &'t str,
    pub(super) status_code: Option<&'t str>,
}

impl<'a> Documented<'a> {
    pub(super) fn new(parts: &'a [DocumentationPart]) -> Self {
        let key = |location: &'a DocumentationPartLocation| {
            let places = [
                location.path.as_deref(),
                location.method.as_deref(),
                location.status_code.as_deref(),
                location.name.as_deref(),
            ];
            (location.kind as u8, places)
        };
        Self {
            parts: parts
                .iter()
                .map(|part| (key(&part.location), part))
                .collect(),
        }
    }

    fn properties(&self, kind: Part, places: [Option<&str>; 4]) -> Option<Tree> {
        let part = self.parts.get(&(kind as u8, places))?;
        parsed(&part.properties)
    }

    /// What belongs into `info`, beside what the API itself says.
    pub(super) fn api(&self) -> Members {
        match self.properties(Part::Api, [None; 4]) {
            Some(Tree::Object(members)) => members
                .into_iter()
                .find_map(|(name, value)| match value {
                    Tree::Object(info) if name == "info" => Some(info),
                    _ => None,
                })
                .unwrap_or_default(),
            _ => Members::new(),
        }
    }

    pub(super) fn resource(&self, path: &str, into: &mut Fields) {
        let places = [Some(path), None, None, None];
        self.put(Part::Resource, places, &["summary", "description"], into);
    }

    pub(super) fn method(&self, spot: Spot<'_>, into: &mut Fields) {
        let places = [Some(spot.path), Some(spot.method), None, None];
        self.put(Part::Method, places, &["summary", "description"], into);
    }

    /// A parameter, a body, a response or a header of one.
    pub(super) fn description(
        &self,
        kind: Part,
        spot: Spot<'_>,
        name: Option<&str>,
    ) -> Option<String> {
        let places = [Some(spot.path), Some(spot.method), spot.status_code, name];
        let properties = self.properties(kind, places)?;
        properties.get("description")?.as_text().map(str::to_owned)
    }

    pub(super) fn named(&self, kind: Part, name: &str) -> Option<String> {
        let properties = self.properties(kind, [None, None, None, Some(name)])?;
        properties.get("description")?.as_text().map(str::to_owned)
    }

    fn put(&self, kind: Part, places: [Option<&str>; 4], names: &[&str], into: &mut Fields) {
        let Some(properties) = self.properties(kind, places) else {
            return;
        };
        for name in names {
            into.maybe(name, properties.get(name).and_then(Tree::as_text));
        }
    }
}

/// JSON that the definition holds as text.
pub(super) fn parsed(json: &str) -> Option<Tree> {
    let document = Document::read(json.as_bytes(), &Limits::default()).ok()?;
    Some(Tree::of(document.root()))
}
