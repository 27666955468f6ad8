//! Signs a request for an AWS service, with Signature Version 4.

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings,
    UriPathNormalizationMode, sign as sign_http,
};
use aws_sigv4::sign::v4;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderName};
use http::{HeaderMap, HeaderValue, Method, Uri};
use std::time::{Duration, SystemTime};

/// What a signature is good for.
pub(crate) struct Scope<'a> {
    pub(crate) service: &'a str,
    pub(crate) region: &'a str,
    /// Since 1970.
    pub(crate) at: Duration,
}

/// Adds to the headers what proves that the request comes from the owner of the credentials.
///
/// What an earlier signature left is removed. Signed are the host, the content type and all `x-amz-` headers: what services
/// ask for, and nothing that a proxy on the way may change.
pub(crate) fn sign(
    method: &Method,
    uri: &Uri,
    headers: &mut HeaderMap,
    payload: &[u8],
    credentials: &Credentials,
    scope: &Scope<'_>,
) -> Result<(), String> {
    for stale in [
        "x-amz-date",
        "x-amz-security-token",
        "x-amz-content-sha256",
        "x-amz-region-set",
    ] {
        headers.remove(stale);
    }
    headers.remove(AUTHORIZATION);
    headers.remove(HOST);
    let identity = credentials.clone().into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(scope.region)
        .name(scope.service)
        .time(SystemTime::UNIX_EPOCH + scope.at)
        .settings(settings(scope.service))
        .build()
        .map_err(|error| error.to_string())?
        .into();
    let uri = uri.to_string();
    let signed = headers
        .iter()
        .filter(|(name, _)| is_signed(name))
        .map(|(name, value)| match value.to_str() {
            Ok(value) => Ok((name.as_str(), value)),
            Err(_) => Err(format!(
                "the header `{name}` has characters that cannot be signed: use ASCII"
            )),
        })
        .collect::<Result<Vec<_>, _>>()?;
    let request = SignableRequest::new(
        method.as_str(),
        uri.as_str(),
        signed.into_iter(),
        SignableBody::Precomputed(sha256(payload)),
    )
    .map_err(|error| error.to_string())?;
    let (instructions, _) = sign_http(request, &params)
        .map_err(|error| error.to_string())?
        .into_parts();
    let (added, _) = instructions.into_parts();
    for header in added {
        let mut value = HeaderValue::from_str(header.value())
            .map_err(|_| format!("the value for `{}` is no header value", header.name()))?;
        value.set_sensitive(header.sensitive());
        headers.insert(HeaderName::from_static(header.name()), value);
    }
    Ok(())
}

/// By `ring`, whose code for the processor at hand is twice as fast as the signer's own where there are no instructions for
/// it. The payload is most of what a signature hashes.
fn sha256(payload: &[u8]) -> String {
    let mut hex = String::with_capacity(64);
    for byte in ring::digest::digest(&ring::digest::SHA256, payload).as_ref() {
        for digit in [byte >> 4, byte & 15] {
            hex.extend(char::from_digit(digit.into(), 16));
        }
    }
    hex
}

fn is_signed(name: &HeaderName) -> bool {
    name == CONTENT_TYPE || name == "content-md5" || name.as_str().starts_with("x-amz-")
}

fn settings(service: &str) -> SigningSettings {
    let mut settings = SigningSettings::default();
    if service == "s3" {
        // S3 takes a path as the name of an object, letter by letter, and wants to be told the hash.
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    }
    settings
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let credentials = Credentials::new(KEY, SECRET, Some("token".to_owned()), None, "test");
        let scope = Scope {
            service,
            region: "eu-west-1",
            at: AT,
        };
        let method = method.parse().unwrap();
        let uri = url.parse().unwrap();
        sign(
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
        let credentials = Credentials::new(KEY, SECRET, None, None, "test");
        let scope = Scope {
            service: "s3",
            region: "eu-west-1",
            at: AT,
        };
        let uri = Uri::from_static("http://a/");
        assert_eq!(
            sign(&Method::GET, &uri, &mut headers, b"", &credentials, &scope).unwrap_err(),
            "the header `x-amz-meta-name` has characters that cannot be signed: use ASCII"
        );
    }
}
