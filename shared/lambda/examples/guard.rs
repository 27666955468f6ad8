//! A function that says who may call, in whichever form an authorizer asks. The tests run it on an emulator of Lambda, beside the
//! same in other languages.

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::{Value, json};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    lambda_runtime::run(service_fn(|event: LambdaEvent<Value>| async move {
        decide(&event.payload)
    }))
    .await
}

fn decide(event: &Value) -> Result<Value, Error> {
    let word = word(event);
    if word == "throw" {
        return Err("it went wrong".into());
    }
    let context = json!({"language": "rust", "asked": event["type"]});
    if event["version"] == "2.0" {
        return Ok(json!({"isAuthorized": word == "allow", "context": context}));
    }
    let effect = if word == "allow" { "Allow" } else { "Deny" };
    let statement =
        json!({"Action": "execute-api:Invoke", "Effect": effect, "Resource": event["methodArn"]});
    Ok(json!({
        "principalId": "ann",
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "context": context,
    }))
}

/// What the caller brings: by itself, or in a header of whichever spelling.
fn word(event: &Value) -> String {
    let header = |(name, value): (&String, &Value)| {
        let is_it = name.eq_ignore_ascii_case("authorization");
        is_it.then(|| value.as_str().map(str::to_owned)).flatten()
    };
    let brought = event["authorizationToken"].as_str().map(str::to_owned);
    let headers = event["headers"].as_object();
    brought
        .or_else(|| headers?.iter().find_map(header))
        .unwrap_or_default()
}
