//! A REST API with an authorizer before it that reads tokens.

use super::NOW;
use super::issuers::{Issuers, POOL};
use crate::harness::{Answer, Bench, Stopped, arrival, definition, merge, mock};
use postern_gateway::{Gateway, Settings, TokenSettings, World};
use postern_store::Embedded;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// An API with an authorizer before it, and its issuers.
pub(super) struct Guarded {
    pub(super) bench: Bench,
    pub(super) gateway: Arc<Gateway>,
    pub(super) issuers: Arc<Issuers>,
    pub(super) clock: Arc<Stopped>,
}

impl Guarded {
    pub(super) async fn by(authorizer: Value, settings: TokenSettings) -> Self {
        Self::with_policy(authorizer, settings, Value::Null).await
    }

    pub(super) async fn with_policy(
        authorizer: Value,
        settings: TokenSettings,
        policy: Value,
    ) -> Self {
        let clock = Stopped::at(NOW);
        let store = Embedded::memory(clock.clone()).unwrap();
        let bench = Bench::over(store.clone(), clock.clone());
        let mut whole = json!({"id": "guard", "name": "guard", "identitySource": "method.request.header.Authorization"});
        merge(&mut whole, &authorizer);
        let kind = whole["type"].clone();
        let method = |scopes: Value| {
            let mut method = mock(
                "$context.authorizer.claims.sub $context.authorizer.claims['custom:role'] $context.authorizer.claims.exp $!context.authorizer.claims.groups",
            );
            let members = json!({"authorizationType": kind, "authorizerId": "guard", "authorizationScopes": scopes});
            merge(&mut method, &members);
            method
        };
        let methods = BTreeMap::from([
            ("GET /plain".to_owned(), method(Value::Null)),
            (
                "GET /scoped".to_owned(),
                method(json!(["pets/read", "pets/write"])),
            ),
        ]);
        let api = if policy.is_null() {
            json!({})
        } else {
            json!({"policy": policy.to_string()})
        };
        let mut definition = definition(&api, &methods);
        definition
            .authorizers
            .push(serde_json::from_value(whole).unwrap());
        bench.deploy("d1", &definition).await;
        bench.stage(&json!({})).await;
        let issuers = Arc::new(Issuers::new());
        let world = World {
            store,
            backend: issuers.clone(),
            clock: clock.clone(),
            journal: bench.journal.clone(),
        };
        let settings = Settings {
            tokens: settings,
            ..Settings::of("123456789012", "eu-west-1")
        };
        Self {
            gateway: Arc::new(Gateway::new(world, settings)),
            bench,
            issuers,
            clock,
        }
    }

    pub(super) async fn of_pool() -> Self {
        Self::by(pool(), TokenSettings::default()).await
    }

    /// Status, type and body of the answer to somebody who brings this.
    pub(super) async fn get(
        &self,
        path: &str,
        authorization: Option<&str>,
    ) -> (u16, String, String) {
        let headers: Vec<_> = authorization
            .map(|value| ("authorization", value))
            .into_iter()
            .collect();
        let answer = self
            .gateway
            .answer(arrival(&format!("GET /dev{path}"), &headers, ""))
            .await;
        let answer = Answer::of(answer).await;
        let (status, kind, _) = answer.refusal();
        (status, kind.to_owned(), answer.body)
    }

    pub(super) async fn status(&self, path: &str, token: &str) -> u16 {
        self.get(path, Some(token)).await.0
    }

    pub(super) fn id_token(&self, key: &str) -> String {
        self.issuers.token(key, &id_claims())
    }

    pub(super) async fn forward(&self, seconds: u64) {
        self.clock.forward(Duration::from_secs(seconds));
        // What goes on beside requests gets its turn.
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
    }
}

pub(super) fn pool() -> Value {
    json!({"type": "COGNITO_USER_POOLS", "providerARNs": ["arn:aws:cognito-idp:eu-west-1:1:userpool/eu-west-1_other", "arn:aws:cognito-idp:eu-west-1:1:userpool/eu-west-1_pool"]})
}

pub(super) fn id_claims() -> Value {
    json!({"iss": POOL, "aud": "client", "token_use": "id", "sub": "ann", "custom:role": "admin", "groups": ["a", "b"], "iat": NOW, "exp": NOW + 100_000})
}

pub(super) fn access_claims() -> Value {
    json!({"iss": POOL, "client_id": "client", "token_use": "access", "sub": "ann", "scope": "openid pets/read", "iat": NOW, "exp": NOW + 100_000})
}
