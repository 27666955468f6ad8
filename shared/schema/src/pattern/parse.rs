//! From a pattern's text to its tree.

use super::set::Set;
use std::iter::Peekable;
use std::str::Chars;

#[derive(Debug)]
pub(super) enum Tree {
    Empty,
    Set(Set),
    Start,
    End,
    /// Whether at a word's edge, or anywhere else.
    Edge(bool),
    Group(Box<Tree>, usize),
    Back(usize),
    Ahead(Box<Tree>, bool),
    Sequence(Vec<Tree>),
    Either(Vec<Tree>),
    Repeat {
        tree: Box<Tree>,
        min: u32,
        max: Option<u32>,
        greedy: bool,
    },
}

/// Groups within groups.
const DEPTH_MAX: usize = 100;
const REPEATED_MAX: u32 = 65_535;

pub(super) fn parse(text: &str) -> Result<Tree, String> {
    let mut parser = Parser {
        rest: text.chars().peekable(),
        groups: 0,
        groups_in_all: count_groups(text),
        depth: 0,
    };
    let tree = parser.either()?;
    match parser.rest.next() {
        None => Ok(tree),
        Some(_) => Err("a `)` closes nothing".to_owned()),
    }
}

struct Parser<'t> {
    rest: Peekable<Chars<'t>>,
    groups: usize,
    groups_in_all: usize,
    depth: usize,
}

impl Parser<'_> {
    fn either(&mut self) -> Result<Tree, String> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(format!("it nests deeper than {DEPTH_MAX} groups"));
        }
        let mut branches = vec![self.sequence()?];
        while self.eat('|') {
            branches.push(self.sequence()?);
        }
        self.depth -= 1;
        Ok(match branches.len() {
            1 => branches.remove(0),
            _ => Tree::Either(branches),
        })
    }

    fn sequence(&mut self) -> Result<Tree, String> {
        let mut items = Vec::new();
        while let Some(c) = self.rest.peek().copied() {
            if matches!(c, '|' | ')') {
                break;
            }
            let (item, repeatable) = self.item()?;
            items.push(self.repeated(item, repeatable)?);
        }
        Ok(match items.len() {
            0 => Tree::Empty,
            1 => items.remove(0),
            _ => Tree::Sequence(items),
        })
    }

    /// One thing, and whether it can be repeated.
    fn item(&mut self) -> Result<(Tree, bool), String> {
        let Some(c) = self.rest.next() else {
            return Ok((Tree::Empty, false));
        };
        Ok(match c {
            '^' => (Tree::Start, false),
            '$' => (Tree::End, false),
            '.' => (Tree::Set(Set::not_a_line_end()), true),
            '(' => (self.group()?, true),
            '[' => (Tree::Set(self.class()?), true),
            '\\' => self.escape()?,
            '*' | '+' | '?' => return Err(format!("`{c}` has nothing to repeat")),
            c => (Tree::Set(Set::one(c.into())), true),
        })
    }

    fn repeated(&mut self, item: Tree, repeatable: bool) -> Result<Tree, String> {
        let Some((min, max, sign)) = self.quantifier()? else {
            return Ok(item);
        };
        let greedy = !self.eat('?');
        if !repeatable {
            return Err(format!("`{sign}` has nothing to repeat"));
        }
        if self.quantifier_follows() {
            return Err("`{` has nothing to repeat".to_owned());
        }
        Ok(Tree::Repeat {
            tree: Box::new(item),
            min,
            max,
            greedy,
        })
    }

    fn quantifier(&mut self) -> Result<Option<(u32, Option<u32>, char)>, String> {
        let Some(sign) = self.rest.peek().copied() else {
            return Ok(None);
        };
        let (min, max) = match sign {
            '*' => (0, None),
            '+' => (1, None),
            '?' => (0, Some(1)),
            '{' => {
                let Some((min, max, length)) = braces(self.rest.clone()) else {
                    return Ok(None);
                };
                if max.is_some_and(|max| max < min) {
                    return Err("a repetition ends before it begins".to_owned());
                }
                if min.max(max.unwrap_or(0)) > REPEATED_MAX {
                    return Err(format!("it repeats more than {REPEATED_MAX} times"));
                }
                // All but the last are taken here.
                for _ in 1..length {
                    self.rest.next();
                }
                (min, max)
            }
            _ => return Ok(None),
        };
        self.rest.next();
        Ok(Some((min, max, sign)))
    }

    fn quantifier_follows(&self) -> bool {
        self.rest.clone().next() == Some('{') && braces(self.rest.clone()).is_some()
    }

    /// After its `(`.
    fn group(&mut self) -> Result<Tree, String> {
        let tree = if self.eat('?') {
            match self.rest.next() {
                Some(':') => self.either()?,
                Some(sign @ ('=' | '!')) => Tree::Ahead(Box::new(self.either()?), sign == '!'),
                Some('<') if !matches!(self.rest.peek(), Some('=' | '!')) => {
                    while self.rest.next_if(|c| *c != '>').is_some() {}
                    self.rest.next();
                    self.captured()?
                }
                Some('<') => {
                    return Err("looking behind is not known to ECMA 262 of draft 4".to_owned());
                }
                Some(c) => return Err(format!("`(?{c}` is not known")),
                None => return Err("a `(` is not closed".to_owned()),
            }
        } else {
            self.captured()?
        };
        if self.eat(')') {
            Ok(tree)
        } else {
            Err("a `(` is not closed".to_owned())
        }
    }

    fn captured(&mut self) -> Result<Tree, String> {
        self.groups += 1;
        let number = self.groups;
        Ok(Tree::Group(Box::new(self.either()?), number))
    }

    /// After its backslash, outside of a class.
    fn escape(&mut self) -> Result<(Tree, bool), String> {
        let Some(c) = self.rest.peek().copied() else {
            return Err("it ends within an escape".to_owned());
        };
        if matches!(c, 'b' | 'B') {
            self.rest.next();
            return Ok((Tree::Edge(c == 'b'), false));
        }
        if let Some(set) = Set::named(c) {
            self.rest.next();
            return Ok((Tree::Set(set), true));
        }
        if matches!(c, '1'..='9') {
            let digits: String = self
                .rest
                .clone()
                .take_while(char::is_ascii_digit)
                .take(3)
                .collect();
            let number = digits.parse().unwrap_or(usize::MAX);
            if number <= self.groups_in_all {
                for _ in 0..digits.len() {
                    self.rest.next();
                }
                return Ok((Tree::Back(number), true));
            }
        }
        Ok((Tree::Set(Set::one(self.escaped_character()?)), true))
    }

    /// After its backslash. Whatever has no meaning of its own stands for itself.
    fn escaped_character(&mut self) -> Result<u32, String> {
        let c = self
            .rest
            .next()
            .ok_or_else(|| "it ends within an escape".to_owned())?;
        Ok(match c {
            't' => 0x09,
            'n' => 0x0a,
            'v' => 0x0b,
            'f' => 0x0c,
            'r' => 0x0d,
            '0' => 0,
            'c' => match self.rest.next_if(char::is_ascii_alphabetic) {
                Some(letter) => u32::from(letter) % 32,
                None => 'c'.into(),
            },
            'x' => self.hex(2).unwrap_or('x'.into()),
            'u' => match self.hex(4) {
                Some(high @ 0xd800..=0xdbff) => {
                    let mut ahead = self.rest.clone();
                    let is_escape = ahead.next() == Some('\\') && ahead.next() == Some('u');
                    let low = if is_escape {
                        hex(ahead.take(4), 4)
                    } else {
                        None
                    };
                    match low {
                        Some(low @ 0xdc00..=0xdfff) => {
                            for _ in 0..6 {
                                self.rest.next();
                            }
                            0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00)
                        }
                        // Half of a pair, which no text has.
                        _ => high,
                    }
                }
                Some(unit) => unit,
                None => 'u'.into(),
            },
            c => c.into(),
        })
    }

    fn hex(&mut self, digits: usize) -> Option<u32> {
        let number = hex(self.rest.clone().take(digits), digits)?;
        for _ in 0..digits {
            self.rest.next();
        }
        Some(number)
    }

    /// After its `[`.
    fn class(&mut self) -> Result<Set, String> {
        let negated = self.eat('^');
        let mut ranges = Vec::new();
        while let Some(from) = self.class_item()? {
            let mut ahead = self.rest.clone();
            let is_range = ahead.next() == Some('-') && !matches!(ahead.next(), Some(']') | None);
            if !is_range {
                ranges.extend_from_slice(from.ranges());
                continue;
            }
            self.rest.next();
            let to = self.class_item()?.unwrap_or_default();
            match (single(&from), single(&to)) {
                (Some(from), Some(to)) if from <= to => ranges.push((from, to)),
                (Some(from), Some(to)) => {
                    let c = |code| char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
                    return Err(format!("`{}-{}` is no range", c(from), c(to)));
                }
                // `[\w-x]`: the hyphen stands for itself.
                _ => {
                    ranges.extend_from_slice(from.ranges());
                    ranges.extend_from_slice(to.ranges());
                    ranges.push(('-'.into(), '-'.into()));
                }
            }
        }
        let set = Set::of(ranges);
        Ok(if negated { set.complement() } else { set })
    }

    /// `None` at the end of the class.
    fn class_item(&mut self) -> Result<Option<Set>, String> {
        Ok(match self.rest.next() {
            None => return Err("a `[` is not closed".to_owned()),
            Some(']') => None,
            Some('\\') => match self.rest.peek().copied() {
                Some('b') => {
                    self.rest.next();
                    Some(Set::one(8))
                }
                Some(c) => match Set::named(c) {
                    Some(set) => {
                        self.rest.next();
                        Some(set)
                    }
                    None => Some(Set::one(self.escaped_character()?)),
                },
                None => return Err("a `[` is not closed".to_owned()),
            },
            Some(c) => Some(Set::one(c.into())),
        })
    }

    fn eat(&mut self, c: char) -> bool {
        self.rest.next_if_eq(&c).is_some()
    }
}

fn single(set: &Set) -> Option<u32> {
    match set.ranges() {
        [(from, to)] if from == to => Some(*from),
        _ => None,
    }
}

fn hex(text: impl Iterator<Item = char>, digits: usize) -> Option<u32> {
    let text: String = text.collect();
    let is_hex = text.len() == digits && text.chars().all(|c| c.is_ascii_hexdigit());
    u32::from_str_radix(&text, 16).ok().filter(|_| is_hex)
}

/// `{n}`, `{n,}` or `{n,m}`, and its length. Any other brace stands for itself.
fn braces(text: impl Iterator<Item = char>) -> Option<(u32, Option<u32>, usize)> {
    // Longer than any count that is allowed.
    let text: String = text.skip(1).take(20).take_while(|c| *c != '}').collect();
    let number = |digits: &str| {
        let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        is_number.then(|| digits.parse().unwrap_or(u32::MAX))
    };
    let (min, max) = match text.split_once(',') {
        None => (number(&text)?, Some(number(&text)?)),
        Some((min, "")) => (number(min)?, None),
        Some((min, max)) => (number(min)?, Some(number(max)?)),
    };
    (text.len() < 20).then_some((min, max, text.len() + 2))
}

fn count_groups(text: &str) -> usize {
    let mut groups = 0;
    let mut in_class = false;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\\' => drop(rest.next()),
            '[' => in_class = true,
            ']' => in_class = false,
            '(' if !in_class => {
                let mut ahead = rest.clone();
                let is_special = ahead.next() == Some('?');
                groups += usize::from(!is_special || ahead.next() == Some('<'));
            }
            _ => {}
        }
    }
    groups
}
