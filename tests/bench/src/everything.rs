//! A stage with everything on: three authorizers and IAM, keys on a plan, models and a validator, a resource policy, a
//! cache, throttles, logs and metrics, and a canary. What is measured is how it starts.

use crate::{
    keyed,
    management::{Api, Backends, Management, STAGE, invoke_uri, text},
    upstream::AUTHORIZER,
};
use anyhow::Result;
use http::Method;
use serde_json::json;

const DEFINITION: &str = include_str!("everything.json");

const KEY: &str = "bench-key-of-a-stage-that-has-everything";

const SETTINGS: &[(&str, &str)] = &[
    ("/*/*/caching/enabled", "true"),
    ("/*/*/caching/ttlInSeconds", "300"),
    ("/*/*/throttling/rateLimit", "1000"),
    ("/*/*/throttling/burstLimit", "500"),
    ("/*/*/logging/loglevel", "INFO"),
    ("/*/*/metrics/enabled", "true"),
    ("/~1group0/POST/throttling/rateLimit", "100"),
    ("/~1group0/POST/throttling/burstLimit", "50"),
    ("/variables/colour", "green"),
];

pub(crate) async fn make(management: &Management, backends: Backends) -> Result<Api> {
    let definition = DEFINITION
        .replace("BACKEND", &backends.http.to_string())
        .replace("FUNCTION", &invoke_uri(backends.lambda_function))
        .replace("AUTHORIZER", &invoke_uri(AUTHORIZER));
    let definition = serde_json::from_str(&definition)?;
    let import = "/restapis?mode=import";
    let api = management.put(Method::POST, import, definition).await?;
    let api = Api {
        id: text(&api, "id")?,
    };
    let deployments = format!("/restapis/{}/deployments", api.id);
    let stage =
        json!({ "stageName": STAGE, "cacheClusterEnabled": true, "cacheClusterSize": "0.5" });
    management.put(Method::POST, &deployments, stage).await?;
    let role = json!({ "op": "replace", "path": "/cloudwatchRoleArn", "value": "arn:aws:iam::123456789012:role/logs" });
    let role = json!({ "patchOperations": [role] });
    management.put(Method::PATCH, "/account", role).await?;
    management.patch_stage(&api, SETTINGS).await?;
    keyed::make(management, &api, KEY).await?;
    let canary = json!({ "stageName": STAGE, "canarySettings": { "percentTraffic": 10.0, "useStageCache": true } });
    management.put(Method::POST, &deployments, canary).await?;
    Ok(api)
}
