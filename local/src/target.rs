//! The management API that a command speaks to: that of this process, or of another one.

use bytes::Bytes;
use http::{Request, StatusCode};
use postern_egress::{Egress, Options};
use postern_gateway::Body;
use postern_management::Management;
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
    },
}

impl Target {
    pub(crate) fn there(endpoint: String) -> Self {
        Self::There {
            client: Box::new(Egress::new(&Options::default())),
            endpoint,
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
        let message = answer["message"].as_str().map(str::to_owned);
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
            Self::There { client, endpoint } => {
                let uri = format!("{}{path}", endpoint.trim_end_matches('/'));
                let failed = |error: &dyn std::fmt::Display| {
                    format!(
                        "{endpoint} does not answer ({error}): start Postern with `postern`, or name another with --endpoint-url"
                    )
                };
                let answer = client
                    .send(request(uri)?.map(Body::from), WITHIN)
                    .await
                    .map_err(|error| failed(&error))?;
                let (head, body) = answer.into_parts();
                let body = body.collect(ANSWER_BYTES_MAX).await;
                Ok((head.status, body.map_err(|error| failed(&error))?))
            }
        }
    }
}

/// As it may stand in a path or a query.
pub(crate) fn encoded(value: impl AsRef<str>) -> String {
    percent_encoding::utf8_percent_encode(value.as_ref(), percent_encoding::NON_ALPHANUMERIC)
        .to_string()
}
