//! Selection expressions: what of a message, of the stage or of an integration's answer says which of several things is meant.
//! They are no language, only substitution, and yield a text that is looked for among keys.

use super::Source;

/// No key is as long: what an expression yields beyond that is let go.
const YIELDS_BYTES_MAX: usize = 2_048;

/// Text and the variables in it, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expression {
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Variable(Variable),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Variable {
    /// `request.…`, and what is there whatever the message is.
    Request(Source),
    /// `integration.response.…`
    Answer(Source),
    /// `integration.response.statuscode`
    Status,
}

impl Expression {
    /// Never fails. What stands in braces and is no variable never has a value; elsewhere it is text, as is a dollar sign behind a
    /// backslash.
    pub fn parse(text: &str) -> Self {
        let mut pieces = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            let (before, here) = rest.split_at(at);
            let after = &here[1..];
            if let Some(before) = before.strip_suffix('\\') {
                plain.push_str(before);
                plain.push('$');
                rest = after;
                continue;
            }
            plain.push_str(before);
            let found = match after.strip_prefix('{').and_then(|a| a.split_once('}')) {
                Some((name, after)) => Some((Variable::read(name), after)),
                None => bare(after).map(|(variable, length)| (Some(variable), &after[length..])),
            };
            let Some((variable, after)) = found else {
                plain.push('$');
                rest = after;
                continue;
            };
            pieces.extend((!plain.is_empty()).then(|| Piece::Text(std::mem::take(&mut plain))));
            pieces.extend(variable.map(Piece::Variable));
            rest = after;
        }
        plain.push_str(rest);
        pieces.extend((!plain.is_empty()).then_some(Piece::Text(plain)));
        Self { pieces }
    }

    /// A variable without a value is nothing.
    pub fn yields(&self, value: impl Fn(&Variable) -> Option<String>) -> String {
        let mut yielded = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => yielded.push_str(text),
                Piece::Variable(variable) => yielded.extend(value(variable)),
            }
            if yielded.len() > YIELDS_BYTES_MAX {
                yielded.truncate(yielded.floor_char_boundary(YIELDS_BYTES_MAX));
                break;
            }
        }
        yielded
    }
}

impl Variable {
    fn read(name: &str) -> Option<Self> {
        let answer = name.strip_prefix("integration.");
        if let Some(name) = answer.unwrap_or(name).strip_prefix("response.") {
            if name.eq_ignore_ascii_case("statuscode") {
                return Some(Self::Status);
            }
            return Source::of_response(&format!("integration.response.{name}")).map(Self::Answer);
        }
        let of_message = name.strip_prefix("request.");
        match of_message {
            Some(place) => Source::of_request(&format!("method.request.{place}")),
            None => Source::of_request(name)
                .filter(|source| matches!(source, Source::Context(_) | Source::StageVariable(_))),
        }
        .map(Self::Request)
    }
}

/// The variable that the text begins with where nothing says where it ends, and how much of the text it is.
fn bare(text: &str) -> Option<(Variable, usize)> {
    let ends = |c: char| !c.is_ascii_alphanumeric() && !"._-[]".contains(c);
    let end = text.find(ends).unwrap_or(text.len());
    // A full stop or hyphen at the end belongs to the text, not to the name.
    let name = text[..end].trim_end_matches(['.', '-']);
    Some((Variable::read(name)?, name.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn yields(expression: &str) -> String {
        Expression::parse(expression).yields(|variable| {
            Some(match variable {
                Variable::Status => "<status>".to_owned(),
                Variable::Answer(Source::Header(name)) => format!("<answer {name}>"),
                Variable::Answer(_) => "<of the answer>".to_owned(),
                Variable::Request(Source::Context(name)) if name == "nothing" => return None,
                Variable::Request(Source::Context(name)) => format!("<{name}>"),
                Variable::Request(Source::Header(name)) => format!("<h {name}>"),
                Variable::Request(Source::StageVariable(name)) => format!("<v {name}>"),
                Variable::Request(Source::Body(_)) => "<body>".to_owned(),
                Variable::Request(other) => panic!("{other:?}"),
            })
        })
    }

    #[test]
    fn variables_are_replaced_and_all_else_stays() {
        for (expression, expected) in [
            ("$request.body.action", "<body>"),
            ("${request.body.action}", "<body>"),
            ("$request.body.a[0].b", "<body>"),
            ("${request.body.a}/${request.body.b}", "<body>/<body>"),
            ("$request.body.a/$request.body.b.", "<body>/<body>."),
            ("${request.body.a}-${context.nothing}", "<body>-"),
            ("$request.header.x-api-key", "<h x-api-key>"),
            (
                "$context.authorizer.usageIdentifierKey",
                "<authorizer.usageIdentifierKey>",
            ),
            ("${stageVariables.v}x", "<v v>x"),
            ("${integration.response.statuscode}", "<status>"),
            ("$response.statuscode", "<status>"),
            ("$integration.response.statusCode", "<status>"),
            ("${integration.response.header.X-A}", "<answer x-a>"),
            (
                "${integration.response.body.errorMessage}",
                "<of the answer>",
            ),
            ("action", "action"),
            ("\\$default", "$default"),
            ("$default", "$default"),
            ("a\\$request.body.b", "a$request.body.b"),
            ("${nothing.known}x", "x"),
            ("${request.body.a", "${request.body.a"),
            ("${'text'}", ""),
            ("$request.nothing.a", "$request.nothing.a"),
            ("é${request.body.a}é$", "é<body>é$"),
            ("", ""),
        ] {
            assert_eq!(yields(expression), expected, "{expression}");
        }
    }

    #[test]
    fn what_is_yielded_has_an_end() {
        let long = Expression::parse("${request.body.a}${request.body.a}");
        let yielded = long.yields(|_| Some("é".repeat(YIELDS_BYTES_MAX)));
        assert_eq!(yielded, "é".repeat(YIELDS_BYTES_MAX / 2));
    }

    proptest::proptest! {
        #[test]
        fn no_expression_makes_it_panic(text in r"([$\\{}.é\[\]x-]|request\.|body\.|context\.|integration\.response\.|statuscode){0,12}") {
            let yielded = Expression::parse(&text).yields(|_| Some("\u{e9}".repeat(900)));
            proptest::prop_assert!(yielded.len() <= YIELDS_BYTES_MAX);
        }
    }
}
