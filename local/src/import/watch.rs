//! Importing again when a file changes.
//!
//! By looking, several times a second: editors replace files rather than change them, which is more than a watch on a file sees,
//! and a handful of looks costs nothing.

use super::Imports;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

const EVERY: Duration = Duration::from_millis(250);

/// A file, and what it was when it was looked at last.
pub(super) type Seen = (PathBuf, Option<State>);

type State = (SystemTime, u64);

/// To be taken before the files are read, so that no change is missed.
pub(super) fn seen(files: Vec<PathBuf>) -> Vec<Seen> {
    let files = files.into_iter();
    files
        .map(|file| {
            let state = state(&file);
            (file, state)
        })
        .collect()
}

pub(super) async fn watch(mut imports: Imports, mut files: Vec<Seen>) {
    loop {
        tokio::time::sleep(EVERY).await;
        for (file, seen) in &mut files {
            let now = state(file);
            // A file that is gone is about to be there again.
            if now.is_some() && now != *seen {
                *seen = now;
                imports.take(file).await;
            }
        }
    }
}

fn state(file: &Path) -> Option<State> {
    let metadata = std::fs::metadata(file).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}
