//! How long tokens and keys are held, and how often issuers are asked.

use super::guarded::{Guarded, id_claims, pool};
use super::{EXPIRED, NOW, with};
use postern_gateway::TokenSettings;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

#[tokio::test]
async fn a_token_is_verified_once_and_never_held_beyond_its_end() {
    let guarded = Guarded::by(
        with(pool(), &json!({"authorizerResultTtlInSeconds": 600})),
        TokenSettings::default(),
    )
    .await;
    let short = guarded
        .issuers
        .token("one", &with(id_claims(), &json!({"exp": NOW + 30})));
    let long = guarded.id_token("one");
    assert_eq!(guarded.status("/plain", &short).await, 200);
    assert_eq!(guarded.status("/plain", &long).await, 200);
    assert_eq!(guarded.issuers.times_asked(), 1);
    // The key is gone, and what was found good with it is good for its time.
    guarded.issuers.names.lock().unwrap().clear();
    guarded.forward(29).await;
    assert_eq!(guarded.status("/plain", &short).await, 200);
    guarded.forward(1).await;
    assert_eq!(guarded.get("/plain", Some(&short)).await.2, EXPIRED);
    guarded.forward(4_000).await;
    // The keys are due, which happens beside a request that has one; then the key is gone for good.
    assert_eq!(guarded.status("/plain", &long).await, 200);
    guarded.forward(601).await;
    assert_eq!(guarded.status("/plain", &long).await, 401);
}

#[tokio::test]
async fn flushing_forgets_tokens() {
    let guarded = Guarded::of_pool().await;
    let token = guarded.id_token("one");
    assert_eq!(guarded.status("/plain", &token).await, 200);
    // The key is gone, as whoever has a token of the new one finds out.
    *guarded.issuers.names.lock().unwrap() = vec!["two"];
    assert_eq!(
        guarded.status("/plain", &guarded.id_token("two")).await,
        200
    );
    assert_eq!(guarded.status("/plain", &token).await, 200);
    guarded
        .bench
        .stage(&json!({"flushes": {"authorizers": 1}}))
        .await;
    guarded.forward(100).await;
    assert_eq!(guarded.status("/plain", &token).await, 401);
}

#[tokio::test]
async fn unknown_keys_cost_one_fetch_in_a_while_and_a_new_key_is_found() {
    let guarded = Guarded::of_pool().await;
    assert_eq!(
        guarded.status("/plain", &guarded.id_token("one")).await,
        200
    );
    assert_eq!(guarded.issuers.times_asked(), 1);
    // A new key is found at once.
    *guarded.issuers.names.lock().unwrap() = vec!["one", "two"];
    assert_eq!(
        guarded.status("/plain", &guarded.id_token("two")).await,
        200
    );
    assert_eq!(guarded.issuers.times_asked(), 2);
    for kid in 0..50 {
        let token = guarded.id_token(&format!("made up {kid}"));
        assert_eq!(guarded.status("/plain", &token).await, 401);
    }
    assert_eq!(guarded.issuers.times_asked(), 2);
    guarded.forward(10).await;
    for kid in 0..50 {
        guarded
            .status("/plain", &guarded.id_token(&format!("made up {kid}")))
            .await;
    }
    assert_eq!(guarded.issuers.times_asked(), 3);
}

#[tokio::test]
async fn many_at_once_wait_for_one_fetch() {
    let guarded = Arc::new(Guarded::of_pool().await);
    let all: Vec<_> = (0..20)
        .map(|caller| {
            let guarded = guarded.clone();
            let claims = with(id_claims(), &json!({"sub": caller.to_string()}));
            let token = guarded.issuers.token("one", &claims);
            tokio::spawn(async move { guarded.status("/plain", &token).await })
        })
        .collect();
    for one in all {
        assert_eq!(one.await.unwrap(), 200);
    }
    assert_eq!(guarded.issuers.times_asked(), 1);
}

#[tokio::test]
async fn keys_outlive_their_issuer_for_a_while() {
    let settings = TokenSettings {
        outage: Duration::from_secs(3_600),
        ..TokenSettings::default()
    };
    let uncached = with(pool(), &json!({"authorizerResultTtlInSeconds": 0}));
    let guarded = Guarded::by(uncached, settings).await;
    let token = guarded.id_token("one");
    let away = |is_away| guarded.issuers.is_away.store(is_away, Ordering::SeqCst);
    // Whoever has no keys at all cannot decide, and is not asked again and again.
    away(true);
    for _ in 0..5 {
        assert_eq!(guarded.status("/plain", &token).await, 500);
    }
    assert_eq!(guarded.issuers.times_asked(), 1);
    away(false);
    guarded.forward(2).await;
    assert_eq!(guarded.status("/plain", &token).await, 200);
    assert_eq!(guarded.issuers.times_asked(), 2);
    // Within the hour nobody asks; after it, somebody asks beside a request.
    guarded.forward(3_599).await;
    assert_eq!(guarded.status("/plain", &token).await, 200);
    assert_eq!(guarded.issuers.times_asked(), 2);
    away(true);
    guarded.forward(1).await;
    assert_eq!(guarded.status("/plain", &token).await, 200);
    guarded.forward(0).await;
    assert_eq!(guarded.issuers.times_asked(), 3);
    let faults = guarded.bench.journal.faults.lock().unwrap().join("\n");
    assert!(faults.contains("keys cannot be fetched anew"), "{faults}");
    assert_eq!(guarded.status("/plain", &token).await, 200);
    guarded.forward(0).await;
    assert_eq!(guarded.issuers.times_asked(), 3);
    guarded.forward(3_599).await;
    assert_eq!(guarded.status("/plain", &token).await, 200);
    guarded.forward(1).await;
    assert_eq!(guarded.status("/plain", &token).await, 500);
    away(false);
    guarded.forward(2).await;
    assert_eq!(guarded.status("/plain", &token).await, 200);
}
