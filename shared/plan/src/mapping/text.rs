//! Text with variables: the templates of gateway responses and the values of HTTP APIs' mappings, which are no language, only
//! substitution.

use super::Source;

/// Text and the variables in it, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextTemplate {
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Variable(Source),
}

impl TextTemplate {
    /// Never fails: whatever is not a variable, directives among it, is text.
    pub fn parse(text: &str) -> Self {
        let mut pieces = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            plain.push_str(&rest[..at]);
            let here = &rest[at..];
            if let Some((source, length)) = variable(&here[1..]) {
                pieces.extend((!plain.is_empty()).then(|| Piece::Text(std::mem::take(&mut plain))));
                pieces.push(Piece::Variable(source));
                rest = &here[1 + length..];
            } else {
                plain.push('$');
                rest = &here[1..];
            }
        }
        plain.push_str(rest);
        pieces.extend((!plain.is_empty()).then_some(Piece::Text(plain)));
        Self { pieces }
    }

    /// A value of an HTTP API's mapping: one source behind a dollar sign, or text with sources in `${}`. `source` reads one that
    /// comes without either; where it is none, so is the value.
    pub fn of_routed(text: &str, source: impl Fn(&str) -> Option<Source>) -> Option<Self> {
        let mut pieces = Vec::new();
        let mut rest = text;
        if !text.contains("${")
            && let Some(one) = text.strip_prefix('$')
        {
            return Some(Self {
                pieces: vec![Piece::Variable(source(one)?)],
            });
        }
        while let Some((plain, after)) = rest.split_once("${") {
            let (variable, after) = after.split_once('}')?;
            pieces.extend((!plain.is_empty()).then(|| Piece::Text(plain.to_owned())));
            pieces.push(Piece::Variable(source(variable)?));
            rest = after;
        }
        pieces.extend((!rest.is_empty()).then(|| Piece::Text(rest.to_owned())));
        Some(Self { pieces })
    }

    pub fn sources(&self) -> impl Iterator<Item = &Source> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Variable(source) => Some(source),
            Piece::Text(_) => None,
        })
    }

    /// Whether the message's body must be held for its sake.
    pub fn reads_the_body(&self) -> bool {
        self.sources()
            .any(|source| matches!(source, Source::Body(_)))
    }

    /// A variable without a value is nothing.
    pub fn fill(&self, value: impl Fn(&Source) -> Option<String>) -> String {
        let mut filled = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => filled.push_str(text),
                Piece::Variable(source) => filled.extend(value(source)),
            }
        }
        filled
    }
}

/// The variable that the text begins with, and how much of the text it is.
fn variable(text: &str) -> Option<(Source, usize)> {
    if let Some(quoted) = text.strip_prefix("input.params(") {
        let quote = quoted.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
        let (name, after) = quoted[1..].split_once(quote)?;
        let after = after.strip_prefix(')')?;
        return Some((Source::Params(name.to_owned()), text.len() - after.len()));
    }
    ["context.", "stageVariables.", "method.request."]
        .iter()
        .find(|start| text.starts_with(**start))?;
    let end = text
        .find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '.' | '_' | '-'))
        .unwrap_or(text.len());
    // A full stop or hyphen at the end belongs to the text, not to the name.
    let name = text[..end].trim_end_matches(['.', '-']);
    Some((Source::of_gateway_response(name)?, name.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_replaced_and_nothing_else() {
        for (template, expected) in [
            (
                r#"{"message":$context.error.messageString}"#,
                r#"{"message":<error.messageString>}"#,
            ),
            ("$context.stage.", "<stage>."),
            ("$context.stage-$context.path-", "<stage>-<path>-"),
            ("$stageVariables.a b", "<v a> b"),
            ("$method.request.header.X-A", "<h x-a>"),
            (
                "$method.request.querystring.q$method.request.path.p",
                "<q q><p p>",
            ),
            ("$input.params('q')$input.params(\"r\")", "<? q><? r>"),
            (
                "$input.params(q) $input.json('$')",
                "$input.params(q) $input.json('$')",
            ),
            (
                "#if(true)x#end $x $$context.stage $",
                "#if(true)x#end $x $<stage> $",
            ),
            ("$context.", "$context."),
            ("$method.request.body", "$method.request.body"),
            ("é$context.stageé", "é<stage>é"),
            ("", ""),
        ] {
            let filled = TextTemplate::parse(template).fill(|source| {
                Some(match source {
                    Source::Context(name) => format!("<{name}>"),
                    Source::StageVariable(name) => format!("<v {name}>"),
                    Source::Header(name) => format!("<h {name}>"),
                    Source::Query(name) => format!("<q {name}>"),
                    Source::Path(name) => format!("<p {name}>"),
                    Source::Params(name) => format!("<? {name}>"),
                    other => format!("{other:?}"),
                })
            });
            assert_eq!(filled, expected, "{template}");
        }
    }

    #[test]
    fn a_value_of_a_mapping_is_one_source_or_text_with_sources_in_braces() {
        for (text, expected) in [
            ("plain", Some("plain")),
            ("", Some("")),
            ("a$b", Some("a$b")),
            ("$context.stage", Some("<stage>")),
            ("$context.a-b c", Some("<a-b c>")),
            ("${context.stage}", Some("<stage>")),
            ("/v1/${context.a}/x/${context.b}", Some("/v1/<a>/x/<b>")),
            ("$ ${context.a}$", Some("$ <a>$")),
            ("$other", None),
            ("${other}", None),
            ("${context.a", None),
            ("$", None),
        ] {
            let template = TextTemplate::of_routed(text, Source::of_routed_request);
            let filled = template.map(|template| {
                template.fill(|source| match source {
                    Source::Context(name) => Some(format!("<{name}>")),
                    _ => None,
                })
            });
            assert_eq!(filled.as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn a_variable_without_a_value_is_nothing() {
        assert_eq!(TextTemplate::parse("[$context.x]").fill(|_| None), "[]");
    }

    proptest::proptest! {
        #[test]
        fn no_template_makes_it_panic(text in r#"[$a.é('")x-]{0,30}|(\$context\.|\$input\.params\(['"]a){0,4}"#) {
            TextTemplate::parse(&text).fill(|_| None);
        }
    }
}
