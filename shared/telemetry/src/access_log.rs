//! Access logs: a format with `$context` variables, one line per request.

use std::borrow::Cow;

/// The format for a stage that sets none: the Common Log Format preset of REST APIs.
pub const COMMON_LOG_FORMAT: &str = "$context.identity.sourceIp $context.identity.caller $context.identity.user [$context.requestTime] \"$context.httpMethod $context.resourcePath $context.protocol\" $context.status $context.responseLength $context.requestId $context.extendedRequestId";

/// The same of HTTP APIs.
pub const ROUTES_LOG_FORMAT: &str = "$context.identity.sourceIp - - [$context.requestTime] \"$context.httpMethod $context.routeKey $context.protocol\" $context.status $context.responseLength $context.requestId";

/// The same of WebSocket APIs.
pub const SOCKETS_LOG_FORMAT: &str = "$context.identity.sourceIp $context.identity.caller $context.identity.user [$context.requestTime] \"$context.eventType $context.routeKey $context.connectionId\" $context.status $context.requestId";

/// A parsed format: taken apart once per stage, not once per request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessLogFormat {
    pieces: Vec<Piece>,
    /// The format is a JSON document, so what is put into it is escaped as JSON text.
    json: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Variable(String),
}

impl AccessLogFormat {
    pub fn parse(format: &str) -> Self {
        const MARK: &str = "$context.";
        let format: Cow<str> = if format.contains(['\r', '\n']) {
            format.replace(['\r', '\n'], " ").into()
        } else {
            format.into()
        };
        let mut pieces = Vec::new();
        let mut rest = format.as_ref();
        while let Some(at) = rest.find(MARK) {
            let name_from = &rest[at + MARK.len()..];
            let end = name_from
                .find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '.' | '_' | '-'))
                .unwrap_or(name_from.len());
            // A full stop or hyphen at the end belongs to the text, not to the name.
            let name = name_from[..end].trim_end_matches(['.', '-']);
            pieces.extend((at > 0).then(|| Piece::Text(rest[..at].to_owned())));
            pieces.push(Piece::Variable(name.to_owned()));
            rest = &name_from[name.len()..];
        }
        pieces.extend((!rest.is_empty()).then(|| Piece::Text(rest.to_owned())));
        let json = format.starts_with('{')
            && serde_json::from_str::<serde::de::IgnoredAny>(&with_digits(&pieces)).is_ok();
        Self { pieces, json }
    }

    /// One line without its end. A variable without a value is `-`.
    pub fn line<'v>(&self, variable: impl Fn(&str) -> Option<Cow<'v, str>>) -> String {
        let mut line = String::with_capacity(256);
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => line.push_str(text),
                Piece::Variable(name) => match variable(name) {
                    None => line.push('-'),
                    // This one brings its own quotes.
                    Some(value) if name == "error.messageString" => line.push_str(&value),
                    Some(value) => push_escaped(&mut line, &value, self.json),
                },
            }
        }
        line
    }
}

/// The format with every variable as a digit, to see whether what remains is JSON.
fn with_digits(pieces: &[Piece]) -> String {
    let text = |piece: &Piece| match piece {
        Piece::Text(text) => text.clone(),
        Piece::Variable(_) => "0".to_owned(),
    };
    pieces.iter().map(text).collect()
}

/// Client input must not be able to end the line, whatever the format.
fn push_escaped(line: &mut String, value: &str, json: bool) {
    for c in value.chars() {
        match c {
            '"' | '\\' if json => line.extend(['\\', c]),
            c if c.is_control() => line.extend(format!("\\u{:04x}", c as u32).chars()),
            c => line.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(format: &str) -> String {
        AccessLogFormat::parse(format).line(|name| match name {
            "requestId" => Some("id-1".into()),
            "identity.userAgent" => Some("a\"b\nc".into()),
            "error.messageString" => Some("\"no\"".into()),
            "status" => Some("200".into()),
            _ => None,
        })
    }

    #[test]
    fn variables_are_put_into_the_format() {
        for (format, expected) in [
            ("$context.requestId", "id-1"),
            ("[$context.requestId] $context.status.", "[id-1] 200."),
            ("$context.identity.caller $context.requestId", "- id-1"),
            ("$context.identity.userAgent", "a\"b\\u000ac"),
            (
                r#"{"ua":"$context.identity.userAgent","s":$context.status}"#,
                r#"{"ua":"a\"b\u000ac","s":200}"#,
            ),
            (r#"{"e":$context.error.messageString}"#, r#"{"e":"no"}"#),
            ("$contextual $context", "$contextual $context"),
            ("a\nb", "a b"),
            ("", ""),
        ] {
            assert_eq!(line(format), expected, "{format}");
        }
    }

    #[test]
    fn the_default_is_one_line_of_the_common_log_format() {
        assert_eq!(line(COMMON_LOG_FORMAT), "- - - [-] \"- - -\" 200 - id-1 -");
    }

    proptest::proptest! {
        #[test]
        fn a_line_is_one_line(format in "\\PC{0,40}", value in proptest::prelude::any::<String>()) {
            let line = AccessLogFormat::parse(&format!("{format}$context.a")).line(|_| Some(value.as_str().into()));
            proptest::prop_assert!(!line.contains(['\n', '\r']));
        }
    }
}
