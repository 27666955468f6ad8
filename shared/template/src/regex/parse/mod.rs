//! From a pattern to a tree: rows, choices, groups and repetitions. What stands behind a backslash or in brackets has files of its
//! own.

mod brackets;
mod escape;

use super::BadPattern;
use super::class::Set;

const DEPTH_MAX: usize = 50;

#[derive(Debug, Clone, Copy, Default)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "they are the flags of a pattern"
)]
pub(super) struct Flags {
    ignore_case: bool,
    dot_all: bool,
    multi_line: bool,
    comments: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Greed {
    Greedy,
    Lazy,
    Possessive,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Assertion {
    LineStart,
    InputStart,
    LineEnd,
    /// `$` without `(?m)`, and `\Z`: before a last line end, too.
    LastLineEnd,
    InputEnd,
    Word,
    NotWord,
}

#[derive(Debug, Clone)]
pub(super) enum Tree {
    Char(char, bool),
    Any(bool),
    Set(Set, bool),
    Assert(Assertion),
    Group(Box<Tree>, Option<usize>),
    Row(Vec<Tree>),
    Choice(Vec<Tree>),
    Repeat {
        tree: Box<Tree>,
        min: u32,
        max: Option<u32>,
        greed: Greed,
    },
    Back(usize, bool),
    Look {
        tree: Box<Tree>,
        ahead: bool,
        wanted: bool,
    },
    Atomic(Box<Tree>),
}

pub(super) struct Parsed {
    pub(super) tree: Tree,
    pub(super) groups: usize,
    pub(super) names: Vec<(String, usize)>,
}

struct Parser {
    pattern: Vec<char>,
    at: usize,
    groups: usize,
    names: Vec<(String, usize)>,
    flags: Flags,
    depth: usize,
}

pub(super) fn parse(pattern: &str) -> Result<Parsed, BadPattern> {
    let mut parser = Parser {
        pattern: pattern.chars().collect(),
        at: 0,
        groups: 1,
        names: Vec::new(),
        flags: Flags::default(),
        depth: 0,
    };
    let tree = parser.choice()?;
    if parser.at < parser.pattern.len() {
        return Err(parser.bad("unmatched `)`"));
    }
    Ok(Parsed {
        tree,
        groups: parser.groups,
        names: parser.names,
    })
}

impl Parser {
    fn bad(&self, what: &'static str) -> BadPattern {
        BadPattern { at: self.at, what }
    }

    fn peek(&self) -> Option<char> {
        self.pattern.get(self.at).copied()
    }

    fn take(&mut self, character: char) -> bool {
        let found = self.peek() == Some(character);
        self.at += usize::from(found);
        found
    }

    fn take_all(&mut self, text: &str) -> bool {
        let length = text.chars().count();
        let found = self.pattern[self.at..]
            .iter()
            .take(length)
            .copied()
            .eq(text.chars());
        if found {
            self.at += length;
        }
        found
    }

    fn next(&mut self) -> Result<char, BadPattern> {
        let character = self
            .peek()
            .ok_or_else(|| self.bad("the pattern ends too early"))?;
        self.at += 1;
        Ok(character)
    }

    fn choice(&mut self) -> Result<Tree, BadPattern> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(self.bad("nested too deeply"));
        }
        let flags = self.flags;
        let mut rows = vec![self.row()?];
        while self.take('|') {
            rows.push(self.row()?);
        }
        self.flags = flags;
        self.depth -= 1;
        Ok(if rows.len() == 1 {
            rows.swap_remove(0)
        } else {
            Tree::Choice(rows)
        })
    }

    fn row(&mut self) -> Result<Tree, BadPattern> {
        let mut row = Vec::new();
        while let Some(character) = self.peek() {
            if matches!(character, '|' | ')') {
                break;
            }
            if self.flags.comments && (character.is_whitespace() || character == '#') {
                self.at += 1;
                if character == '#' {
                    while self.peek().is_some_and(|character| character != '\n') {
                        self.at += 1;
                    }
                }
                continue;
            }
            if self.take_all("\\Q") {
                while self.at < self.pattern.len() && !self.take_all("\\E") {
                    let character = self.next()?;
                    row.push(Tree::Char(character, self.flags.ignore_case));
                }
                continue;
            }
            if let Some(atom) = self.atom()? {
                row.push(self.quantified(atom)?);
            }
        }
        Ok(Tree::Row(row))
    }

    fn quantified(&mut self, mut tree: Tree) -> Result<Tree, BadPattern> {
        loop {
            let (min, max) = match self.peek() {
                Some('*') => (0, None),
                Some('+') => (1, None),
                Some('?') => (0, Some(1)),
                Some('{') => {
                    self.at += 1;
                    let min = self.number()?;
                    let max = if self.take(',') {
                        if self.peek() == Some('}') {
                            None
                        } else {
                            Some(self.number()?)
                        }
                    } else {
                        Some(min)
                    };
                    if self.peek() != Some('}') || max.is_some_and(|max| max < min) {
                        return Err(self.bad("a bad repetition"));
                    }
                    (min, max)
                }
                _ => return Ok(tree),
            };
            self.at += 1;
            let greed = if self.take('?') {
                Greed::Lazy
            } else if self.take('+') {
                Greed::Possessive
            } else {
                Greed::Greedy
            };
            tree = Tree::Repeat {
                tree: Box::new(tree),
                min,
                max,
                greed,
            };
            self.depth += 1;
            if self.depth > DEPTH_MAX {
                return Err(self.bad("nested too deeply"));
            }
        }
    }

    fn number(&mut self) -> Result<u32, BadPattern> {
        let mut number = None;
        while let Some(digit) = self.peek().and_then(|character| character.to_digit(10)) {
            self.at += 1;
            number = Some(
                number
                    .unwrap_or(0_u32)
                    .saturating_mul(10)
                    .saturating_add(digit),
            );
        }
        match number {
            Some(number) if number <= 1_000 => Ok(number),
            Some(_) => Err(self.bad("a repetition of more than 1,000")),
            None => Err(self.bad("a number was expected")),
        }
    }

    fn atom(&mut self) -> Result<Option<Tree>, BadPattern> {
        let character = self.next()?;
        let ignore_case = self.flags.ignore_case;
        Ok(Some(match character {
            '.' => Tree::Any(self.flags.dot_all),
            '^' if self.flags.multi_line => Tree::Assert(Assertion::LineStart),
            '^' => Tree::Assert(Assertion::InputStart),
            '$' if self.flags.multi_line => Tree::Assert(Assertion::LineEnd),
            '$' => Tree::Assert(Assertion::LastLineEnd),
            '[' => Tree::Set(self.set()?, ignore_case),
            '(' => return self.group(),
            '*' | '+' | '?' => {
                self.at -= 1;
                return Err(self.bad("a repetition of nothing"));
            }
            '\\' => self.escape()?,
            other => Tree::Char(other, ignore_case),
        }))
    }

    fn group(&mut self) -> Result<Option<Tree>, BadPattern> {
        let wrap: fn(Box<Tree>) -> Tree = if !self.take('?') {
            let index = self.groups;
            self.groups += 1;
            return Ok(Some(Tree::Group(Box::new(self.inner()?), Some(index))));
        } else if self.take(':') {
            |tree| Tree::Group(tree, None)
        } else if self.take('=') {
            |tree| Tree::Look {
                tree,
                ahead: true,
                wanted: true,
            }
        } else if self.take('!') {
            |tree| Tree::Look {
                tree,
                ahead: true,
                wanted: false,
            }
        } else if self.take('>') {
            Tree::Atomic
        } else if self.take_all("<=") {
            |tree| Tree::Look {
                tree,
                ahead: false,
                wanted: true,
            }
        } else if self.take_all("<!") {
            |tree| Tree::Look {
                tree,
                ahead: false,
                wanted: false,
            }
        } else if self.take('<') {
            let mut name = String::new();
            loop {
                match self.next()? {
                    '>' => break,
                    letter if letter.is_ascii_alphanumeric() => name.push(letter),
                    _ => return Err(self.bad("a bad group name")),
                }
            }
            let index = self.groups;
            self.groups += 1;
            self.names.push((name, index));
            return Ok(Some(Tree::Group(Box::new(self.inner()?), Some(index))));
        } else {
            return self.flag_group();
        };
        Ok(Some(wrap(Box::new(self.inner()?))))
    }

    fn inner(&mut self) -> Result<Tree, BadPattern> {
        let tree = self.choice()?;
        if self.take(')') {
            Ok(tree)
        } else {
            Err(self.bad("an unclosed group"))
        }
    }

    fn flag_group(&mut self) -> Result<Option<Tree>, BadPattern> {
        let mut on = true;
        let before = self.flags;
        loop {
            match self.next()? {
                '-' => on = false,
                'i' => self.flags.ignore_case = on,
                's' => self.flags.dot_all = on,
                'm' => self.flags.multi_line = on,
                'x' => self.flags.comments = on,
                'u' | 'd' | 'U' => {}
                ')' => return Ok(None),
                ':' => {
                    let tree = self.inner()?;
                    self.flags = before;
                    return Ok(Some(Tree::Group(Box::new(tree), None)));
                }
                _ => return Err(self.bad("an unknown inline modifier")),
            }
        }
    }
}
