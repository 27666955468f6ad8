//! Directives: `#set`, `#if`, `#foreach`, macros and the rest.

use super::Parser;
use super::lexer::Kind;
use crate::error::ParseError;
use crate::program::{Argument, Block, Call, Expression, Macro, Node, Place, Slot};

/// Directives that bring in other templates. The gateway has none to bring in, and refuses them when they are reached.
const REFUSED: [&str; 3] = ["evaluate", "include", "parse"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DirectiveKind {
    /// Ends with its `)`.
    Line,
    /// Ends with `#end`.
    Block,
}

/// The directives Velocity has beside `#set` and `#if`.
pub(super) fn kind_of(name: &str) -> Option<DirectiveKind> {
    match name {
        "foreach" | "macro" | "literal" | "define" => Some(DirectiveKind::Block),
        "include" | "parse" | "evaluate" | "break" | "stop" => Some(DirectiveKind::Line),
        _ => None,
    }
}

/// An argument as parsed, with what the directives ask about its source.
struct Parsed {
    value: Expression,
    literal: Box<str>,
    /// The text of its first token.
    first: String,
    root: Option<Slot>,
}

impl Parser<'_, '_, '_> {
    pub(super) fn set(&mut self) -> Result<Node, ParseError> {
        self.advance()?;
        self.take(Kind::Blank)?;
        if !matches!(self.next()?, Kind::Identifier | Kind::CurlyOpen) {
            return Err(self.unexpected("a reference"));
        }
        let first = self.current + 1;
        let target = self.reference()?;
        let name = self.set_name(first);
        let slot = self.shared.slot(&name);
        self.take(Kind::Blank)?;
        self.expect(Kind::Assign, "`=`")?;
        let value = self.expression()?;
        self.expect(Kind::ParenClose, "`)`")?;
        self.lexer.in_set = false;
        self.next()?;
        Ok(Node::Set {
            target: Box::new(target),
            slot,
            value,
        })
    }

    pub(super) fn if_statement(&mut self) -> Result<Node, ParseError> {
        self.deeper()?;
        let mut branches = Vec::new();
        self.advance()?;
        branches.push(self.branch()?);
        while self.take(Kind::ElseIf)? {
            branches.push(self.branch()?);
        }
        let otherwise = if self.take(Kind::Else)? {
            self.statements()?
        } else {
            Block::new()
        };
        self.expect(Kind::End, "`#end` of an `#if`")?;
        self.shared.depth -= 1;
        Ok(Node::If {
            branches,
            otherwise,
        })
    }

    fn branch(&mut self) -> Result<(Expression, Block), ParseError> {
        self.take(Kind::Blank)?;
        self.expect(Kind::ParenOpen, "`(`")?;
        let condition = self.expression()?;
        self.expect(Kind::ParenClose, "`)`")?;
        Ok((condition, self.statements()?))
    }

    /// `#word`, whatever it turns out to be.
    pub(super) fn directive(&mut self, block: &mut Block) -> Result<(), ParseError> {
        let first = self.current + 1;
        let token = self.advance()?;
        let bracketed = token.kind == Kind::BracketedWord;
        let image = token.image.clone();
        let place = self.place();
        let name = image_name(&image, bracketed);
        let kind = kind_of(&name).unwrap_or(if name.starts_with('@') {
            DirectiveKind::Block
        } else {
            DirectiveKind::Line
        });
        self.lexer.switch_to_directive();
        if !self.lexer.paren_follows() {
            self.lexer.pop();
            let node = self.bare(&name, &image, place)?;
            if let Some(node) = node {
                super::push(block, node);
            }
            return Ok(());
        }
        let arguments = self.arguments(&name, place)?;
        if kind == DirectiveKind::Line {
            let node = self.line(&name, arguments, first, place)?;
            block.push(node);
            return Ok(());
        }
        self.deeper()?;
        self.next()?;
        let body_first = self.current + 1;
        let body = self.statements()?;
        let body_last = self.current;
        self.expect(Kind::End, &format!("`#end` of `#{name}`"))?;
        self.shared.depth -= 1;
        let literal = if name == "literal" {
            (body_first..=body_last)
                .map(|index| self.token_literal(index))
                .collect()
        } else {
            String::new()
        };
        if let Some(node) = self.block(&name, arguments, body, literal, first, place)? {
            super::push(block, node);
        }
        Ok(())
    }

    /// A word without `(`: text, unless the directive needs none.
    fn bare(&mut self, name: &str, image: &str, place: Place) -> Result<Option<Node>, ParseError> {
        Ok(Some(match name {
            "macro" => {
                return Err(self.error_at(place, "`#macro` wants a name in brackets".to_owned()));
            }
            "foreach" | "define" | "literal" => {
                return Err(self.error_at(place, format!("`#{name}` wants brackets after it")));
            }
            "break" => Node::Break { scope: None },
            "stop" => Node::Stop,
            _ if name.starts_with('@') => Node::Text(format!("#{name}")),
            _ => match REFUSED.iter().find(|refused| **refused == name) {
                Some(directive) => Node::Refused { directive, place },
                None => Node::Call(Box::new(Call {
                    name: name.into(),
                    arguments: Vec::new(),
                    body: None,
                    literal: image.into(),
                    bad_argument: false,
                    place,
                })),
            },
        }))
    }

    fn arguments(&mut self, name: &str, place: Place) -> Result<Vec<Parsed>, ParseError> {
        self.take(Kind::Blank)?;
        self.expect(Kind::ParenOpen, "`(`")?;
        let mut arguments = Vec::new();
        while self.argument_ahead()? {
            self.take(Kind::Blank)?;
            if self.take(Kind::Comma)? {
                self.take(Kind::Blank)?;
            }
            self.next()?;
            let first = self.current + 1;
            let word = self.next()? == Kind::Word;
            let value = if word {
                self.advance()?;
                Expression::Word
            } else {
                self.value()?
            };
            let position = arguments.len();
            let names_macro = name == "macro" && position == 0;
            if word
                && !names_macro
                && kind_of(name).is_some()
                && !(name == "foreach" && position == 1)
            {
                let what = format!(
                    "`{}` is no argument for `#{name}`",
                    self.tokens[first].image
                );
                return Err(self.error_at(place, what));
            }
            if !word && names_macro {
                return Err(
                    self.error_at(place, "`#macro` wants a bare word as its name".to_owned())
                );
            }
            let root = match &value {
                Expression::Reference(reference) => Some(reference.slot),
                _ => None,
            };
            let literal = self.literal(first).into();
            arguments.push(Parsed {
                value,
                literal,
                first: self.tokens[first].image.clone(),
                root,
            });
        }
        self.take(Kind::Blank)?;
        self.expect(Kind::ParenClose, "`)`")?;
        Ok(arguments)
    }

    fn line(
        &mut self,
        name: &str,
        mut arguments: Vec<Parsed>,
        first: usize,
        place: Place,
    ) -> Result<Node, ParseError> {
        if let Some(directive) = REFUSED.iter().find(|refused| **refused == name) {
            return Ok(Node::Refused { directive, place });
        }
        if matches!(name, "break" | "stop") {
            if arguments.len() > 1 {
                return Err(self.error_at(place, format!("`#{name}` takes at most one argument")));
            }
            let argument = arguments.pop().map(|argument| argument.value);
            return Ok(if name == "stop" {
                Node::Stop
            } else {
                Node::Break { scope: argument }
            });
        }
        Ok(macro_call(name, arguments, None, self.images(first), place))
    }

    fn block(
        &mut self,
        name: &str,
        mut arguments: Vec<Parsed>,
        body: Block,
        literal: String,
        first: usize,
        place: Place,
    ) -> Result<Option<Node>, ParseError> {
        Ok(Some(match name {
            "foreach" => {
                let [target, _, _, ..] = arguments.as_slice() else {
                    return Err(
                        self.error_at(place, "`#foreach` wants `($each in $list)`".to_owned())
                    );
                };
                if arguments.len() > 3 {
                    return Err(
                        self.error_at(place, "`#foreach` wants only `($each in $list)`".to_owned())
                    );
                }
                let slot = if let Some(slot) = target.root {
                    slot
                } else {
                    let name: String = target.first.chars().skip(1).collect();
                    self.shared.slot(&name)
                };
                let over = arguments.swap_remove(2).value;
                Node::Foreach { slot, over, body }
            }
            "define" => {
                let [target] = arguments.as_slice() else {
                    return Err(self.error_at(place, "`#define` wants one reference".to_owned()));
                };
                let name: String = target.first.chars().skip(1).collect();
                Node::Define {
                    slot: self.shared.slot(&name),
                    body,
                }
            }
            "literal" => Node::Text(literal),
            "macro" => {
                let Some(named) = arguments.first() else {
                    return Err(self.error_at(place, "`#macro` wants a name".to_owned()));
                };
                let macro_name: Box<str> = named.first.as_str().into();
                let parameters = arguments[1..]
                    .iter()
                    .map(|argument| {
                        self.shared
                            .slot(argument.first.strip_prefix('$').unwrap_or(&argument.first))
                    })
                    .collect();
                self.macro_names.push(macro_name.to_string());
                self.shared
                    .macros
                    .entry(macro_name)
                    .or_insert(Macro { parameters, body });
                return Ok(None);
            }
            _ => {
                let literal = self.images(first);
                macro_call(
                    name.trim_start_matches('@'),
                    arguments,
                    Some(body),
                    literal,
                    place,
                )
            }
        }))
    }
}

fn image_name(image: &str, bracketed: bool) -> String {
    // The first character is dropped whatever it is: after a `$` that starts nothing, `$#foreach` is no `foreach`.
    let mut characters = image.chars();
    characters.next();
    if bracketed {
        characters.next();
        characters.next_back();
    }
    characters.as_str().to_owned()
}

fn macro_call(
    name: &str,
    arguments: Vec<Parsed>,
    body: Option<Block>,
    literal: String,
    place: Place,
) -> Node {
    let bad_argument = arguments
        .iter()
        .any(|argument| matches!(argument.value, Expression::Word));
    let arguments = arguments
        .into_iter()
        .map(|one| Argument {
            value: one.value,
            literal: one.literal,
        })
        .collect();
    Node::Call(Box::new(Call {
        name: name.into(),
        arguments,
        body,
        literal: literal.into(),
        bad_argument,
        place,
    }))
}
