//! What a piece of template prints when it prints itself: an undefined reference, an unknown macro.

use super::Parser;
use super::lexer::{Kind, Token};
use crate::error::ParseError;

impl Parser<'_, '_, '_> {
    pub(super) fn token_literal(&self, index: usize) -> String {
        let token = &self.tokens[index];
        match token.before.last() {
            _ if token.kind == Kind::BlockComment => String::new(),
            Some(last) if !last.starts_with("##") => {
                let mut text = String::new();
                cut_off(token, &mut text);
                text.push_str(&token.image);
                text
            }
            _ => token.image.clone(),
        }
    }

    /// The tokens from `first` to the current one, as written.
    pub(super) fn literal(&self, first: usize) -> String {
        (first..=self.current)
            .map(|index| self.token_literal(index))
            .collect()
    }

    /// As `literal`, without what was cut off before each token: so an unknown macro prints.
    pub(super) fn images(&self, first: usize) -> String {
        self.tokens[first..=self.current]
            .iter()
            .map(|token| token.image.as_str())
            .collect()
    }

    /// `\#if` prints `#if`: half of the backslashes go when the directive exists, none when it does not.
    pub(super) fn escaped_directive(&self, image: &str) -> String {
        let last = image.rfind('\\').unwrap_or(0);
        let directive = &image[last + 1..];
        let name = directive[1..].trim_start_matches('{').trim_end_matches('}');
        if self.is_directive(name) || matches!(name, "if" | "end" | "set" | "else" | "elseif") {
            format!("{}{directive}", &image[..last / 2])
        } else {
            image.to_owned()
        }
    }

    /// Pairs of backslashes: halved only right before a directive.
    pub(super) fn escapes(&mut self) -> Result<String, ParseError> {
        let mut count = 0;
        while self.next()? == Kind::DoubleEscape {
            self.advance()?;
            count += 1;
        }
        let next = &self.tokens[self.current + 1];
        let control = matches!(next.kind, Kind::If | Kind::Else | Kind::ElseIf | Kind::End)
            || next
                .image
                .get(1..)
                .is_some_and(|name| self.is_directive(name));
        Ok(if control { "\\" } else { "\\\\" }.repeat(count))
    }

    fn is_directive(&self, name: &str) -> bool {
        super::directive::kind_of(name).is_some()
            || self.macro_names.iter().any(|known| known == name)
            || self.shared.macros.contains_key(name)
    }
}

/// Of text that was cut off before a token only `#`, `$` and backslashes before a `$` print; the character after them
/// was not consumed.
fn cut_off(token: &Token, text: &mut String) {
    for before in &token.before {
        let bytes = before.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            match bytes[at] {
                mark @ (b'#' | b'$') => text.push(char::from(mark)),
                b'\\' => {
                    let slashes = bytes[at..]
                        .iter()
                        .take_while(|byte| **byte == b'\\')
                        .count();
                    if bytes.get(at + slashes) == Some(&b'$') {
                        text.push_str(&before[at..=at + slashes]);
                        at += slashes + 1;
                    }
                }
                _ => {}
            }
            at += 1;
        }
    }
}
