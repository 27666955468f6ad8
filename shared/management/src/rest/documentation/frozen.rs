//! The parts that a documentation version froze.
//!
//! They are kept as lists of parts, each list an item, under an id of their own: they are written before the version that
//! names them, so that nobody sees a version without them, and those of a version that was not made in the end are nobody's.

use crate::definitions::Definitions;
use crate::ids;
use crate::wire::Failure;
use postern_definition::ApiId;
use postern_definition::rest::DocumentationPart;
use postern_plan::api_partition;
use postern_store::{BODY_BYTES_MAX, Condition, Key, Write, encode};
use serde::{Deserialize, Serialize};

/// What a version knows of the parts that it froze.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Frozen(String);

impl Frozen {
    pub(super) async fn save(
        definitions: Definitions<'_>,
        api: &ApiId,
        parts: &[DocumentationPart],
    ) -> Result<Self, Failure> {
        let frozen = Self(ids::random(ids::LONG));
        let prefix = frozen.prefix();
        for (number, list) in lists(parts).into_iter().enumerate() {
            let key = Key::new(api_partition(api), format!("{prefix}{number:05}"));
            let write = Write::put(key, encode(&list), Condition::Always);
            definitions.table().write(write).await?;
        }
        Ok(frozen)
    }

    /// What an export of a stage says of it, when the stage names a documentation version.
    #[cfg_attr(not(test), expect(dead_code, reason = "nothing exports a stage yet"))]
    pub(super) async fn load(
        &self,
        definitions: Definitions<'_>,
        api: &ApiId,
    ) -> Result<Vec<DocumentationPart>, Failure> {
        let items = definitions.all(&api_partition(api), &self.prefix()).await?;
        let mut parts = Vec::new();
        for item in &items {
            parts.extend(postern_store::decode::<Vec<DocumentationPart>>(item)?);
        }
        Ok(parts)
    }

    pub(super) async fn delete(
        &self,
        definitions: Definitions<'_>,
        api: &ApiId,
    ) -> Result<(), Failure> {
        for item in definitions.all(&api_partition(api), &self.prefix()).await? {
            let write = Write::delete(item.key, Condition::Always);
            definitions.table().write(write).await?;
        }
        Ok(())
    }

    fn prefix(&self) -> String {
        format!("documentation#{}#", self.0)
    }
}

/// Parts in lists that fit an item each, as their JSON is; deflated they take less.
fn lists(parts: &[DocumentationPart]) -> Vec<&[DocumentationPart]> {
    let mut lists = Vec::new();
    let mut from = 0;
    let mut bytes = 0;
    for (place, part) in parts.iter().enumerate() {
        // A part that is an item by itself is one here too.
        let more = serde_json::to_vec(part).map_or(0, |json| json.len()) + 2;
        if bytes + more > BODY_BYTES_MAX && place > from {
            lists.push(&parts[from..place]);
            from = place;
            bytes = 0;
        }
        bytes += more;
    }
    if from < parts.len() {
        lists.push(&parts[from..]);
    }
    lists
}

#[cfg(test)]
mod tests {
    use super::*;
    use postern_store::{Embedded, SystemClock};
    use std::sync::Arc;

    fn part(number: usize, bytes: usize) -> DocumentationPart {
        let location = serde_json::json!({"type": "RESOURCE", "path": format!("/{number}")});
        DocumentationPart {
            id: format!("p{number:05}"),
            location: serde_json::from_value(location).unwrap(),
            properties: format!(r#"{{"description":"{}"}}"#, "x".repeat(bytes)),
        }
    }

    #[tokio::test]
    async fn what_is_frozen_comes_back_and_can_be_deleted() {
        let table = Embedded::memory(Arc::new(SystemClock)).unwrap().definitions;
        let definitions = Definitions::new(&*table);
        let api = ApiId::from("a1b2c3d4e5");
        for (count, bytes, items) in [(0, 0, 0), (3, 10, 1), (2_000, 400, 3), (3, 380_000, 3)] {
            let parts: Vec<_> = (0..count).map(|number| part(number, bytes)).collect();
            let frozen = Frozen::save(definitions, &api, &parts).await.unwrap();
            assert_eq!(frozen.load(definitions, &api).await.unwrap(), parts);
            let all = || definitions.all("restapi#a1b2c3d4e5", "documentation#");
            assert_eq!(all().await.unwrap().len(), items, "{count} of {bytes}");
            frozen.delete(definitions, &api).await.unwrap();
            assert!(all().await.unwrap().is_empty());
        }
    }
}
