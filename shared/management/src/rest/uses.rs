//! Which methods use a part, for what is used may not be deleted.

use crate::definitions::Edit;
use crate::wire::Failure;
use postern_definition::ResourceId;
use postern_definition::rest::Method;

/// As many as a message names.
const NAMED_MAX: usize = 20;

/// The methods of an API of which something holds, as messages name them: the root's `ANY` is `//ANY`.
pub(super) async fn methods(
    edit: &Edit<'_>,
    uses: impl Fn(&Method) -> bool,
) -> Result<Option<String>, Failure> {
    let definitions = edit.definitions();
    let users: Vec<(ResourceId, String)> = definitions
        .methods(edit.id())
        .await?
        .into_iter()
        .filter(|(_, method)| uses(method))
        .map(|(resource, method)| (resource, method.http_method))
        .take(NAMED_MAX)
        .collect();
    let mut names = Vec::new();
    for (id, verb) in users {
        let resource = definitions.resource(edit.id(), &id).await?;
        let path = resource.map_or_else(|| id.to_string(), |resource| resource.path);
        names.push(format!("{path}/{verb}"));
    }
    Ok((!names.is_empty()).then(|| names.join(", ")))
}
