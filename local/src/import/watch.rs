//! Importing again when a file changes.
//!
//! By looking, several times a second: editors replace files rather than change them, which is more than a watch on a file sees,
//! and a handful of looks costs nothing.

use super::{Target, import_file};
use crate::command_line::ImportOptions;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

const EVERY: Duration = Duration::from_millis(250);

pub(super) async fn watch(target: Target, files: Vec<PathBuf>, how: ImportOptions) {
    let mut seen: Vec<_> = files.iter().map(|file| state(file)).collect();
    loop {
        tokio::time::sleep(EVERY).await;
        for (file, seen) in files.iter().zip(&mut seen) {
            let now = state(file);
            // A file that is gone is about to be there again.
            if now.is_some() && now != *seen {
                *seen = now;
                import_file(&target, file, &how).await;
            }
        }
    }
}

fn state(file: &Path) -> Option<(SystemTime, u64)> {
    let metadata = std::fs::metadata(file).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}
