//! What a deployment froze, as it is stored.

use crate::Defect;
use postern_definition::rest::Definition;
use postern_definition::{ApiId, DeploymentId};
use postern_store::{StoreError, Table};

/// A frozen API, checked and compressed, ready to be stored.
pub struct Snapshot {}

impl Snapshot {
    /// Checks everything, and reports every defect.
    pub fn freeze(definition: &Definition) -> Result<Self, Vec<Defect>> {
        let _ = definition;
        Ok(Self {})
    }

    /// Stores all parts. Until the deployment's own item is written, nobody looks for them.
    pub async fn save(
        &self,
        table: &dyn Table,
        api: &ApiId,
        deployment: &DeploymentId,
    ) -> Result<(), StoreError> {
        let _ = (table, api, deployment);
        Ok(())
    }

    /// Deletes all parts of a deployment's snapshot, as many as there are.
    pub async fn delete(
        table: &dyn Table,
        api: &ApiId,
        deployment: &DeploymentId,
    ) -> Result<(), StoreError> {
        let _ = (table, api, deployment);
        Ok(())
    }
}
