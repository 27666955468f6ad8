//! Flushing a stage's caches.
//!
//! The stage counts how often each was flushed. A gateway that keys what it keeps by that count finds nothing of before once it
//! has read the stage again, and nobody has to look for the entries of all gateways.

use crate::definitions::Edit;
use crate::rest::address::AtStage;
use crate::rest::missing;
use crate::wire::Failure;
use postern_definition::rest::Stage;

pub(crate) async fn data(edit: &mut Edit<'_>, at: &AtStage) -> Result<(), Failure> {
    flush(edit, at, of_data).await
}

pub(super) fn of_data(stage: &mut Stage) {
    stage.flushes.data += 1;
    // What was encrypted with it cannot be read any more, not even by whoever finds both.
    stage.cache_key = None;
}

pub(crate) async fn authorizers(edit: &mut Edit<'_>, at: &AtStage) -> Result<(), Failure> {
    flush(edit, at, |stage| stage.flushes.authorizers += 1).await
}

async fn flush(edit: &mut Edit<'_>, at: &AtStage, change: fn(&mut Stage)) -> Result<(), Failure> {
    edit.api(missing::stage)?;
    let found = edit
        .definitions()
        .stage(&at.restapi_id, &at.stage_name)
        .await?;
    let mut stage = found.ok_or_else(missing::stage)?;
    change(&mut stage);
    super::put(edit, &stage).await
}
