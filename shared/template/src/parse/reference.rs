//! References: `$name`, `${name}`, quiet and escaped, with members, calls and indexes.

use super::Parser;
use super::lexer::Kind;
use super::lookahead::starts_value;
use crate::error::ParseError;
use crate::jsonpath::Path;
use crate::program::{Expression, Hint, Node, Reference, Step};

/// What the text before and around a name makes of it.
struct Root {
    name: String,
    null_text: String,
    escaped: bool,
    escape_prefix: String,
    prefix: String,
    /// Not a reference after all (`$\!name`): prints this.
    only_text: bool,
}

impl Parser<'_, '_, '_> {
    /// A reference among text, which prints.
    pub(super) fn printed_reference(&mut self) -> Result<Node, ParseError> {
        let (reference, text) = self.reference_or_text()?;
        Ok(match text {
            Some(text) => Node::Text(text),
            None => Node::Reference(Box::new(reference)),
        })
    }

    pub(super) fn reference(&mut self) -> Result<Reference, ParseError> {
        Ok(self.reference_or_text()?.0)
    }

    fn reference_or_text(&mut self) -> Result<(Reference, Option<String>), ParseError> {
        self.next()?;
        let first = self.current + 1;
        let curly = self.take(Kind::CurlyOpen)?;
        self.expect(Kind::Identifier, "a name")?;
        let place = self.place();
        let mut steps = Vec::new();
        self.indexes(&mut steps)?;
        while self.member_ahead()? {
            self.advance()?;
            if self.call_ahead()? {
                steps.push(self.call()?);
            } else {
                let name = self.advance()?.image.as_str().into();
                steps.push(Step::Member(name, Hint::default()));
            }
            self.indexes(&mut steps)?;
        }
        if curly {
            self.expect(Kind::CurlyClose, "`}`")?;
        }
        let root = self.root(first);
        let slot = self.shared.slot(&root.name);
        let members = members(&steps);
        let text = root
            .only_text
            .then(|| format!("{}{}", root.prefix, root.null_text));
        let reference = Reference {
            slot,
            steps,
            members,
            null_text: if self.shared.dialect.null_prints_source() || root.escaped {
                root.null_text.into()
            } else {
                "".into()
            },
            escaped: root.escaped,
            escape_prefix: root.escape_prefix.into(),
            prefix: root.prefix.into(),
            place,
        };
        Ok((reference, text))
    }

    fn indexes(&mut self, steps: &mut Vec<Step>) -> Result<(), ParseError> {
        while self.take(Kind::IndexOpen)? {
            self.deeper()?;
            self.take(Kind::Blank)?;
            let index = match self.next()? {
                Kind::String
                | Kind::Integer
                | Kind::True
                | Kind::False
                | Kind::Identifier
                | Kind::CurlyOpen => self.value()?,
                _ => return Err(self.unexpected("an index")),
            };
            self.take(Kind::Blank)?;
            self.expect(Kind::IndexClose, "`]`")?;
            self.shared.depth -= 1;
            steps.push(Step::Index(index));
        }
        Ok(())
    }

    fn call(&mut self) -> Result<Step, ParseError> {
        let name: Box<str> = self.advance()?.image.as_str().into();
        let place = self.place();
        self.expect(Kind::ParenOpen, "`(`")?;
        self.deeper()?;
        let mut arguments = Vec::new();
        if self.next()? == Kind::Blank || starts_value(self.next()?) {
            arguments.push(self.parameter()?);
            while self.take(Kind::Comma)? {
                arguments.push(self.parameter()?);
            }
        }
        self.expect(Kind::CallClose, "`,` or `)`")?;
        self.shared.depth -= 1;
        // A path that is written out is compiled here, once; one that is wrong is reported when it is used.
        let path = match arguments.as_slice() {
            [Expression::Text(text)] if matches!(&*name, "path" | "json") => {
                Path::compile(text).ok()
            }
            _ => None,
        };
        Ok(Step::Call {
            name,
            arguments,
            path,
            place,
        })
    }

    /// Reads the marks around the name off the first token, and leaves that token without its backslashes.
    fn root(&mut self, first: usize) -> Root {
        let image = self.tokens[first].image.clone();
        let mut root = Root {
            name: String::new(),
            null_text: String::new(),
            escaped: false,
            escape_prefix: String::new(),
            prefix: String::new(),
            only_text: false,
        };
        if image.contains("\\!")
            && let Some(dollar) = image.find('$')
        {
            let start = image[dollar..]
                .find('\\')
                .map_or(image.len(), |at| dollar + at);
            let slashes = image[start..]
                .bytes()
                .take_while(|byte| *byte == b'\\')
                .count();
            let text = format!(
                "{}{}",
                &image[..(start + slashes).saturating_sub(1)],
                &image[start + slashes..]
            );
            root.name.clone_from(&text);
            root.null_text = text;
            root.only_text = true;
            return root;
        }
        let slashes = image.bytes().take_while(|byte| *byte == b'\\').count();
        root.escaped = slashes % 2 == 1;
        image[..slashes / 2].clone_into(&mut root.escape_prefix);
        let rest = &image[slashes..];
        let dollar = rest.rfind('$').unwrap_or(0);
        rest[..dollar].clone_into(&mut root.prefix);
        let image = rest[dollar..].to_owned();
        self.tokens[first].image.clone_from(&image);
        root.null_text = self.literal(first);
        if let Some(quiet) = image.strip_prefix("$!") {
            if !root.escaped {
                root.null_text.clear();
            }
            root.name = if quiet.starts_with('{') {
                self.tokens[first + 1].image.clone()
            } else {
                quiet.to_owned()
            };
        } else if image == "${" {
            root.name.clone_from(&self.tokens[first + 1].image);
        } else if let Some(name) = image.strip_prefix('$') {
            name.clone_into(&mut root.name);
        } else {
            // A name without `$`, where the scanner was led astray: prints as it is.
            root.name.clone_from(&image);
            root.null_text = image;
            root.only_text = true;
        }
        root
    }

    /// The variable a `#set` writes: the text of the first token without its first character, even where that is not
    /// the name. Velocity does so; `#set(${x} = 1)` sets no `$x`.
    pub(super) fn set_name(&mut self, first: usize) -> String {
        self.tokens[first].image.chars().skip(1).collect()
    }
}

fn members(steps: &[Step]) -> Option<Box<[Box<str>]>> {
    steps
        .iter()
        .map(|step| match step {
            Step::Member(name, _) => Some(name.clone()),
            _ => None,
        })
        .collect::<Option<Vec<_>>>()
        .filter(|names| !names.is_empty())
        .map(Vec::into_boxed_slice)
}
