//! MOCK: the gateway answers by itself. What the request template makes says which status is wanted.

/// The integer `statusCode` of an object, read as leniently as the service does: names and texts in any quotes or none, a comma
/// before the closing brace.
pub fn mock_status(text: &str) -> Option<i64> {
    let mut reader = Lenient {
        rest: text,
        status: None,
    };
    reader.object()?;
    reader.status.filter(|_| reader.rest.trim().is_empty())
}

/// How deep objects and lists may nest before the text counts as unreadable.
const DEPTH_MAX: usize = 32;

struct Lenient<'t> {
    rest: &'t str,
    status: Option<i64>,
}

impl<'t> Lenient<'t> {
    /// Reads an object, and keeps its `statusCode` where that is an integer.
    fn object(&mut self) -> Option<()> {
        self.token('{')?;
        loop {
            if self.token('}').is_some() {
                return Some(());
            }
            let (Value::Bare(name) | Value::Quoted(name)) = self.scalar()? else {
                return None;
            };
            self.token(':')?;
            let value = self.value(0)?;
            if name == "statusCode" {
                self.status = match value {
                    Value::Bare(text) => text.parse().ok(),
                    Value::Quoted(_) | Value::Nested => None,
                };
            }
            if self.token(',').is_none() && !self.rest.trim_start().starts_with('}') {
                return None;
            }
        }
    }

    fn value(&mut self, depth: usize) -> Option<Value<'t>> {
        if depth > DEPTH_MAX {
            return None;
        }
        for (open, close) in [('{', '}'), ('[', ']')] {
            if self.token(open).is_some() {
                while self.token(close).is_none() {
                    self.value(depth + 1)?;
                    if self.token(':').is_none()
                        && self.token(',').is_none()
                        && !self.rest.trim_start().starts_with(close)
                    {
                        return None;
                    }
                }
                return Some(Value::Nested);
            }
        }
        self.scalar()
    }

    fn scalar(&mut self) -> Option<Value<'t>> {
        let rest = self.rest.trim_start();
        if let Some(quote) = rest.chars().next().filter(|c| matches!(c, '"' | '\'')) {
            let inner = &rest[1..];
            let mut escaped = false;
            let end = inner.find(|c| {
                let ends = c == quote && !escaped;
                escaped = c == '\\' && !escaped;
                ends
            })?;
            self.rest = &inner[end + 1..];
            return Some(Value::Quoted(&inner[..end]));
        }
        let end = rest
            .find(|c: char| c.is_whitespace() || ",:{}[]\"'".contains(c))
            .unwrap_or(rest.len());
        self.rest = &rest[end..];
        (end > 0).then(|| Value::Bare(&rest[..end]))
    }

    fn token(&mut self, token: char) -> Option<()> {
        self.rest = self.rest.trim_start().strip_prefix(token)?;
        Some(())
    }
}

enum Value<'t> {
    Bare(&'t str),
    Quoted(&'t str),
    Nested,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_is_read_leniently() {
        for (text, expected) in [
            (r#"{"statusCode": 200}"#, Some(200)),
            (" {\n \"statusCode\" : 404 \n} ", Some(404)),
            ("{statusCode: 200}", Some(200)),
            ("{'statusCode': 200}", Some(200)),
            (r#"{"statusCode": 200,}"#, Some(200)),
            (r#"{statusCode: 200, "value": 'goog'}"#, Some(200)),
            (
                r#"{"a": {"statusCode": 1, "b": [1, {"c": 2}]}, "statusCode": 201}"#,
                Some(201),
            ),
            (r#"{"text": "a\"}", "statusCode": 200}"#, Some(200)),
            (r#"{"statusCode": "200"}"#, None),
            (r#"{"statusCode": 0}"#, Some(0)),
            (r#"{"statusCode": -1000}"#, Some(-1000)),
            (r#"{"statusCode": 200"#, None),
            ("statusCode: 200", None),
            (r#"{"statusCode': 200}"#, None),
            (r#"{"statusCode": 2.5}"#, None),
            (r#"{"statusCode": }"#, None),
            ("{}", None),
            ("", None),
            ("[]", None),
            (r#"{"statusCode": 200} x"#, None),
        ] {
            assert_eq!(mock_status(text), expected, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn reading_never_panics_or_hangs(text in r#"[{}\[\]:,'"\\ a1é]{0,60}"#) {
            mock_status(&text);
        }
    }

    #[test]
    fn deep_nesting_is_refused() {
        assert_eq!(
            mock_status(&format!("{{a: {}, statusCode: 200}}", "[".repeat(100_000))),
            None
        );
    }
}
