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
    /// makes the address invalid. So does one whose value would lead to another host than the one of which its owner wrote a part.
    pub fn fill<'a>(
        &'a self,
        parameter: impl Fn(&str) -> Option<Cow<'a, str>>,
        stage_variable: impl Fn(&str) -> Option<&'a str>,
    ) -> Cow<'a, str> {
        if let [Piece::Text(text)] = self.pieces.as_slice() {
            return Cow::Borrowed(text);
        }
        let mut filled = String::new();
        for (at, piece) in self.pieces.iter().enumerate() {
            match piece {
                Piece::Text(text) => filled.push_str(text),
                Piece::StageVariable(name) => {
                    filled.push_str(stage_variable(name).unwrap_or_default());
                }
                Piece::Parameter(name) => match parameter(name) {
                    Some(value) if !self.leaves_host(at, &filled, &value) => {
                        filled.push_str(&value);
                    }
                    _ => filled.extend(["{", name, "}"]),
                },
            }
        }
        Cow::Owned(filled)
    }

    /// Whether a value would end the host that it is to be a part of, or turn the part before it into a user's name.
    fn leaves_host(&self, at: usize, before: &str, value: &str) -> bool {
        let Some((_, host)) = before.split_once("://") else {
            return false;
        };
        let goes_on = match self.pieces.get(at + 1) {
            Some(Piece::Text(text)) => !text.starts_with('/'),
            next => next.is_some(),
        };
        let is_whole = !goes_on && (host.is_empty() || value.starts_with('/'));
        let is_part = !host.contains('/') && !is_whole;
        is_part && value.contains(['/', '\\', '@', '?', '#'])
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

    #[test]
    fn a_value_stays_in_the_host_that_it_is_a_part_of() {
        for (template, value, is_filled) in [
            ("http://{v}.example.com/", "shop", true),
            ("http://{v}.example.com/", "evil.example/", false),
            ("http://{v}.example.com/", "shop@evil", false),
            ("http://{v}${stageVariables.host}/", "evil.example/", false),
            ("http://api-{v}/", "evil.example", true),
            ("http://api-{v}/", "x@evil.example", false),
            ("http://example.com{v}", "/pets@home", true),
            ("http://example.com{v}", "@evil.example/pets", false),
            ("http://example.com/{v}", "a/b@c", true),
            // Who leaves the whole to the client means it.
            ("http://{v}", "example.com:8080/pets", true),
            ("http://{v}/pets", "example.com:8080", true),
            ("{v}", "http://example.com/", true),
        ] {
            let template = UriTemplate::parse(template);
            let filled = template.fill(|_| Some(Cow::Borrowed(value)), |_| Some("h"));
            assert_eq!(!filled.contains("{v}"), is_filled, "{filled}");
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
