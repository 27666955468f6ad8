//! From text to program: the grammar of Velocity 1.7, with its looking ahead.
//!
//! The parser asks for tokens no earlier than Velocity's own, since reading one changes the scanner's state (see
//! `lexer`). Wherever a function looks further than the next token it says how far.

mod directive;
mod expression;
mod lexer;
mod literal;
mod lookahead;
mod reference;
mod scan;

use std::collections::HashMap;

use crate::dialect::Dialect;
use crate::error::ParseError;
use crate::program::{Block, Macro, Node, Place, Slot};
use lexer::{Kind, Lexer, Token};

/// How deep directives, brackets and strings may stand in each other. Deeper ones would cost stack, both here and in
/// a run.
const NESTING_MAX: usize = 60;

/// Variables that every template has; the others follow.
pub(crate) const BUILT_IN: [&str; 4] = ["input", "util", "context", "stageVariables"];

pub(crate) struct Parsed {
    pub(crate) block: Block,
    pub(crate) names: Vec<Box<str>>,
    pub(crate) macros: HashMap<Box<str>, Macro>,
    pub(crate) counts: bool,
}

/// What the strings inside a template share with it.
struct Shared<'n> {
    template: &'n str,
    dialect: Dialect,
    slots: HashMap<Box<str>, Slot>,
    names: Vec<Box<str>>,
    macros: HashMap<Box<str>, Macro>,
    /// Whether the variables of Velocity 1.4 are named that `$foreach.count` and `$foreach.hasNext` took the place of.
    counts: bool,
    depth: usize,
    /// Where the string that is being parsed stands; errors inside it name this place.
    outer: Option<Place>,
}

impl Shared<'_> {
    fn slot(&mut self, name: &str) -> Slot {
        self.counts |= matches!(name, "velocityCount" | "velocityHasNext");
        if let Some(slot) = self.slots.get(name) {
            return *slot;
        }
        let slot = self.names.len() as Slot;
        self.names.push(name.into());
        self.slots.insert(name.into(), slot);
        slot
    }
}

pub(crate) fn parse(template: &str, text: &str, dialect: Dialect) -> Result<Parsed, ParseError> {
    let mut shared = Shared {
        template,
        dialect,
        slots: HashMap::new(),
        names: Vec::new(),
        macros: HashMap::new(),
        counts: false,
        depth: 0,
        outer: None,
    };
    for name in
        BUILT_IN
            .into_iter()
            .chain(["foreach", "velocityCount", "velocityHasNext", "bodyContent"])
    {
        shared.slot(name);
    }
    shared.counts = false;
    let block = Parser::new(text, &mut shared).whole()?;
    Ok(Parsed {
        block,
        names: shared.names,
        macros: shared.macros,
        counts: shared.counts,
    })
}

struct Parser<'t, 's, 'n> {
    lexer: Lexer<'t>,
    tokens: Vec<Token>,
    /// The token consumed last; the first one is a stand-in.
    current: usize,
    shared: &'s mut Shared<'n>,
    /// Macros whose definition has been read: an escaped `\#name` asks.
    macro_names: Vec<String>,
}

impl<'t, 's, 'n> Parser<'t, 's, 'n> {
    fn new(text: &'t str, shared: &'s mut Shared<'n>) -> Self {
        let stand_in = Token {
            kind: Kind::Eof,
            image: String::new(),
            before: Vec::new(),
            line: 1,
            column: 1,
        };
        Self {
            lexer: Lexer::new(text),
            tokens: vec![stand_in],
            current: 0,
            shared,
            macro_names: Vec::new(),
        }
    }

    fn whole(mut self) -> Result<Block, ParseError> {
        let block = self.statements()?;
        self.expect(Kind::Eof, "the end of the template")?;
        Ok(block)
    }

    /// The kind of the token `ahead` places on, read now if it was not yet.
    fn peek(&mut self, ahead: usize) -> Result<Kind, ParseError> {
        while self.tokens.len() <= self.current + ahead {
            if self.tokens.len() > 1
                && self
                    .tokens
                    .last()
                    .is_some_and(|token| token.kind == Kind::Eof)
            {
                return Ok(Kind::Eof);
            }
            let token = match self.lexer.next() {
                Ok(token) => token,
                Err(error) => {
                    let what = match error.found {
                        Some(character) => format!("`{character}` cannot stand here"),
                        None => {
                            "the template ends in the middle of a reference, directive or comment"
                                .to_owned()
                        }
                    };
                    return Err(self.error_at(
                        Place {
                            line: error.line,
                            column: error.column,
                        },
                        what,
                    ));
                }
            };
            self.tokens.push(token);
        }
        Ok(self.tokens[self.current + ahead].kind)
    }

    fn next(&mut self) -> Result<Kind, ParseError> {
        self.peek(1)
    }

    fn advance(&mut self) -> Result<&mut Token, ParseError> {
        self.peek(1)?;
        self.current = (self.current + 1).min(self.tokens.len() - 1);
        Ok(&mut self.tokens[self.current])
    }

    fn expect(&mut self, kind: Kind, what: &str) -> Result<(), ParseError> {
        if self.next()? == kind {
            self.advance()?;
            Ok(())
        } else {
            Err(self.unexpected(what))
        }
    }

    /// Takes the next token if it is of this kind.
    fn take(&mut self, kind: Kind) -> Result<bool, ParseError> {
        if self.next()? == kind {
            self.advance()?;
            return Ok(true);
        }
        Ok(false)
    }

    fn place(&self) -> Place {
        let token = &self.tokens[self.current];
        Place {
            line: token.line,
            column: token.column,
        }
    }

    fn error_at(&self, place: Place, what: String) -> ParseError {
        let place = self.shared.outer.unwrap_or(place);
        ParseError {
            template: self.shared.template.into(),
            line: place.line,
            column: place.column,
            what: what.into(),
        }
    }

    fn unexpected(&self, wanted: &str) -> ParseError {
        let token = &self.tokens[(self.current + 1).min(self.tokens.len() - 1)];
        let place = Place {
            line: token.line,
            column: token.column,
        };
        let what = match token.kind {
            Kind::Eof => format!("the template ends where {wanted} was expected"),
            _ => format!(
                "`{}` stands where {wanted} was expected",
                token.image.trim_end()
            ),
        };
        self.error_at(place, what)
    }

    fn deeper(&mut self) -> Result<(), ParseError> {
        self.shared.depth += 1;
        if self.shared.depth > NESTING_MAX {
            return Err(self.error_at(
                self.place(),
                format!("nested deeper than {NESTING_MAX} levels"),
            ));
        }
        Ok(())
    }

    fn statements(&mut self) -> Result<Block, ParseError> {
        let mut block = Block::new();
        while self.statement(&mut block)? {}
        Ok(block)
    }

    /// One statement, if one starts here.
    fn statement(&mut self, block: &mut Block) -> Result<bool, ParseError> {
        match self.next()? {
            Kind::If => {
                let node = self.if_statement()?;
                block.push(node);
            }
            Kind::Identifier | Kind::CurlyOpen if self.reference_ahead()? => {
                let node = self.printed_reference()?;
                push(block, node);
            }
            Kind::LineComment => {
                self.advance()?;
                let image = &self.tokens[self.current].image;
                let prefix = image[..image.find("##").unwrap_or(0)].to_owned();
                push_text(block, &prefix);
                self.take(Kind::LineEnd)?;
            }
            Kind::BlockComment | Kind::FormalComment => {
                self.advance()?;
                let image = &self.tokens[self.current].image;
                let prefix =
                    image[..image.find("##").or_else(|| image.find("#*")).unwrap_or(0)].to_owned();
                push_text(block, &prefix);
            }
            Kind::TextBlock => {
                let token = self.advance()?;
                let text = token
                    .image
                    .get(3..token.image.len().saturating_sub(3))
                    .unwrap_or_default()
                    .to_owned();
                push_text(block, &text);
            }
            Kind::Set => {
                let node = self.set()?;
                block.push(node);
            }
            Kind::EscapedDirective => {
                self.advance()?;
                let image = std::mem::take(&mut self.tokens[self.current].image);
                let text = self.escaped_directive(&image);
                self.tokens[self.current].image.clone_from(&text);
                push_text(block, &text);
            }
            Kind::DoubleEscape => {
                let text = self.escapes()?;
                push_text(block, &text);
            }
            Kind::Word | Kind::BracketedWord => self.directive(block)?,
            Kind::Text
            | Kind::Dot
            | Kind::ParenClose
            | Kind::ParenOpen
            | Kind::Integer
            | Kind::Float
            | Kind::String
            | Kind::Escape
            | Kind::CurlyOpen
            | Kind::CurlyClose
            | Kind::EmptyIndex => {
                self.advance()?;
                let text = self.token_literal(self.current);
                push_text(block, &text);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }
}

fn push_text(block: &mut Block, text: &str) {
    if !text.is_empty() {
        push(block, Node::Text(text.to_owned()));
    }
}

/// Texts that follow each other become one.
fn push(block: &mut Block, node: Node) {
    if let Node::Text(text) = &node
        && let Some(Node::Text(last)) = block.last_mut()
    {
        last.push_str(text);
        return;
    }
    block.push(node);
}
