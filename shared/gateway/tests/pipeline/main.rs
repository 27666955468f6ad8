//! Whole requests through the pipeline, in memory.
//!
//! Every file in `cases` is one API: its methods, its stage, and a list of requests with what the client must get and, where a
//! backend is called, what the backend must be sent. `harness` says what a file may hold.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod freshness;
mod harness;
mod hostile;
mod size;

use harness::Case;
use std::path::Path;

#[tokio::test]
async fn every_case_answers_as_it_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pipeline/cases");
    let mut requests = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let case: Case =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        requests += case.run(&name).await;
    }
    assert!(requests > 60, "only {requests} requests were found");
}
