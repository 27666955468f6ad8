//! What callers who sign cost the store.

use super::{ANN, NOW, ann, answer, bench_over};
use crate::harness::{Stopped, Watched};
use postern_store::{Embedded, Store};
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn a_warm_request_reads_nothing_and_neither_does_a_key_that_is_tried_again() {
    let clock = Stopped::at(NOW);
    let store = Embedded::memory(clock.clone()).unwrap();
    let counted = Watched::shared(&store.definitions);
    let store = Store {
        definitions: counted.clone(),
        ..store
    };
    let bench = bench_over(store, clock.clone(), &json!({})).await;
    let send = async |id: &str, at: u64| {
        let before = counted.calls();
        let sent = ann()
            .set(|s| {
                s.id = id.to_owned();
                s.at = at;
            })
            .header("GET /dev/pets", &[], "");
        let status = answer(&bench, sent).await.status;
        (status, counted.calls() - before)
    };
    assert_eq!(send(ANN, NOW).await.0, 200);
    assert_eq!(send(ANN, NOW).await, (200, 0));
    assert_eq!(send("AKIAPOSTERNTESTBOB01", NOW).await, (403, 1));
    assert_eq!(send("AKIAPOSTERNTESTBOB01", NOW).await, (403, 0));
    // Nothing is known here of keys of other forms.
    assert_eq!(send("AKIAIOSFODNN7", NOW).await, (403, 0));
    // Later the stage, the key and the policies are read again, each once.
    clock.forward(Duration::from_secs(61));
    assert_eq!(send(ANN, NOW + 61).await, (200, 3));
    assert_eq!(send(ANN, NOW + 61).await, (200, 0));
    // While the store is away, nobody can have taken a key back.
    counted.is_away(true);
    clock.forward(Duration::from_secs(61));
    assert_eq!(send(ANN, NOW + 122).await.0, 200);
    assert_eq!(send("AKIAPOSTERNTESTBOB01", NOW + 122).await.0, 500);
}
