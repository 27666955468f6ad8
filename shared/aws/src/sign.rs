//! Signs requests for AWS services, with Signature Version 4.
//!
//! Every call of a Lambda function is signed, so this is written out rather than left to the SDK's signer: hashing by `ring`,
//! whose code for the processor at hand is twice as fast where there are no instructions for it, and keeping the key of the
//! day, which takes as much hashing as a short request, makes it less than half the work. How a request is written down and
//! hashed is `postern_identity`'s, which verifies the signatures of others with the same code.

use crate::canonical::host;
use crate::keys::Credentials;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use postern_identity::sigv4::canonical::{self, Reading};
use postern_identity::sigv4::signature::{
    self, sha256, sign, signing_key, string_to_sign, timestamp,
};
use postern_identity::sigv4::{ALGORITHM, CONTENT_HASH, DATE, TOKEN};
use ring::hmac;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

const REGION_SET: &str = "x-amz-region-set";

/// Keys kept at most. Beyond it all are let go: they are of other days, or somebody signs for very many services.
const KEYS_MAX: usize = 64;

/// What a signature is good for.
pub(crate) struct Scope<'a> {
    pub(crate) service: &'a str,
    pub(crate) region: &'a str,
    /// Since 1970.
    pub(crate) at: Duration,
}

#[derive(Default)]
pub(crate) struct Signer {
    keys: Mutex<Vec<SigningKey>>,
}

/// What credentials come down to on one day, for one service in one region.
struct SigningKey {
    credentials: Credentials,
    day: String,
    region: String,
    service: String,
    key: hmac::Key,
}

impl Signer {
    /// Adds to the headers what proves that the request comes from the owner of the credentials.
    ///
    /// What an earlier signature left is removed. Signed are the host, the content type, all `x-amz-` headers and Postern's
    /// own: what services ask for, and nothing that a proxy on the way may change.
    pub(crate) fn sign(
        &self,
        method: &Method,
        uri: &Uri,
        headers: &mut HeaderMap,
        payload: &[u8],
        credentials: &Credentials,
        scope: &Scope<'_>,
    ) -> Result<(), String> {
        for stale in [DATE, TOKEN, CONTENT_HASH, REGION_SET] {
            headers.remove(stale);
        }
        headers.remove(AUTHORIZATION);
        let Scope {
            service, region, ..
        } = *scope;
        let is_s3 = service == "s3";
        let time = timestamp(scope.at);
        let payload_hash = sha256(payload);
        headers.insert(HOST, value(HOST.as_str(), &host(uri))?);
        headers.insert(DATE, value(DATE, &time)?);
        if let Some(token) = credentials.session_token() {
            let mut token = value(TOKEN, token)?;
            token.set_sensitive(true);
            headers.insert(TOKEN, token);
        }
        if is_s3 {
            headers.insert(CONTENT_HASH, value(CONTENT_HASH, &payload_hash)?);
        }
        // S3 takes a path as the name of an object, letter by letter.
        let path = if is_s3 {
            uri.path().to_owned()
        } else {
            canonical::path(uri.path())
        };
        let query = canonical::query(uri.query().unwrap_or_default(), Reading::Decoded, |_| true);
        let mut signed: Vec<&str> = headers
            .keys()
            .map(HeaderName::as_str)
            .filter(|name| is_signed(name))
            .collect();
        signed.sort_unstable();
        let text = canonical::request(
            method.as_str(),
            &path,
            &query,
            headers,
            &signed,
            &payload_hash,
        )?;
        let day = &time[..8];
        let scoped = signature::scope(day, region, service);
        let key = self.key(credentials, day, region, service);
        let signature = sign(&key, &string_to_sign(&time, &scoped, &text));
        let authorization = format!(
            "{ALGORITHM} Credential={}/{scoped}, SignedHeaders={}, Signature={signature}",
            credentials.access_key_id(),
            signed.join(";")
        );
        headers.insert(
            AUTHORIZATION,
            value(AUTHORIZATION.as_str(), &authorization)?,
        );
        Ok(())
    }

    fn key(&self, credentials: &Credentials, day: &str, region: &str, service: &str) -> hmac::Key {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        let known = keys.iter().find(|known| {
            known.day == day
                && known.service == service
                && known.region == region
                && known.credentials.sign_like(credentials)
        });
        if let Some(known) = known {
            return known.key.clone();
        }
        let key = signing_key(credentials.secret_access_key(), day, region, service);
        if keys.len() >= KEYS_MAX {
            keys.clear();
        }
        keys.push(SigningKey {
            credentials: credentials.clone(),
            day: day.to_owned(),
            region: region.to_owned(),
            service: service.to_owned(),
            key: key.clone(),
        });
        key
    }
}

fn is_signed(name: &str) -> bool {
    name == HOST.as_str()
        || name == CONTENT_TYPE.as_str()
        || name == "content-md5"
        || name.starts_with("x-amz-")
        || name.starts_with("x-postern-")
}

fn value(name: &str, value: &str) -> Result<HeaderValue, String> {
    HeaderValue::try_from(value).map_err(|_| format!("the value for `{name}` is no header value"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sigv4::http_request::{
        self, PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest,
        SigningSettings, UriPathNormalizationMode,
    };
    use aws_sigv4::sign::v4;
    use postern_identity::{Secret, sigv4};
    use std::collections::BTreeMap;
    use std::time::SystemTime;

    const KEY: &str = "AKIDEXAMPLE";
    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
    /// 2015-08-30 12:36:00 UTC.
    const AT: Duration = Duration::from_mins(24_015_636);

    fn signed(
        method: &str,
        url: &str,
        headers: &[(&'static str, &'static str)],
        payload: &str,
        service: &str,
    ) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_static(value));
        }
        let credentials = Credentials::new(KEY, SECRET, Some("token".to_owned()), None);
        let scope = Scope {
            service,
            region: "eu-west-1",
            at: AT,
        };
        let method = method.parse().unwrap();
        let uri = url.parse().unwrap();
        Signer::default()
            .sign(
                &method,
                &uri,
                &mut map,
                payload.as_bytes(),
                &credentials,
                &scope,
            )
            .unwrap();
        map
    }

    /// The signatures were computed apart from this crate, from the description of the algorithm.
    #[test]
    fn a_signature_is_what_the_algorithm_says() {
        type Case = (
            &'static str,
            &'static str,
            &'static [(&'static str, &'static str)],
            &'static str,
            &'static str,
            &'static str,
            &'static str,
        );
        let cases: &[Case] = &[
            (
                "POST",
                "https://sqs.eu-west-1.amazonaws.com/",
                &[
                    ("content-type", "application/x-amz-json-1.0"),
                    ("x-amz-target", "AmazonSQS.SendMessage"),
                    ("accept", "application/json"),
                    ("user-agent", "any"),
                    (
                        "x-amzn-trace-id",
                        "Root=1-5759e988-bd862e3fe1be46a994272793",
                    ),
                ],
                "{}",
                "sqs",
                "content-type;host;x-amz-date;x-amz-security-token;x-amz-target",
                "9f019dd80c8823c8db47a544dd9f6453dfb2b942ae401e02d3870705257f48a9",
            ),
            (
                "POST",
                "https://lambda.eu-west-1.amazonaws.com/2015-03-31/functions/arn:aws:lambda:eu-west-1:123456789012:function:pets/invocations",
                &[],
                "",
                "lambda",
                "host;x-amz-date;x-amz-security-token",
                "906241cf8bd0abda96e91cd9534571bf2d2d3355e22621f1121eb6b4a986845d",
            ),
            (
                // What is encoded in the URL is encoded once more in what is signed.
                "POST",
                "https://lambda.eu-west-1.amazonaws.com/2015-03-31/functions/arn%3Aaws%3Alambda%3Aeu-west-1%3A123456789012%3Afunction%3Apets/invocations?Qualifier=live",
                &[],
                "",
                "lambda",
                "host;x-amz-date;x-amz-security-token",
                "ba653a71504dcb6f90a1c1f77c468de2ccaf65a489408105e978cecb6f032fe1",
            ),
            (
                // But not for S3, which also keeps empty segments.
                "GET",
                "https://s3.eu-west-1.amazonaws.com/bucket/a%20b//c?list-type=2&prefix=x%2Fy",
                &[("x-amz-content-sha256", "stale")],
                "",
                "s3",
                "host;x-amz-content-sha256;x-amz-date;x-amz-security-token",
                "4d67c98750d48dc797d2f7f136d64180ed2fb1338ede437e70d1aa4c133c8519",
            ),
            (
                // An emulator: the port belongs to the host, the query is sorted, an old signature is gone.
                "GET",
                "http://127.0.0.1:9000/a/?c&b=3&b=2",
                &[
                    ("host", "elsewhere.example"),
                    ("authorization", "Bearer of-the-client"),
                    ("x-amz-date", "20000101T000000Z"),
                    ("x-amz-security-token", "stale"),
                ],
                "",
                "dynamodb",
                "host;x-amz-date;x-amz-security-token",
                "e417ad3e7340524be042ced95b349ea6bd9b0224f121a1c46387f676bc4cbab3",
            ),
        ];
        for (method, url, headers, payload, service, names, signature) in cases {
            let found = signed(method, url, headers, payload, service);
            assert_eq!(
                found["authorization"],
                format!(
                    "AWS4-HMAC-SHA256 Credential={KEY}/20150830/eu-west-1/{service}/aws4_request, \
                     SignedHeaders={names}, Signature={signature}"
                ),
                "{url}"
            );
            assert_eq!(found["x-amz-date"], "20150830T123600Z");
            assert_eq!(found["x-amz-security-token"], "token");
        }
    }

    #[test]
    fn what_is_secret_is_not_printed() {
        let found = signed("GET", "http://a/", &[], "", "sqs");
        assert!(found["x-amz-security-token"].is_sensitive());
        assert!(!format!("{found:?}").contains(": \"token\""));
    }

    #[test]
    fn a_header_that_cannot_be_signed_is_named() {
        let mut headers = HeaderMap::new();
        headers.insert("x-amz-meta-name", HeaderValue::from_bytes(b"\xff").unwrap());
        let credentials = Credentials::new(KEY, SECRET, None, None);
        let scope = Scope {
            service: "s3",
            region: "eu-west-1",
            at: AT,
        };
        let uri = Uri::from_static("http://a/");
        assert_eq!(
            Signer::default()
                .sign(&Method::GET, &uri, &mut headers, b"", &credentials, &scope)
                .unwrap_err(),
            "the header `x-amz-meta-name` has characters that cannot be signed: use ASCII"
        );
    }

    #[test]
    fn a_kept_key_is_used_for_nothing_but_what_it_was_made_for() {
        let keys = |id: &str, secret: &str| Credentials::new(id, secret, None, None);
        let day = Duration::from_hours(24);
        let kept = Signer::default();
        for (credentials, service, region, at) in [
            (keys("id", "secret"), "sqs", "eu-west-1", AT),
            (keys("id", "secret"), "sns", "eu-west-1", AT),
            (keys("id", "secret"), "sqs", "eu-west-2", AT),
            (keys("id", "secret"), "sqs", "eu-west-1", AT + day),
            (keys("id", "other"), "sqs", "eu-west-1", AT),
            (keys("other", "secret"), "sqs", "eu-west-1", AT),
        ] {
            let scope = Scope {
                service,
                region,
                at,
            };
            let uri = Uri::from_static("http://a/");
            let signature = |signer: &Signer| {
                let mut headers = HeaderMap::new();
                signer
                    .sign(&Method::GET, &uri, &mut headers, b"", &credentials, &scope)
                    .unwrap();
                headers
            };
            let first = signature(&kept);
            assert_eq!(first, signature(&kept));
            assert_eq!(first, signature(&Signer::default()));
        }
    }

    /// What the SDK's own signer adds to the same request.
    fn signed_by_the_sdk(
        method: &str,
        url: &str,
        headers: &[(&str, &str)],
        payload: &[u8],
        credentials: &Credentials,
        scope: &Scope<'_>,
    ) -> BTreeMap<String, String> {
        let mut settings = SigningSettings::default();
        if scope.service == "s3" {
            settings.percent_encoding_mode = PercentEncodingMode::Single;
            settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
            settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        }
        let identity = aws_credential_types::Credentials::new(
            credentials.access_key_id(),
            credentials.secret_access_key(),
            credentials.session_token().map(str::to_owned),
            None,
            "test",
        )
        .into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(scope.region)
            .name(scope.service)
            .time(SystemTime::UNIX_EPOCH + scope.at)
            .settings(settings)
            .build()
            .unwrap()
            .into();
        let headers = headers.iter().copied();
        let request =
            SignableRequest::new(method, url, headers, SignableBody::Bytes(payload)).unwrap();
        let (instructions, _) = http_request::sign(request, &params).unwrap().into_parts();
        let (added, _) = instructions.into_parts();
        added
            .iter()
            .map(|header| (header.name().to_owned(), header.value().to_owned()))
            .collect()
    }

    /// Whether who verifies signatures takes one of ours.
    fn is_proven(
        method: &str,
        url: &str,
        headers: &HeaderMap,
        payload: &[u8],
        credentials: &Credentials,
        now: Duration,
    ) -> bool {
        let uri: Uri = url.parse().unwrap();
        let request = sigv4::Request {
            method,
            path: uri.path(),
            query: uri.query().unwrap_or_default(),
            headers,
            payload: sigv4::Payload::Body(payload),
        };
        let rules = sigv4::Rules {
            service: "sqs",
            region: "eu-west-1",
            unsigned_payloads: false,
            must_sign: &[],
        };
        let credential = postern_identity::Credential {
            secret_access_key: Secret::new(credentials.secret_access_key()),
            session_token: credentials.session_token().map(Secret::new),
            expires_at: None,
        };
        sigv4::verify(&request, &rules, now, |_, _| Some(credential)).is_ok()
    }

    proptest::proptest! {
        #[test]
        fn a_signature_is_the_one_that_the_sdk_makes(
            method in "(GET|POST|DELETE)",
            host in "(a\\.example|a\\.example:(80|443|8080)|127\\.0\\.0\\.1:9)",
            scheme in "https?",
            path in "(/|/[a-c/.]{0,12}|(/([a-z.~_:@!$&'()*+,;=-]|%[0-9A-F]{2}|\\.\\.|/){0,6}){1,3})",
            // Of what is no UTF-8 the SDK signs something else than it sends.
            query in "(|\\?([a-c&=+~:/?@!$'()*,;-]|%[0-7][0-9A-F]){0,14})",
            content_type in "[a-z/]{1,3}( {0,3}[;=a-z\t]{1,3}){0,2}",
            tags in proptest::collection::vec("[ -~]{0,8}", 0..3),
            payload in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..80),
            token in proptest::option::of("[a-z]{1,5}"),
            service in "(s3|sqs)",
            seconds in 0..4_000_000_000_u64,
        ) {
            let url = format!("{scheme}://{host}{path}{query}");
            let mut lines = vec![("content-type", content_type.as_str())];
            lines.extend(tags.iter().map(|tag| ("x-amz-tag", tag.as_str())));
            let mut found = HeaderMap::new();
            for (name, value) in &lines {
                found.append(*name, HeaderValue::from_str(value).unwrap());
            }
            let credentials = Credentials::new(KEY, SECRET, token, None);
            let scope = Scope { service: &service, region: "eu-west-1", at: Duration::from_secs(seconds) };
            let expected = signed_by_the_sdk(&method, &url, &lines, &payload, &credentials, &scope);
            Signer::default()
                .sign(&method.parse().unwrap(), &url.parse().unwrap(), &mut found, &payload, &credentials, &scope)
                .unwrap();
            for (name, value) in expected {
                proptest::prop_assert_eq!(&found[&name], &value, "{} {}", name, url);
            }
            // S3 alone reads a path as it is, and nobody asks us to verify for it.
            if service != "s3" {
                proptest::prop_assert!(is_proven(&method, &url, &found, &payload, &credentials, scope.at), "{}", url);
            }
        }
    }
}
