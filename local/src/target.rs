//! The management API that a command speaks to: that of this process, or of another one.

use crate::command_line::aws_settings;
use bytes::Bytes;
use http::{Request, StatusCode};
use postern_aws::Aws;
use postern_egress::{Egress, Options};
use postern_gateway::Body;
use postern_management::Management;
use postern_store::SystemClock;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

/// Of one call. An import of thousands of operations takes seconds.
const WITHIN: Duration = Duration::from_mins(5);
const ANSWER_BYTES_MAX: usize = 64 << 20;

#[derive(Clone)]
pub(crate) enum Target {
    Here(Arc<Management>),
    There {
        client: Box<Egress>,
        endpoint: String,
        /// Whoever runs this, where the environment is such that it can be known.
        signer: Option<Box<Aws>>,
        region: String,
    },
}

impl Target {
    pub(crate) fn there(endpoint: String) -> Self {
        let client = Egress::new(&Options::default());
        let settings = aws_settings(None).ok();
        let region = settings.as_ref().and_then(|found| found.region.clone());
        let signer = |settings| Box::new(Aws::new(settings, client.clone(), Arc::new(SystemClock)));
        Self::There {
            signer: settings.map(signer),
            client: Box::new(client),
            endpoint,
            region: region.unwrap_or_else(|| "us-east-1".to_owned()),
        }
    }

    /// All items of a list, page by page.
    pub(crate) async fn all(&self, path: &str) -> Result<Vec<Value>, String> {
        let and = if path.contains('?') { '&' } else { '?' };
        let first = format!("{path}{and}limit=500");
        let mut items = Vec::new();
        let mut page = self.call("GET", &first, "").await?;
        loop {
            if let Value::Array(more) = page["item"].take() {
                items.extend(more);
            }
            let Some(position) = page["position"].as_str() else {
                return Ok(items);
            };
            let next = format!("{first}&position={}", encoded(position));
            page = self.call("GET", &next, "").await?;
        }
    }

    /// The answer's members, or what the management API says is wrong.
    pub(crate) async fn call(
        &self,
        verb: &str,
        path: &str,
        body: impl Into<Bytes>,
    ) -> Result<Value, String> {
        let (status, bytes) = self.send(verb, path, body.into()).await?;
        let answer = serde_json::from_slice::<Value>(&bytes).unwrap_or(Value::Null);
        if status.is_success() {
            return Ok(answer);
        }
        // What refuses access writes it with a capital.
        let message = answer["message"].as_str().or(answer["Message"].as_str());
        let message = message.map(str::to_owned);
        Err(message.unwrap_or_else(|| format!("{verb} {path} was answered with {status}")))
    }

    async fn send(
        &self,
        verb: &str,
        path: &str,
        body: Bytes,
    ) -> Result<(StatusCode, Bytes), String> {
        let request = |uri: String| {
            Request::builder()
                .method(verb)
                .uri(uri)
                .body(body)
                .map_err(|error| format!("`{path}` cannot be asked for: {error}"))
        };
        match self {
            Self::Here(management) => {
                let (head, body) = management
                    .answer(request(path.to_owned())?)
                    .await
                    .into_parts();
                Ok((head.status, body))
            }
            Self::There {
                client,
                endpoint,
                signer,
                region,
            } => {
                let uri = format!("{}{path}", endpoint.trim_end_matches('/'));
                let failed = |error: &dyn std::fmt::Display| {
                    format!(
                        "{endpoint} does not answer ({error}): start Postern with `postern`, or name another with --endpoint-url"
                    )
                };
                let mut request = request(uri)?;
                let mut signed = false;
                loop {
                    let sent = request.clone().map(Body::from);
                    let answer = client.send(sent, WITHIN).await;
                    let (head, body) = answer.map_err(|error| failed(&error))?.into_parts();
                    // Who is asked to sign does: a laptop's Postern asks nobody, and looking for credentials takes time.
                    let wanted = head.status == StatusCode::FORBIDDEN
                        && head.headers.get("x-amzn-errortype").is_some_and(|kind| {
                            kind.as_bytes() == b"MissingAuthenticationTokenException"
                        });
                    if let Some(signer) = signer.as_ref().filter(|_| wanted && !signed) {
                        let done = signer.sign("apigateway", region, &mut request).await;
                        done.map_err(|error| {
                            format!("{endpoint} wants signed requests, and {error}")
                        })?;
                        signed = true;
                        continue;
                    }
                    let body = body.collect(ANSWER_BYTES_MAX).await;
                    return Ok((head.status, body.map_err(|error| failed(&error))?));
                }
            }
        }
    }
}

/// As it may stand in a path or a query.
pub(crate) fn encoded(value: impl AsRef<str>) -> String {
    percent_encoding::utf8_percent_encode(value.as_ref(), percent_encoding::NON_ALPHANUMERIC)
        .to_string()
}
