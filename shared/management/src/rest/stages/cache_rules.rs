//! Which answers a stage's cache keeps, where that is not all of them as on AWS: how it is patched, under `/postern`.

use super::cors::list;
use crate::patch::{REMOVE, REPLACE, Row};
use postern_definition::rest::{CacheRules, Stage};

pub(super) const ALL: Row<Stage> = Row::new("/postern/cache", REMOVE, |stage, _| {
    stage.postern.cache = CacheRules::default();
    Ok(())
});

pub(super) const STATUSES: Row<Stage> =
    Row::new("/postern/cache/statuses", REPLACE, |stage, patch| {
        let form = "a status, or `4xx` for all of a class";
        stage.postern.cache.statuses = list(patch, CacheRules::is_status, form)?;
        Ok(())
    });

pub(super) const NO_STORE: Row<Stage> =
    Row::new("/postern/cache/noStore", REPLACE, |stage, patch| {
        stage.postern.cache.no_store = patch.boolean();
        Ok(())
    });
