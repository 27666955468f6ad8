//! A way from the gateway into subnets of a private network.

use crate::Map;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VpcLink {
    /// As ISO 8601 has it, to the second.
    pub created_date: String,
    pub name: String,
    pub security_group_ids: Vec<String>,
    pub subnet_ids: Vec<String>,
    #[serde(default)]
    pub tags: Map<String>,
    pub vpc_link_id: String,
    pub vpc_link_status: String,
    pub vpc_link_status_message: String,
    pub vpc_link_version: String,
}
