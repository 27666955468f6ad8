//! Whoever signs, rightly or not.

use super::{ANN, NOW, SECRET};
use crate::harness::arrival;
use http::HeaderValue;
use postern_gateway::Arrival;
use postern_identity::sigv4::canonical::{self, Reading};
use postern_identity::sigv4::signature::{
    scope, sha256, sign, signing_key, string_to_sign, timestamp,
};
use std::time::Duration;

/// How a request is signed, where it is not as it should be.
#[derive(Clone)]
pub(crate) struct Signing {
    pub(super) id: String,
    pub(super) secret: String,
    pub(super) token: Option<String>,
    pub(super) at: u64,
    pub(super) day: Option<String>,
    pub(super) region: String,
    pub(super) service: String,
    /// Of the body that is signed, where it is another than the one that is sent.
    pub(super) body: Option<String>,
    pub(super) names: Option<String>,
    pub(super) algorithm: String,
}

pub(crate) fn ann() -> Signing {
    Signing {
        id: ANN.to_owned(),
        secret: SECRET.to_owned(),
        token: None,
        at: NOW,
        day: None,
        region: "eu-west-1".to_owned(),
        service: "execute-api".to_owned(),
        body: None,
        names: None,
        algorithm: "AWS4-HMAC-SHA256".to_owned(),
    }
}

impl Signing {
    pub(super) fn set(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    fn text(&self, day: &str, canonical: &str) -> String {
        let scope = scope(day, &self.region, &self.service);
        let to_sign = string_to_sign(&self.time(), &scope, canonical);
        sign(
            &signing_key(&self.secret, day, &self.region, &self.service),
            &to_sign,
        )
    }

    fn time(&self) -> String {
        timestamp(Duration::from_secs(self.at))
    }

    fn day(&self) -> String {
        let time = self.time();
        self.day.clone().unwrap_or_else(|| time[..8].to_owned())
    }

    pub(crate) fn header(&self, request: &str, headers: &[(&str, &str)], body: &str) -> Arrival {
        let mut sent = arrival(request, headers, body);
        let mut add = |name: &'static str, value: &str| {
            sent.headers
                .insert(name, HeaderValue::from_str(value).unwrap());
        };
        add("x-amz-date", &self.time());
        if let Some(token) = &self.token {
            add("x-amz-security-token", token);
        }
        let mut names: Vec<&str> = sent.headers.keys().map(http::HeaderName::as_str).collect();
        names.sort_unstable();
        let listed = names.join(";");
        let listed = self.names.as_deref().unwrap_or(&listed);
        let names: Vec<&str> = listed.split(';').collect();
        let canonical = canonical::request(
            sent.method.as_str(),
            &canonical::path(&sent.path),
            &canonical::query(
                sent.query.as_deref().unwrap_or_default(),
                Reading::Decoded,
                |_| true,
            ),
            &sent.headers,
            &names,
            &sha256(self.body.as_deref().unwrap_or(body).as_bytes()),
        )
        .unwrap();
        let day = self.day();
        let authorization = format!(
            "{} Credential={}/{}, SignedHeaders={listed}, Signature={}",
            self.algorithm,
            self.id,
            scope(&day, &self.region, &self.service),
            self.text(&day, &canonical)
        );
        let value = HeaderValue::from_str(&authorization).unwrap();
        sent.headers.insert("authorization", value);
        sent
    }

    pub(super) fn query(&self, request: &str, expires: &str) -> Arrival {
        let mut sent = arrival(request, &[], "");
        let scope = scope(&self.day(), &self.region, &self.service).replace('/', "%2F");
        let mut query = format!(
            "X-Amz-Algorithm={}&X-Amz-Credential={}%2F{scope}&X-Amz-Date={}&X-Amz-Expires={expires}&X-Amz-SignedHeaders=host",
            self.algorithm,
            self.id,
            self.time()
        );
        if let Some(token) = &self.token {
            query = format!("{query}&X-Amz-Security-Token={token}");
        }
        if let Some(own) = &sent.query {
            query = format!("{own}&{query}");
        }
        let canonical = canonical::request(
            sent.method.as_str(),
            &canonical::path(&sent.path),
            &canonical::query(&query, Reading::Decoded, |_| true),
            &sent.headers,
            &["host"],
            &sha256(b""),
        )
        .unwrap();
        let signature = self.text(&self.day(), &canonical);
        sent.query = Some(format!("{query}&X-Amz-Signature={signature}"));
        sent
    }
}
