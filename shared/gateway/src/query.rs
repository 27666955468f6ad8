//! The query string, decoded as the service decodes it.

use percent_encoding::percent_decode;
use std::borrow::Cow;

/// Names and values in the order in which they came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    pairs: Vec<(String, String)>,
}

impl Query {
    /// Form style: `+` is a space, `%XX` a byte of UTF-8, and bytes that are not UTF-8 become U+FFFD. `;` separates as `&` does.
    pub fn parse(raw: &str) -> Self {
        let pieces = raw.split(['&', ';']).filter(|piece| !piece.is_empty());
        let pairs = pieces.map(|piece| {
            let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
            (decode(name), decode(value))
        });
        Self {
            pairs: pairs.collect(),
        }
    }

    /// Names and values that are decoded already.
    pub(crate) fn of(pairs: Vec<(String, String)>) -> Self {
        Self { pairs }
    }

    pub fn pairs(&self) -> &[(String, String)] {
        &self.pairs
    }

    /// Of a repeated name the last counts.
    pub fn last(&self, name: &str) -> Option<&str> {
        self.pairs
            .iter()
            .rev()
            .find(|(n, _)| n == name)
            .map(|(_, value)| value.as_str())
    }

    pub fn all<'q>(&'q self, name: &'q str) -> impl Iterator<Item = &'q str> {
        self.pairs
            .iter()
            .filter(move |(n, _)| n == name)
            .map(|(_, value)| value.as_str())
    }
}

fn decode(text: &str) -> String {
    let spaced: Cow<str> = if text.contains('+') {
        text.replace('+', " ").into()
    } else {
        text.into()
    };
    percent_decode(spaced.as_bytes())
        .decode_utf8_lossy()
        .into_owned()
}

#[cfg(test)]
mod tests {
    use super::Query;

    #[test]
    fn values_are_decoded_as_forms_are() {
        for (raw, name, expected) in [
            (
                "email=test%2Balias@g.com",
                "email",
                Some("test+alias@g.com"),
            ),
            ("plus=test+alias", "plus", Some("test alias")),
            ("t=10:00+00:00", "t", Some("10:00 00:00")),
            ("a", "a", Some("")),
            ("a=", "a", Some("")),
            ("a=1&a=2", "a", Some("2")),
            ("a=1;b=2", "b", Some("2")),
            ("a=b=c", "a", Some("b=c")),
            ("A=1", "a", None),
            ("a=%zz%", "a", Some("%zz%")),
            ("a=%ff", "a", Some("\u{fffd}")),
            ("a=%c3%a9", "a", Some("é")),
            ("&&=x&", "", Some("x")),
            ("", "a", None),
        ] {
            assert_eq!(Query::parse(raw).last(name), expected, "{raw}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_query_makes_it_panic(raw in "\\PC{0,60}") {
            Query::parse(&raw);
        }
    }
}
