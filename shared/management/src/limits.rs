//! How many of each thing there may be. The numbers are the service's own; an operator may set others.

use crate::definitions::Edit;
use crate::wire::Failure;
use postern_plan::api_partition;

/// How many of each thing one API may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    pub resources_per_api: usize,
    pub stages_per_api: usize,
    pub authorizers_per_api: usize,
    pub documentation_parts_per_api: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            resources_per_api: 300,
            stages_per_api: 10,
            authorizers_per_api: 10,
            documentation_parts_per_api: 2_000,
        }
    }
}

impl Limits {
    /// As many as anyone wants.
    pub const NONE: Self = Self {
        resources_per_api: usize::MAX,
        stages_per_api: usize::MAX,
        authorizers_per_api: usize::MAX,
        documentation_parts_per_api: usize::MAX,
    };
}

/// Whether an API that is being edited has room for one more of what its items call by a prefix.
pub(crate) async fn room(
    edit: &Edit<'_>,
    things: &str,
    prefix: &str,
    max: usize,
) -> Result<(), Failure> {
    // Without a limit there is nothing to count.
    let room = max == usize::MAX
        || edit
            .definitions()
            .fewer_than(max, &api_partition(edit.id()), prefix)
            .await?;
    if room {
        Ok(())
    } else {
        Err(Failure::limit_exceeded(things))
    }
}
