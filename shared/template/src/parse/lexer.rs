//! Cuts template text into tokens, by the states of Velocity 1.7's own scanner.
//!
//! What a template prints hangs on where that scanner thinks a reference or a directive ends: which blanks a `#set`
//! swallows, whether `[` after a call is an index. Those rules follow from a stack of states which tokens push and
//! pop, and not from a grammar one could write down more simply; so this is that machine. Tokens are made one at a
//! time, when the parser asks: the parser looks ahead exactly as far as Velocity's, because a token read early is
//! read in another state.

use super::scan;

/// What a token is. Names follow the roles they play in the grammar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Eof,
    IndexOpen,
    IndexClose,
    ListOpen,
    ListClose,
    Comma,
    DotDot,
    Colon,
    MapOpen,
    MapClose,
    ParenOpen,
    ParenClose,
    CallClose,
    EscapedDirective,
    Set,
    LineComment,
    DoubleEscape,
    Escape,
    Text,
    LineEnd,
    BlockComment,
    FormalComment,
    TextBlock,
    Blank,
    String,
    True,
    False,
    Minus,
    Plus,
    Times,
    Divide,
    Modulo,
    And,
    Or,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Equal,
    NotEqual,
    Not,
    Assign,
    End,
    If,
    ElseIf,
    Else,
    Integer,
    Float,
    Word,
    BracketedWord,
    Identifier,
    Dot,
    CurlyOpen,
    CurlyClose,
    EmptyIndex,
    // Not tokens for the parser: they start one, carry text along, or vanish.
    MoreDollar,
    MoreTextBlock,
    MoreFormalComment,
    MoreBlockComment,
    MoreHash,
    MoreAny,
    Skip,
    ReferenceEnd,
    DirectiveEnd,
}

/// Where the scanner is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Default,
    PreDirective,
    Directive,
    Reference,
    /// After the dot of a reference.
    Member,
    /// Between the brackets of a call.
    Call,
    Index,
    LineComment,
    FormalComment,
    BlockComment,
    TextBlock,
}

#[derive(Debug, Clone)]
pub(super) struct Token {
    pub(super) kind: Kind,
    /// The text, with what led up to it (`$`, `#`, backslashes).
    pub(super) image: String,
    /// Texts that were cut off without becoming a token (a `$` that starts nothing); they print before it.
    pub(super) before: Vec<String>,
    pub(super) line: u32,
    pub(super) column: u32,
}

struct Saved {
    open: i32,
    closed: i32,
    state: State,
}

pub(super) struct Lexer<'t> {
    text: &'t str,
    at: usize,
    state: State,
    stack: Vec<Saved>,
    open: i32,
    closed: i32,
    in_comment: bool,
    pub(super) in_set: bool,
    counted_to: usize,
    line: u32,
    column: u32,
}

/// The text at this place starts no token of the state.
#[derive(Debug)]
pub(super) struct LexicalError {
    pub(super) line: u32,
    pub(super) column: u32,
    pub(super) found: Option<char>,
}

impl<'t> Lexer<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self {
            text,
            at: 0,
            state: State::Default,
            stack: Vec::new(),
            open: 0,
            closed: 0,
            in_comment: false,
            in_set: false,
            counted_to: 0,
            line: 1,
            column: 1,
        }
    }

    /// Line and column of a place not before the last one asked for.
    fn place(&mut self, at: usize) -> (u32, u32) {
        if at > self.counted_to {
            for character in self.text[self.counted_to..at].chars() {
                if character == '\n' {
                    self.line += 1;
                    self.column = 1;
                } else {
                    self.column += 1;
                }
            }
            self.counted_to = at;
        }
        (self.line, self.column)
    }

    pub(super) fn switch_to_directive(&mut self) {
        self.state = State::Directive;
    }

    pub(super) fn pop(&mut self) -> bool {
        if let Some(saved) = self.stack.pop() {
            self.open = saved.open;
            self.closed = saved.closed;
            self.state = saved.state;
            true
        } else {
            self.open = 0;
            self.state = State::Default;
            false
        }
    }

    fn push(&mut self) {
        self.stack.push(Saved {
            open: self.open,
            closed: self.closed,
            state: self.state,
        });
        self.open = 0;
    }

    /// Whether the next thing that is not blank is `(`: what makes `#word` a directive.
    pub(super) fn paren_follows(&self) -> bool {
        self.text.as_bytes()[self.at..]
            .iter()
            .find(|byte| !matches!(byte, b' ' | b'\n' | b'\r' | b'\t'))
            .is_some_and(|byte| *byte == b'(')
    }

    pub(super) fn next(&mut self) -> Result<Token, LexicalError> {
        let mut before = Vec::new();
        'token: loop {
            let start = self.at;
            let (line, column) = self.place(start);
            if start >= self.text.len() {
                return Ok(Token {
                    kind: Kind::Eof,
                    image: String::new(),
                    before,
                    line,
                    column,
                });
            }
            loop {
                let rest = &self.text[self.at..];
                let Some((kind, length)) = scan::longest(self.state, rest) else {
                    let (line, column) = self.place(self.at);
                    return Err(LexicalError {
                        line,
                        column,
                        found: rest.chars().next(),
                    });
                };
                self.at += length;
                match kind {
                    Kind::Skip => continue 'token,
                    Kind::ReferenceEnd | Kind::DirectiveEnd => {
                        before.push(self.text[start..self.at].to_owned());
                        self.at -= length;
                        self.pop();
                        continue 'token;
                    }
                    Kind::MoreDollar
                    | Kind::MoreTextBlock
                    | Kind::MoreFormalComment
                    | Kind::MoreBlockComment
                    | Kind::MoreHash
                    | Kind::MoreAny => {
                        self.begin(kind);
                        if self.at >= self.text.len() {
                            let (line, column) = self.place(self.at);
                            return Err(LexicalError {
                                line,
                                column,
                                found: None,
                            });
                        }
                    }
                    _ => {
                        let mut token = Token {
                            kind,
                            image: self.text[start..self.at].to_owned(),
                            before,
                            line,
                            column,
                        };
                        self.act(&mut token);
                        return Ok(token);
                    }
                }
            }
        }
    }

    /// What the start of a token does to the state.
    fn begin(&mut self, kind: Kind) {
        if self.in_comment {
            return;
        }
        match kind {
            Kind::MoreDollar => {
                if self.state == State::Reference {
                    self.pop();
                }
                self.push();
                self.state = State::Reference;
            }
            Kind::MoreHash => {
                if matches!(self.state, State::Reference | State::Member) {
                    self.pop();
                }
                self.push();
                self.state = State::PreDirective;
            }
            Kind::MoreTextBlock => self.comment(State::TextBlock),
            Kind::MoreBlockComment => self.comment(State::BlockComment),
            Kind::MoreFormalComment => {
                // The character after `#**` was only looked at.
                let last = self.text[..self.at]
                    .chars()
                    .next_back()
                    .map_or(0, char::len_utf8);
                self.at -= last;
                self.comment(State::FormalComment);
            }
            _ => {}
        }
    }

    fn comment(&mut self, state: State) {
        self.in_comment = true;
        self.push();
        self.state = state;
    }

    /// What a whole token does to the state.
    fn act(&mut self, token: &mut Token) {
        match token.kind {
            Kind::IndexOpen => {
                self.push();
                self.state = State::Index;
            }
            Kind::IndexClose | Kind::CurlyClose | Kind::End | Kind::Else => {
                self.pop();
            }
            Kind::ParenOpen => {
                self.open += 1;
                if self.state == State::Member {
                    self.state = State::Call;
                }
            }
            Kind::ParenClose => self.close_paren(),
            Kind::CallClose => self.state = State::Reference,
            Kind::Set => {
                self.push();
                self.in_set = true;
                self.state = State::Directive;
                self.open += 1;
            }
            Kind::LineComment if !self.in_comment => {
                if self.state == State::Reference {
                    self.pop();
                }
                self.comment(State::LineComment);
            }
            Kind::LineEnd | Kind::FormalComment | Kind::BlockComment | Kind::TextBlock => {
                self.in_comment = false;
                self.pop();
            }
            Kind::String if self.state == State::Directive && !self.in_set && self.open == 0 => {
                self.pop();
            }
            Kind::If | Kind::ElseIf => self.state = State::Directive,
            Kind::Integer => {
                if token.image.ends_with("..") {
                    self.at -= 2;
                    token.image.truncate(token.image.len() - 2);
                }
                if self.open == 0
                    && !self.in_set
                    && !matches!(self.state, State::Call | State::Index)
                {
                    self.pop();
                }
            }
            Kind::Float if self.open == 0 && !self.in_set && self.state != State::Call => {
                self.pop();
            }
            Kind::Dot => {
                self.at -= 1;
                ".".clone_into(&mut token.image);
                self.state = State::Member;
            }
            _ => {}
        }
    }

    /// A `)` closes the innermost state that has an open `(`.
    fn close_paren(&mut self) {
        let mut closed = self.in_comment;
        while !closed {
            if self.open > 0 {
                if self.open == self.closed + 1 {
                    self.pop();
                } else {
                    self.closed += 1;
                }
                closed = true;
            } else if !self.pop() {
                break;
            }
        }
    }
}
