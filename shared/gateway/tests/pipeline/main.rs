//! Whole requests through the pipeline, in memory.
//!
//! Every text in the folder beside this one, `tests/cases`, holds many small cases, and is where a new one goes.
//! Every JSON file in this folder's own `cases` and its folders is one API: its methods, its stage, and a list of requests with what the client must get and, where a
//! backend is called, what the backend must be sent. `harness/case.rs` says what a file may hold.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod cache;
mod execution_log;
mod freshness;
mod harness;
mod hostile;
mod iam;
mod limits;
mod links;
mod paths;
mod size;
mod sockets;
mod tokens;
mod told;
mod verdicts;

use harness::Case;
use std::path::{Path, PathBuf};

#[tokio::test]
async fn every_case_answers_as_it_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pipeline/cases");
    let (mut requests, mut failed) = (0, 0);
    for path in files(&folder) {
        let text = std::fs::read_to_string(&path).unwrap();
        let name = path.strip_prefix(&folder).unwrap().display().to_string();
        let case: Case =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        let (sent, wrong) = case.run(&name).await;
        requests += sent;
        failed += wrong;
    }
    assert_eq!(failed, 0, "requests were not answered as their files say");
    assert!(requests > 200, "only {requests} requests were found");
}

#[tokio::test]
async fn every_told_case_holds() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let (mut cases, mut failed) = (0, 0);
    for path in files(&folder) {
        if path.extension().is_some_and(|extension| extension == "txt") {
            let name = path.file_name().unwrap().display().to_string();
            for (claim, case) in told::read(&name, &std::fs::read_to_string(&path).unwrap()) {
                cases += 1;
                // One that cannot even be deployed must not keep the others from being tried.
                let outcome = tokio::spawn(async move { case.run(&claim).await.1 });
                failed += outcome.await.unwrap_or(1);
            }
        }
    }
    assert_eq!(failed, 0, "of {cases} cases did not hold");
    assert!(cases > 300, "only {cases} cases were found");
}

/// All files of a folder and of those in it.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}
