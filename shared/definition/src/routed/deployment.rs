//! A frozen state of an API.

use crate::DeploymentId;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Deployment {
    /// Whether a change of the API made it, and nobody asked for it by name.
    pub auto_deployed: bool,
    /// As ISO 8601 has it, to the second.
    pub created_date: String,
    pub deployment_id: DeploymentId,
    pub deployment_status: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}
