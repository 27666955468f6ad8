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
        SignableBody::Bytes(payload),
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
