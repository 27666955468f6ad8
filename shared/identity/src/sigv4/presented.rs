//! What a request shows for itself, in its headers or in its query.

use super::canonical::{decoded, pairs};
use super::refusal::{is_known_algorithm, scope_faults};
use super::signature::{read_timestamp, scope, timestamp};
use super::{
    ALGORITHM, CLOCK_SKEW_SECONDS_MAX, CONTENT_HASH, DATE, EXPIRES_SECONDS_MAX, Payload, Refusal,
    Request, Rules, TOKEN,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use ring::digest::{SHA256, digest};
use std::time::{Duration, SystemTime};

/// Where a signature stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Header,
    Query,
}

/// A signature that is complete and of our time and place. Whether it is right is not known yet.
#[derive(Clone)]
pub struct Presented<'a> {
    pub(super) request: Request<'a>,
    pub(super) rules: Rules<'a>,
    pub(super) now: Duration,
    pub(super) form: Form,
    pub(super) access_key_id: String,
    pub(super) session_token: Option<String>,
    pub(super) signed_at: Duration,
    /// As names are listed: separated by semicolons.
    pub(super) signed_headers: String,
    pub(super) signature: String,
}

/// Added by a content delivery network behind the client's back.
const ADDED_ON_THE_WAY: &str = "x-amz-cf-id";

impl<'a> Presented<'a> {
    /// `now` is since 1970.
    pub fn read(request: &Request<'a>, rules: &Rules<'a>, now: Duration) -> Result<Self, Refusal> {
        let parts = parts(request)?;
        let credential = Scope::read(&parts.credential)?;
        let signed_at = parts.time.since_1970()?;
        let time = timestamp(signed_at);
        let expected = [&time[..8], rules.region, rules.service];
        let faults = scope_faults(credential.scope, expected, &time);
        if !faults.is_empty() {
            return Err(Refusal::Scope(faults));
        }
        let lasted = parts
            .expires
            .unwrap_or(Duration::from_secs(CLOCK_SKEW_SECONDS_MAX));
        // Whole seconds: a request has no finer time.
        let now = Duration::from_secs(now.as_secs());
        if signed_at.saturating_add(lasted) < now {
            return Err(Refusal::TooOld {
                signed_at,
                now,
                lasted,
            });
        }
        if signed_at > now.saturating_add(Duration::from_secs(CLOCK_SKEW_SECONDS_MAX)) {
            return Err(Refusal::TooNew { signed_at, now });
        }
        let access_key_id = credential.access_key_id.to_owned();
        let presented = Self {
            request: *request,
            rules: *rules,
            now,
            form: parts.form,
            access_key_id,
            session_token: parts.session_token,
            signed_at,
            signed_headers: parts.signed_headers,
            signature: parts.signature,
        };
        presented.check_signed_headers()?;
        Ok(presented)
    }

    /// Whose secret to look up.
    pub fn access_key_id(&self) -> &str {
        &self.access_key_id
    }

    /// What came with the access key id, where the credentials are temporary.
    pub fn session_token(&self) -> Option<&str> {
        self.session_token.as_deref()
    }

    /// Since 1970.
    pub fn signed_at(&self) -> Duration {
        self.signed_at
    }

    pub fn form(&self) -> Form {
        self.form
    }

    /// The same, with the body that was not read before it was known whose secret to look up.
    #[must_use]
    pub fn of_body(mut self, body: &'a [u8]) -> Self {
        self.request.payload = Payload::Body(body);
        self
    }

    /// The header `Authorization` as it was understood, for whoever passes the request on: of a header that says a thing twice, the
    /// next reader may take the other.
    pub fn authorization(&self) -> String {
        let time = timestamp(self.signed_at);
        format!(
            "{ALGORITHM} Credential={}/{}, SignedHeaders={}, Signature={}",
            self.access_key_id,
            scope(&time[..8], self.rules.region, self.rules.service),
            self.signed_headers,
            self.signature
        )
    }

    /// Without the host, a request could be sent to another API; without the headers that are AWS's own, or that mean
    /// something to whoever asks, it could be made to mean something else.
    fn check_signed_headers(&self) -> Result<(), Refusal> {
        let is_signed = |name: &str| {
            self.signed_headers
                .split(';')
                .any(|signed| signed.eq_ignore_ascii_case(name))
        };
        if !is_signed("host") {
            return Err(Refusal::HeaderNotSigned("host".to_owned()));
        }
        let unsigned = self
            .request
            .headers
            .keys()
            .map(http::HeaderName::as_str)
            .find(|name| {
                let is_aws = name.starts_with("x-amz-") && *name != ADDED_ON_THE_WAY;
                (is_aws || self.rules.must_sign.contains(name)) && !is_signed(name)
            });
        match unsigned {
            Some(name) => Err(Refusal::HeaderNotSigned(name.to_owned())),
            None => Ok(()),
        }
    }

    /// What the client says is the hash of the body.
    pub(super) fn declared_hash(&self) -> Option<&'a str> {
        let value = self.request.headers.get(CONTENT_HASH)?;
        value.to_str().ok()
    }
}

/// What the two forms have in common.
struct Parts {
    form: Form,
    credential: String,
    time: WrittenTime,
    /// For how long a signature in a query is good.
    expires: Option<Duration>,
    session_token: Option<String>,
    signed_headers: String,
    signature: String,
}

enum WrittenTime {
    Iso(String),
    /// The header `Date`, whose form HTTP prescribes, though some write the other.
    Http(String),
}

impl WrittenTime {
    fn since_1970(&self) -> Result<Duration, Refusal> {
        let (Self::Iso(text) | Self::Http(text)) = self;
        let http_date = || {
            let at = httpdate::parse_http_date(text).ok()?;
            at.duration_since(SystemTime::UNIX_EPOCH).ok()
        };
        let read = match self {
            Self::Iso(_) => read_timestamp(text),
            Self::Http(_) => read_timestamp(text).or_else(http_date),
        };
        read.ok_or_else(|| Refusal::Date(text.clone()))
    }
}

struct Scope<'c> {
    access_key_id: &'c str,
    /// Day, region, service, and the word at the end.
    scope: [&'c str; 4],
}

impl<'c> Scope<'c> {
    fn read(credential: &'c str) -> Result<Self, Refusal> {
        let parts: Vec<&str> = credential.split('/').collect();
        match parts[..] {
            [access_key_id, day, region, service, terminator] if !access_key_id.is_empty() => {
                Ok(Self {
                    access_key_id,
                    scope: [day, region, service, terminator],
                })
            }
            _ => Err(Refusal::Credential(credential.to_owned())),
        }
    }
}

/// The access key id that a request names, whether or not all else is there. It proves nothing.
pub fn claimed_key(request: &Request<'_>) -> Option<String> {
    let header = request.headers.get(AUTHORIZATION);
    let header = header.map(|value| String::from_utf8_lossy(value.as_bytes()));
    let in_header = header
        .filter(|value| value.starts_with("AWS4-"))
        .and_then(|value| Some(value.split_once("Credential=")?.1.to_owned()));
    let credential = in_header.or_else(|| in_query(request.query, "X-Amz-Credential"))?;
    let end = credential.find(['/', ',', ' ']);
    Some(credential[..end.unwrap_or(credential.len())].to_owned()).filter(|id| !id.is_empty())
}

fn in_query(query: &str, wanted: &str) -> Option<String> {
    pairs(query)
        .find(|(name, _)| decoded(name) == wanted)
        .map(|(_, value)| decoded(value))
}

fn parts(request: &Request<'_>) -> Result<Parts, Refusal> {
    let mut lines = request.headers.get_all(AUTHORIZATION).iter();
    let authorization = lines.next();
    // Which of two counts is not for whoever adds the second to say.
    if lines.next().is_some() {
        return Err(Refusal::Repeated("Authorization"));
    }
    let authorization = authorization.map(|value| String::from_utf8_lossy(value.as_bytes()));
    let in_query = pairs(request.query).any(|(name, _)| {
        let name = decoded(name);
        matches!(
            name.as_str(),
            "X-Amz-Algorithm" | "X-Amz-Credential" | "X-Amz-Signature"
        )
    });
    match authorization {
        Some(value) if in_query && value.starts_with(ALGORITHM) => Err(Refusal::SignedTwice),
        // What else the header may hold is meant for others.
        _ if in_query => of_query(request.query),
        Some(value) => of_header(&value, request.headers),
        None => Err(Refusal::NotSigned),
    }
}

fn of_header(value: &str, headers: &HeaderMap) -> Result<Parts, Refusal> {
    let hash = || BASE64.encode(digest(&SHA256, value.as_bytes()));
    let (algorithm, rest) = value.trim().split_once(' ').unwrap_or(("", value.trim()));
    let (mut credential, mut signature, mut signed_headers) = (None, None, None);
    for part in rest
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
    {
        let Some((name, value)) = part.split_once('=') else {
            return Err(Refusal::NotASignature { hash: hash() });
        };
        match name.trim() {
            "Credential" => credential = Some(value.trim()),
            "Signature" => signature = Some(value.trim()),
            "SignedHeaders" => signed_headers = Some(value.trim()),
            _ => {}
        }
    }
    let text = |name| {
        let value: &http::HeaderValue = headers.get(name)?;
        Some(String::from_utf8_lossy(value.as_bytes()).trim().to_owned())
    };
    let time = text(DATE)
        .map(WrittenTime::Iso)
        .or_else(|| text("date").map(WrittenTime::Http));
    let missing = [
        ("Credential", credential.is_none()),
        ("Signature", signature.is_none()),
        ("SignedHeaders", signed_headers.is_none()),
    ];
    match (credential, signature, signed_headers, time) {
        (Some(credential), Some(signature), Some(signed_headers), Some(time)) => {
            if !is_known_algorithm(algorithm) {
                return Err(Refusal::Algorithm(algorithm.to_owned()));
            }
            Ok(Parts {
                form: Form::Header,
                credential: credential.to_owned(),
                time,
                expires: None,
                session_token: text(TOKEN),
                signed_headers: signed_headers.to_owned(),
                signature: signature.to_owned(),
            })
        }
        (.., time) => Err(Refusal::HeaderIncomplete {
            missing: named(&missing),
            is_date_missing: time.is_none(),
            hash: hash(),
        }),
    }
}

/// What a query must have, in the order in which the service asks for what is missing.
const QUERY_NAMES: [&str; 6] = [
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Signature",
    "X-Amz-SignedHeaders",
    "X-Amz-Date",
    "X-Amz-Expires",
];

const QUERY_TOKEN: &str = "X-Amz-Security-Token";

fn of_query(query: &str) -> Result<Parts, Refusal> {
    let value = |wanted: &str| in_query(query, wanted);
    for wanted in QUERY_NAMES.into_iter().chain([QUERY_TOKEN]) {
        if pairs(query)
            .filter(|(name, _)| decoded(name) == wanted)
            .nth(1)
            .is_some()
        {
            return Err(Refusal::Repeated(wanted));
        }
    }
    let values = QUERY_NAMES.map(value);
    let missing: Vec<(&'static str, bool)> = QUERY_NAMES
        .into_iter()
        .zip(&values)
        .map(|(name, value)| (name, value.is_none()))
        .collect();
    let [
        Some(algorithm),
        Some(credential),
        Some(signature),
        Some(signed_headers),
        Some(date),
        Some(expires),
    ] = values
    else {
        return Err(Refusal::QueryIncomplete {
            missing: named(&missing),
        });
    };
    if !is_known_algorithm(&algorithm) {
        return Err(Refusal::Algorithm(algorithm));
    }
    let seconds = Some(&expires)
        .filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))
        .and_then(|text| text.parse().ok())
        .filter(|seconds| (1..=EXPIRES_SECONDS_MAX).contains(seconds));
    let Some(seconds) = seconds else {
        return Err(Refusal::Expires(expires));
    };
    Ok(Parts {
        form: Form::Query,
        credential,
        time: WrittenTime::Iso(date),
        expires: Some(Duration::from_secs(seconds)),
        session_token: value(QUERY_TOKEN),
        signed_headers,
        signature,
    })
}

fn named(missing: &[(&'static str, bool)]) -> Vec<&'static str> {
    missing
        .iter()
        .filter(|(_, is_missing)| *is_missing)
        .map(|(name, _)| *name)
        .collect()
}
