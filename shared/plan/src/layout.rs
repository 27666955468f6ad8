//! Where the management APIs and the gateway meet in the definitions table.
//!
//! Everything of one API lies in one partition, but for what gateways begin with, which has one of its own. The management APIs
//! write stages through [`crate::live`] and snapshots through [`crate::Snapshot`]; the gateway reads just these.

use postern_definition::{ApiId, DeploymentId, StageName};
use postern_store::Key;

/// The partition that holds everything of one API, of whichever kind, but the API's own item, and what gateways begin with.
pub fn api_partition(api: &ApiId) -> String {
    format!("restapi#{api}")
}

/// The partition of the items of all HTTP and WebSocket APIs.
pub const ROUTED_APIS: &str = "apis";

/// What the sort keys of an API's stages begin with.
pub fn stage_sort_prefix() -> &'static str {
    "stage#"
}

/// The item of a stage: a [`postern_definition::rest::Stage`] document, or a [`postern_definition::routed::Stage`] one.
pub fn stage_key(api: &ApiId, stage: &StageName) -> Key {
    Key::new(
        api_partition(api),
        format!("{}{stage}", stage_sort_prefix()),
    )
}

pub(crate) fn snapshot_sort_prefix(deployment: &DeploymentId) -> String {
    format!("snapshot#{deployment}#")
}

pub(crate) fn index_sort_prefix(deployment: &DeploymentId) -> String {
    format!("{}index#", snapshot_sort_prefix(deployment))
}

pub(crate) fn index_key(api: &ApiId, deployment: &DeploymentId, number: usize) -> Key {
    Key::new(
        api_partition(api),
        format!("{}{number:05}", index_sort_prefix(deployment)),
    )
}

pub(crate) fn body_key(api: &ApiId, deployment: &DeploymentId, number: usize) -> Key {
    Key::new(
        api_partition(api),
        format!("{}body#{number:05}", snapshot_sort_prefix(deployment)),
    )
}

/// The partition of what gateways begin with, and look at again and again. Apart from the API's other parts, so that whoever
/// reads those, all of them for a deployment, slows no gateway down.
pub(crate) fn live_partition(api: &ApiId) -> String {
    format!("live#{api}")
}

/// What the sort keys of all that a gateway begins with on a stage begin with. No stage's name has a `#`.
pub(crate) fn live_sort_prefix(stage: &StageName) -> String {
    format!("{stage}#")
}

/// `kind` is the kind of stage: whoever looks for a stage of one kind does not meet the other's.
pub(crate) fn live_stage_key(api: &ApiId, stage: &StageName, kind: &str) -> Key {
    Key::new(
        live_partition(api),
        format!("{}{kind}", live_sort_prefix(stage)),
    )
}

pub(crate) fn live_index_sort_prefix(stage: &StageName, deployment: &DeploymentId) -> String {
    format!("{}index#{deployment}#", live_sort_prefix(stage))
}
