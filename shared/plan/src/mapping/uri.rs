//! URIs with holes that mapped values fill.

use std::borrow::Cow;

/// A URI with holes: `{name}` for mapped path parameters, `${stageVariables.name}` for stage variables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UriTemplate {
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Parameter(String),
    StageVariable(String),
}

impl UriTemplate {
    /// Never fails: what is not exactly one of the two forms stays as it stands.
    pub fn parse(text: &str) -> Self {
        const VARIABLE: &str = "${stageVariables.";
        let mut pieces = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '$']) {
            let (before, here) = rest.split_at(at);
            plain.push_str(before);
            let (prefix, make): (&str, fn(String) -> Piece) = if here.starts_with(VARIABLE) {
                (VARIABLE, Piece::StageVariable)
            } else if here.starts_with('{') {
                ("{", Piece::Parameter)
            } else {
                ("", Piece::Text)
            };
            let name = here[prefix.len()..].split_once('}').map(|(name, _)| name);
            let is_name =
                |name: &&str| !prefix.is_empty() && !name.is_empty() && !name.contains(['{', '/']);
            if let Some(name) = name.filter(is_name) {
                pieces.extend((!plain.is_empty()).then(|| Piece::Text(std::mem::take(&mut plain))));
                pieces.push(make(name.to_owned()));
                rest = &here[prefix.len() + name.len() + 1..];
            } else {
                plain.push_str(&here[..1]);
                rest = &here[1..];
            }
        }
        plain.push_str(rest);
        pieces.extend((!plain.is_empty()).then_some(Piece::Text(plain)));
        Self { pieces }
    }

    /// Fills the holes. An undefined stage variable is nothing; a parameter without a value stays as it stands, in braces, and
    /// makes the address invalid.
    pub fn fill<'a>(
        &'a self,
        parameter: impl Fn(&str) -> Option<Cow<'a, str>>,
        stage_variable: impl Fn(&str) -> Option<&'a str>,
    ) -> Cow<'a, str> {
        if let [Piece::Text(text)] = self.pieces.as_slice() {
            return Cow::Borrowed(text);
        }
        let mut filled = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => filled.push_str(text),
                Piece::StageVariable(name) => {
                    filled.push_str(stage_variable(name).unwrap_or_default());
                }
                Piece::Parameter(name) => match parameter(name) {
                    Some(value) => filled.push_str(&value),
                    None => filled.extend(["{", name, "}"]),
                },
            }
        }
        Cow::Owned(filled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uri_is_filled_with_parameters_and_stage_variables() {
        for (template, expected) in [
            ("http://a/b", "http://a/b"),
            ("http://a/{id}/x", "http://a/7/x"),
            ("{id}", "7"),
            ("http://${stageVariables.host}/p", "http://h/p"),
            ("http://${stageVariables.unset}/p", "http:///p"),
            ("http://a/{unset}", "http://a/{unset}"),
            ("http://a/${other.x}", "http://a/${other.x}"),
            ("http://a/{", "http://a/{"),
            ("http://a/{}$", "http://a/{}$"),
            ("http://a/${stageVariables.", "http://a/${stageVariables."),
            ("é${stageVariables.host}é{id}é", "éhé7é"),
            ("a{{id}}", "a{7}"),
        ] {
            let template = UriTemplate::parse(template);
            let filled = template.fill(
                |name| (name == "id").then_some(Cow::Borrowed("7")),
                |name| (name == "host").then_some("h"),
            );
            assert_eq!(filled, expected);
        }
    }

    proptest::proptest! {
        #[test]
        fn a_template_without_values_is_the_text_itself(text in "[a${}./]{0,30}") {
            proptest::prop_assume!(!text.contains("${stageVariables."));
            let template = UriTemplate::parse(&text);
            let filled = template.fill(|_| None, |_| None);
            proptest::prop_assert_eq!(filled, text);
        }
    }
}
