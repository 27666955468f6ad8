//! Where the management APIs and the gateway meet in the definitions table.
//!
//! Everything of one API lives in one partition. The management APIs write stages as documents and snapshots through
//! [`crate::Snapshot`]; the gateway reads just these.

use postern_definition::{ApiId, StageName};
use postern_store::Key;

/// The partition that holds everything of one REST API but the API's own item.
pub fn api_partition(api: &ApiId) -> String {
    format!("restapi#{api}")
}

/// What the sort keys of an API's stages begin with.
pub fn stage_sort_prefix() -> &'static str {
    "stage#"
}

/// The item of a stage: a [`postern_definition::rest::Stage`] document.
pub fn stage_key(api: &ApiId, stage: &StageName) -> Key {
    Key::new(
        api_partition(api),
        format!("{}{stage}", stage_sort_prefix()),
    )
}
