//! The tree as a whole: paths that follow from parents, and what lies below a resource.

use postern_definition::ResourceId;
use postern_definition::rest::Resource;
use std::collections::HashMap;

pub(super) fn join(parent: &str, part: &str) -> String {
    match parent {
        "/" => format!("/{part}"),
        _ => format!("{parent}/{part}"),
    }
}

/// The resources by their parents.
pub(super) fn children(resources: &[Resource]) -> HashMap<&ResourceId, Vec<&Resource>> {
    let mut children: HashMap<_, Vec<_>> = HashMap::new();
    for resource in resources {
        if let Some(parent) = &resource.parent_id {
            children.entry(parent).or_default().push(resource);
        }
    }
    children
}

/// All below a resource and itself, each after its parent.
pub(super) fn subtree<'a>(top: &'a Resource, resources: &'a [Resource]) -> Vec<&'a Resource> {
    let children = children(resources);
    let mut found = vec![top];
    let mut next = 0;
    // A resource is met once: it has one parent. Should a table say otherwise, this still ends.
    while next < found.len() && found.len() <= resources.len() {
        if let Some(below) = children.get(&found[next].id) {
            found.extend(below);
        }
        next += 1;
    }
    found
}

/// The resources whose path is not what their parents' make it, as they should be.
pub(super) fn stale(resources: &[Resource]) -> Vec<Resource> {
    let mut stale = Vec::new();
    let children = children(resources);
    let roots = resources.iter().filter(|r| r.parent_id.is_none());
    let mut open: Vec<_> = roots.map(|root| (root, root.path.clone())).collect();
    while let Some((resource, path)) = open.pop() {
        for child in children.get(&resource.id).into_iter().flatten() {
            let part = child.path_part.as_deref().unwrap_or_default();
            open.push((child, join(&path, part)));
        }
        if resource.path != path {
            stale.push(Resource {
                path,
                ..resource.clone()
            });
        }
    }
    stale
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn resource(id: &str, parent: Option<&str>, path: &str) -> Resource {
        Resource {
            id: id.into(),
            parent_id: parent.map(ResourceId::from),
            path_part: parent.map(|_| id.to_owned()),
            path: path.to_owned(),
            methods: BTreeSet::new(),
        }
    }

    fn tree() -> Vec<Resource> {
        vec![
            resource("c", Some("b"), "/a/old/c"),
            resource("a", Some("root"), "/a"),
            resource("root", None, "/"),
            resource("b", Some("a"), "/a/old"),
        ]
    }

    #[test]
    fn paths_follow_from_parents() {
        let mut paths: Vec<_> = stale(&tree()).into_iter().map(|r| r.path).collect();
        paths.sort();
        assert_eq!(paths, ["/a/b", "/a/b/c"]);
    }

    #[test]
    fn a_subtree_is_listed_from_the_top() {
        let tree = tree();
        let ids = |top: usize| {
            subtree(&tree[top], &tree)
                .iter()
                .map(|r| r.id.as_str().to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(ids(1), ["a", "b", "c"]);
        assert_eq!(ids(0), ["c"]);
    }

    #[test]
    fn a_tree_that_bites_its_tail_does_not_hang() {
        let ring = [
            resource("a", Some("b"), "/a"),
            resource("b", Some("a"), "/b"),
        ];
        assert!(subtree(&ring[0], &ring).len() <= 4);
        assert!(stale(&ring).is_empty());
    }
}
