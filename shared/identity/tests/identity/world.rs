//! A key, a service, and requests written like in HTTP/1.1.

use http::{HeaderMap, HeaderName, HeaderValue};
use postern_identity::sigv4::{Payload, Proven, Refusal, Request, Rules, verify};
use postern_identity::{Credential, Secret};
use std::time::Duration;

pub(crate) const KEY: &str = "AKIDTESTVECTOR000001";
pub(crate) const SECRET: &str = "tv0Secret/For+Unit/Tests/Only0000000001";
pub(crate) const SESSION: &str = "FwoGZXtestToken+/==";
pub(crate) const RULES: Rules<'_> = Rules {
    service: "execute-api",
    region: "eu-west-1",
    unsigned_payloads: false,
    must_sign: &[],
};
/// 2026-01-15 12:30:00 UTC.
pub(crate) const NOW: Duration = Duration::from_secs(1_768_480_200);

#[derive(Clone, Debug, Default)]
pub(crate) struct Sent {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Sent {
    /// A line that begins with a space goes on with the header before it.
    pub(crate) fn new(text: &str) -> Self {
        let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
        let mut lines = head.lines();
        let line = lines.next().unwrap();
        let (method, rest) = line.split_once(' ').unwrap();
        let target = rest.trim_end_matches(" HTTP/1.1");
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut headers: Vec<(String, String)> = Vec::new();
        for line in lines.filter(|line| !line.is_empty()) {
            if line.starts_with(' ') {
                let (_, value) = headers.last_mut().unwrap();
                value.push(' ');
                value.push_str(line.trim());
                continue;
            }
            let (name, value) = line.split_once(':').unwrap();
            headers.push((name.to_owned(), value.to_owned()));
        }
        let mut sent = Self {
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers: HeaderMap::new(),
            body: body.as_bytes().to_vec(),
        };
        for (name, value) in headers {
            sent.add(&name, &value);
        }
        sent
    }

    pub(crate) fn add(&mut self, name: &str, value: &str) {
        let name: HeaderName = name.parse().unwrap();
        self.headers.append(
            name,
            HeaderValue::from_bytes(value.trim().as_bytes()).unwrap(),
        );
    }

    pub(crate) fn request(&self) -> Request<'_> {
        Request {
            method: &self.method,
            path: &self.path,
            query: &self.query,
            headers: &self.headers,
            payload: Payload::Body(&self.body),
        }
    }

    pub(crate) fn verify(&self, token: Option<&str>) -> Result<Proven, Refusal> {
        self.verify_at(NOW, &RULES, token)
    }

    pub(crate) fn verify_at(
        &self,
        now: Duration,
        rules: &Rules<'_>,
        token: Option<&str>,
    ) -> Result<Proven, Refusal> {
        verify(&self.request(), rules, now, |key, given| {
            assert_eq!(
                given.is_some(),
                given.is_some_and(|given| !given.is_empty())
            );
            (key == KEY).then(|| credential(SECRET, token))
        })
    }
}

pub(crate) fn credential(secret: &str, token: Option<&str>) -> Credential {
    Credential {
        secret_access_key: Secret::new(secret),
        session_token: token.map(Secret::new),
        expires_at: None,
    }
}
