//! The tree of resources that paths make, and the methods on it.

use super::security::Security;
use super::validators::Validators;
use super::{Importer, operation};
use crate::document::{Kind, Node};
use postern_definition::ResourceId;
use postern_definition::rest::{Method, PathPart, Resource};
use std::collections::{BTreeSet, HashMap};

pub(super) struct Tree {
    resources: Vec<Resource>,
    methods: Vec<(ResourceId, Method)>,
    by_path: HashMap<String, usize>,
    /// The one child of a resource that stands for any segment.
    variables: HashMap<usize, String>,
}

/// Each segment is a resource, which has the whole path: their number bounds what a long path makes.
const SEGMENTS_MAX: usize = 64;

impl Tree {
    fn new(root: ResourceId) -> Self {
        let root = Resource {
            id: root,
            parent_id: None,
            path_part: None,
            path: "/".to_owned(),
            methods: BTreeSet::new(),
        };
        Self {
            resources: vec![root],
            methods: Vec::new(),
            by_path: HashMap::new(),
            variables: HashMap::new(),
        }
    }

    pub(super) fn root_id(&self) -> ResourceId {
        self.resources[0].id.clone()
    }

    pub(super) fn done(self) -> (Vec<Resource>, Vec<(ResourceId, Method)>) {
        (self.resources, self.methods)
    }

    /// The resource with that path; makes it and what lies above it where there is none.
    fn resource(
        &mut self,
        segments: &[String],
        id: &dyn Fn(usize) -> String,
    ) -> Result<usize, String> {
        if segments.len() > SEGMENTS_MAX {
            return Err(format!("A path has at most {SEGMENTS_MAX} segments"));
        }
        let mut parent = 0;
        let mut path = String::new();
        for segment in segments {
            path.push('/');
            path.push_str(segment);
            if let Some(index) = self.by_path.get(&path) {
                parent = *index;
                continue;
            }
            let part = PathPart::parse(segment).map_err(|error| error.to_string())?;
            if let Some(above) = self.resources[parent].path_part.as_deref()
                && matches!(PathPart::parse(above), Ok(PathPart::Greedy(_)))
            {
                return Err(format!(
                    "Cannot create a child of a resource with a greedy path variable: {above}"
                ));
            }
            let index = self.resources.len();
            if part.is_variable() {
                if let Some(sibling) = self.variables.get(&parent) {
                    return Err(format!(
                        "A sibling ({sibling}) of this resource already has a variable path part -- only one is allowed"
                    ));
                }
                self.variables.insert(parent, segment.clone());
            }
            self.by_path.insert(path.clone(), index);
            self.resources.push(Resource {
                id: id(6).into(),
                parent_id: Some(self.resources[parent].id.clone()),
                path_part: Some(segment.clone()),
                path: path.clone(),
                methods: BTreeSet::new(),
            });
            parent = index;
        }
        Ok(parent)
    }
}

impl<'a> Importer<'a> {
    pub(super) fn paths(&self, validators: &Validators, security: &Security) -> Tree {
        let mut tree = Tree::new((self.options.id)(10).into());
        let base = self.base_path();
        if !base.is_empty()
            && let Err(reason) = tree.resource(&base, self.options.id)
        {
            let path = format!("/{}", base.join("/"));
            self.report.error(
                self.root,
                format!("Unable to create resource at path '{path}': {reason}"),
            );
        }
        let paths = self.object(self.root, "paths");
        for (path, item) in paths.into_iter().flat_map(Node::members) {
            if path.starts_with("x-") {
                continue;
            }
            item.used();
            if !self.spend(item) {
                break;
            }
            if !path.starts_with('/') {
                item.whole();
                self.report.error(
                    item,
                    format!("Parse issue: attribute paths. Resource {path} should start with /"),
                );
                continue;
            }
            let own = path
                .split('/')
                .filter(|segment| !segment.is_empty())
                .map(str::to_owned);
            let segments: Vec<_> = base.iter().cloned().chain(own).collect();
            match tree.resource(&segments, self.options.id) {
                Ok(resource) => self.path_item(item, resource, &mut tree, validators, security),
                Err(reason) => {
                    let path = format!("/{}", segments.join("/"));
                    item.whole();
                    self.report.error(
                        item,
                        format!("Unable to create resource at path '{path}': {reason}"),
                    );
                }
            }
        }
        tree
    }

    fn path_item(
        &self,
        item: Node<'a>,
        resource: usize,
        tree: &mut Tree,
        validators: &Validators,
        security: &Security,
    ) {
        let Some(item) = self.resolved(item) else {
            return;
        };
        if item.kind() == Kind::Null {
            return;
        }
        if item.kind() != Kind::Object {
            self.report.wrong(
                item,
                format!("a path has an object, and this is {}", item.kind().name()),
            );
            return;
        }
        let path = tree.resources[resource].path.clone();
        self.document_resource(item, &path);
        for (name, node) in item.members() {
            let Some(verb) = operation::verb(name) else {
                continue;
            };
            node.used();
            let owner = &mut tree.resources[resource];
            if node.kind() != Kind::Object {
                self.report.wrong(
                    node,
                    format!(
                        "an operation is an object, and this is {}",
                        node.kind().name()
                    ),
                );
            } else if owner.methods.insert(verb.to_owned()) {
                let id = owner.id.clone();
                let place = operation::Place {
                    path: &path,
                    verb,
                    resource: &id,
                    item,
                };
                let method = self.operation(node, place, validators, security);
                tree.methods.push((id, method));
            } else {
                node.whole();
                self.report.wrong(
                    node,
                    format!("`{verb} {path}` is there already: two paths of the document are the same resource"),
                );
            }
        }
    }
}
