//! Text and bytes: what the API's binary media types and an integration's content handling make of a body.

use base64::Engine;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use bytes::Bytes;
use postern_definition::rest::ContentHandling;
use std::borrow::Cow;

/// A body on its way through a gateway that looks at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Content {
    pub(crate) bytes: Bytes,
    /// Whether a template may read it.
    pub(crate) is_text: bool,
}

/// What was to be made into bytes is not base64.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("Unable to base64 decode the body")]
pub(crate) struct NotBase64;

/// Written by people and by libraries of all kinds: with padding or without.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

impl Content {
    /// A request's body on its way in. `is_binary` says whether its content type is one of the API's binary ones.
    pub(crate) fn of_request(
        body: Bytes,
        is_binary: bool,
        handling: Option<ContentHandling>,
    ) -> Result<Self, NotBase64> {
        match (is_binary, handling) {
            (false, None | Some(ContentHandling::ConvertToText)) => Ok(Self::text(body)),
            (false, Some(ContentHandling::ConvertToBinary)) => Self::decoded(&body),
            (true, None | Some(ContentHandling::ConvertToBinary)) => Ok(Self::raw(body)),
            (true, Some(ContentHandling::ConvertToText)) => Ok(Self::encoded(&body)),
        }
    }

    /// An integration's body on its way out. `is_binary` says whether its content type is one of the API's binary ones,
    /// `wants_binary` whether that holds for what the client accepts first.
    pub(crate) fn of_answer(
        body: Bytes,
        is_binary: bool,
        wants_binary: bool,
        handling: Option<ContentHandling>,
    ) -> Result<Self, NotBase64> {
        match (is_binary, handling) {
            (false, Some(ContentHandling::ConvertToText)) => Ok(Self::text(body)),
            (false, None) if !wants_binary => Ok(Self::text(body)),
            (false, None | Some(ContentHandling::ConvertToBinary)) => Self::decoded(&body),
            (true, None) if !wants_binary => Ok(Self::encoded(&body)),
            (true, Some(ContentHandling::ConvertToText)) => Ok(Self::encoded(&body)),
            (true, None | Some(ContentHandling::ConvertToBinary)) => Ok(Self::raw(body)),
        }
    }

    /// Bytes that are not UTF-8 become U+FFFD.
    pub(crate) fn text(bytes: Bytes) -> Self {
        let bytes = match String::from_utf8_lossy(&bytes) {
            Cow::Borrowed(_) => bytes,
            Cow::Owned(text) => text.into(),
        };
        Self {
            bytes,
            is_text: true,
        }
    }

    fn raw(bytes: Bytes) -> Self {
        Self {
            bytes,
            is_text: false,
        }
    }

    fn encoded(bytes: &[u8]) -> Self {
        Self {
            bytes: STANDARD.encode(bytes).into(),
            is_text: true,
        }
    }

    fn decoded(text: &[u8]) -> Result<Self, NotBase64> {
        let dense: Cow<[u8]> = if text.iter().any(u8::is_ascii_whitespace) {
            let kept = text.iter().filter(|byte| !byte.is_ascii_whitespace());
            kept.copied().collect()
        } else {
            text.into()
        };
        match LENIENT.decode(dense) {
            Ok(bytes) => Ok(Self::raw(bytes.into())),
            Err(_) => Err(NotBase64),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ContentHandling::{ConvertToBinary as ToBinary, ConvertToText as ToText};

    /// `text:` or `bytes:` and the body, or `500`.
    fn shown(payload: Result<Content, NotBase64>) -> String {
        payload.map_or_else(
            |_| "500".to_owned(),
            |payload| {
                let kind = if payload.is_text { "text" } else { "bytes" };
                format!("{kind}:{}", payload.bytes.escape_ascii())
            },
        )
    }

    #[test]
    fn a_requests_body_is_converted_as_the_table_says() {
        for (body, is_binary, handling, expected) in [
            (&b"hi"[..], false, None, "text:hi"),
            (b"h\xff", false, None, "text:h\\xef\\xbf\\xbd"),
            (b"hi", false, Some(ToText), "text:hi"),
            (b"aGk=", false, Some(ToBinary), "bytes:hi"),
            (b"aGk", false, Some(ToBinary), "bytes:hi"),
            (b"aG\r\nk=\n", false, Some(ToBinary), "bytes:hi"),
            (b"%", false, Some(ToBinary), "500"),
            (b"", false, Some(ToBinary), "bytes:"),
            (b"\xff", true, None, "bytes:\\xff"),
            (b"\xff", true, Some(ToBinary), "bytes:\\xff"),
            (b"hi", true, Some(ToText), "text:aGk="),
        ] {
            let payload = Content::of_request(Bytes::from_static(body), is_binary, handling);
            assert_eq!(
                shown(payload),
                expected,
                "{body:?} {is_binary} {handling:?}"
            );
        }
    }

    #[test]
    fn an_answers_body_is_converted_as_the_table_says() {
        for (is_binary, wants_binary, none, to_text, to_binary) in [
            (false, false, "text:aGk=", "text:aGk=", "bytes:hi"),
            (false, true, "bytes:hi", "text:aGk=", "bytes:hi"),
            (true, false, "text:YUdrPQ==", "text:YUdrPQ==", "bytes:aGk="),
            (true, true, "bytes:aGk=", "text:YUdrPQ==", "bytes:aGk="),
        ] {
            for (handling, expected) in [
                (None, none),
                (Some(ToText), to_text),
                (Some(ToBinary), to_binary),
            ] {
                let body = Bytes::from_static(b"aGk=");
                let payload = Content::of_answer(body, is_binary, wants_binary, handling);
                assert_eq!(
                    shown(payload),
                    expected,
                    "{is_binary} {wants_binary} {handling:?}"
                );
            }
        }
        let undecodable = |wants_binary, handling| {
            shown(Content::of_answer(
                Bytes::from_static(b"plain text"),
                false,
                wants_binary,
                handling,
            ))
        };
        assert_eq!(undecodable(true, None), "500");
        assert_eq!(undecodable(false, Some(ToBinary)), "500");
        assert_eq!(undecodable(false, None), "text:plain text");
    }
}
