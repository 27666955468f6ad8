//! Callers who sign: who passes, how each refusal is answered, and what a request costs.

mod allowed;
mod cost;
mod forged;
mod proven;
mod signing;

pub(crate) use proven::proven;
pub(crate) use signing::ann;

use crate::harness::{API, Answer, Bench, Stopped, definition, merge, mock};
use postern_gateway::Arrival;
use postern_plan::credential::{Credential, Principal, credential_key, principal_key};
use postern_store::{Condition, Embedded, Store, Write, encode};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// 2024-08-07 18:37:12 UTC.
pub(crate) const NOW: u64 = 1_723_055_832;
pub(crate) const ANN: &str = "AKIAPOSTERNTESTANN01";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
pub(crate) const ANN_ARN: &str = "arn:aws:iam::123456789012:user/ann";

pub(crate) fn credential(id: &str, arn: &str) -> Credential {
    Credential {
        access_key_id: id.to_owned(),
        secret_access_key: SECRET.to_owned(),
        session_token: None,
        principal: arn.to_owned(),
        arn: arn.to_owned(),
        account_id: arn.split(':').nth(4).unwrap().to_owned(),
        user_id: "AIDAEXAMPLE".to_owned(),
        organization_id: Some("o-1".to_owned()),
        tags: [("team".to_owned(), "pets".to_owned())].into(),
        enabled: true,
        created_at: 0,
        rotated_at: None,
        expires_at: None,
    }
}

pub(crate) fn principal(arn: &str, policies: &[Value]) -> Principal {
    let named = policies.iter().enumerate();
    Principal {
        arn: arn.to_owned(),
        account_id: arn.split(':').nth(4).unwrap().to_owned(),
        user_id: "AIDAEXAMPLE".to_owned(),
        organization_id: None,
        tags: [].into(),
        policies: named
            .map(|(number, policy)| (format!("p{number}"), policy.to_string()))
            .collect(),
        created_at: 0,
    }
}

fn statement(effect: &str, resource: &str) -> Value {
    json!({"Version": "2012-10-17", "Statement": {
        "Effect": effect, "Action": "execute-api:Invoke", "Resource": format!("arn:aws:execute-api:eu-west-1:123456789012:{API}/{resource}"),
    }})
}

pub(crate) async fn put(store: &Store, credential: &Credential) {
    let key = credential_key(&credential.access_key_id);
    let write = Write::put(key, encode(credential), Condition::Always);
    store.definitions.write(write).await.unwrap();
}

pub(crate) async fn put_principal(store: &Store, principal: &Principal) {
    let key = principal_key(&principal.arn);
    let write = Write::put(key, encode(principal), Condition::Always);
    store.definitions.write(write).await.unwrap();
}

/// An API whose `/pets` and `/a/{proxy+}` want signatures, and Ann, who may GET anything but `/a/secret`.
async fn bench_over(store: Store, clock: Arc<Stopped>, api: &Value) -> Bench {
    let answer = "$context.identity.userArn $context.identity.accountId $context.identity.caller $context.identity.accessKey $context.identity.principalOrgId";
    let mut method = mock(answer);
    merge(&mut method, &json!({"authorizationType": "AWS_IAM"}));
    let methods: BTreeMap<_, _> = ["GET /pets", "POST /pets", "DELETE /pets", "ANY /a/{proxy+}"]
        .into_iter()
        .map(|target| (target.to_owned(), method.clone()))
        .collect();
    let bench = Bench::over(store, clock);
    bench.deploy("d1", &definition(api, &methods)).await;
    bench.stage(&json!({})).await;
    put(&bench.store, &credential(ANN, ANN_ARN)).await;
    let may = [
        statement("Allow", "dev/GET/*"),
        statement("Allow", "dev/POST/*"),
        statement("Deny", "dev/*/a/secret"),
    ];
    put_principal(&bench.store, &principal(ANN_ARN, &may)).await;
    bench
}

async fn bench() -> (Bench, Arc<Stopped>) {
    let clock = Stopped::at(NOW);
    let store = Embedded::memory(clock.clone()).unwrap();
    (bench_over(store, clock.clone(), &json!({})).await, clock)
}

async fn answer(bench: &Bench, arrival: Arrival) -> Answer {
    Answer::of(bench.gateway.answer(arrival).await).await
}
