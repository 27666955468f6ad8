//! From text to path.

use super::filter::{Filter, Operand, Relation};
use super::{BadPath, Function, Path, Token};
use crate::regex::Regex;
use crate::value::Value;

const LENGTH_MAX: usize = 4_096;
const DEPTH_MAX: usize = 20;

struct Parser<'t> {
    text: &'t str,
    characters: Vec<char>,
    at: usize,
    depth: usize,
}

pub(super) fn path(text: &str) -> Result<Path, BadPath> {
    let mut parser = Parser {
        text,
        characters: Vec::new(),
        at: 0,
        depth: 0,
    };
    if text.len() > LENGTH_MAX {
        return Err(parser.bad("it is too long"));
    }
    parser.characters = text.trim().chars().collect();
    if !matches!(parser.peek(), Some('$' | '@')) {
        let start = if parser.peek() == Some('[') {
            "$"
        } else {
            "$."
        };
        parser.characters.splice(0..0, start.chars());
    }
    parser.at = 1;
    let path = parser.tokens()?;
    if parser.at < parser.characters.len() {
        return Err(parser.bad("something that belongs to no path"));
    }
    Ok(path)
}

impl Parser<'_> {
    fn bad(&self, what: &'static str) -> BadPath {
        BadPath {
            path: self.text.chars().take(200).collect::<String>().into(),
            at: self.at,
            what,
        }
    }

    fn peek(&self) -> Option<char> {
        self.characters.get(self.at).copied()
    }

    fn take(&mut self, character: char) -> bool {
        let found = self.peek() == Some(character);
        self.at += usize::from(found);
        found
    }

    fn take_all(&mut self, text: &str) -> bool {
        let length = text.chars().count();
        let found = self.characters[self.at.min(self.characters.len())..]
            .iter()
            .take(length)
            .copied()
            .eq(text.chars());
        if found {
            self.at += length;
        }
        found
    }

    fn blanks(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
    }

    /// Everything after `$` or `@`, as far as it is a path.
    fn tokens(&mut self) -> Result<Path, BadPath> {
        let mut tokens = Vec::new();
        let mut function = None;
        loop {
            if self.take_all("..") {
                tokens.push(Token::Descend);
                if self.peek() == Some('[') {
                    continue;
                }
                tokens.push(self.dotted()?);
            } else if self.take('.') {
                let start = self.at;
                match self.dotted()? {
                    Token::Names(names) if self.take_all("()") => {
                        function = Some(function_of(&names[0]).ok_or_else(|| {
                            self.at = start;
                            self.bad("an unknown function")
                        })?);
                        break;
                    }
                    token => tokens.push(token),
                }
            } else if self.take('[') {
                tokens.push(self.bracket()?);
            } else {
                break;
            }
        }
        if matches!(tokens.last(), Some(Token::Descend)) {
            return Err(self.bad("nothing after `..`"));
        }
        let definite = function.is_some()
            || tokens.iter().all(|token| match token {
                Token::Names(_) => true,
                Token::Indexes(indexes) => indexes.len() == 1,
                _ => false,
            });
        Ok(Path {
            tokens,
            function,
            definite,
        })
    }

    fn dotted(&mut self) -> Result<Token, BadPath> {
        if self.take('*') {
            return Ok(Token::Wildcard);
        }
        let start = self.at;
        while self.peek().is_some_and(|character| {
            !(character.is_whitespace()
                || matches!(
                    character,
                    '.' | '[' | '(' | ')' | ']' | '=' | '!' | '<' | '>' | '&' | '|' | ',' | '~'
                ))
        }) {
            self.at += 1;
        }
        if self.at == start {
            return Err(self.bad("a name was expected"));
        }
        Ok(Token::Names(vec![
            self.characters[start..self.at]
                .iter()
                .collect::<String>()
                .into(),
        ]))
    }

    fn bracket(&mut self) -> Result<Token, BadPath> {
        self.blanks();
        let token = match self.peek() {
            Some('*') => {
                self.at += 1;
                Token::Wildcard
            }
            Some('?') => {
                self.at += 1;
                self.blanks();
                if !self.take('(') {
                    return Err(self.bad("`(` was expected"));
                }
                let filter = self.any()?;
                self.blanks();
                if !self.take(')') {
                    return Err(self.bad("`)` was expected"));
                }
                Token::Filter(filter)
            }
            Some('\'' | '"') => {
                let mut names = vec![self.quoted()?.into()];
                self.blanks();
                while self.take(',') {
                    self.blanks();
                    names.push(self.quoted()?.into());
                    self.blanks();
                }
                Token::Names(names)
            }
            _ => self.numbers()?,
        };
        self.blanks();
        if self.take(']') {
            Ok(token)
        } else {
            Err(self.bad("`]` was expected"))
        }
    }

    fn numbers(&mut self) -> Result<Token, BadPath> {
        let first = self.integer()?;
        self.blanks();
        if self.take(':') {
            self.blanks();
            let to = self.integer()?;
            return Ok(Token::Slice(first, to));
        }
        let mut indexes = vec![first.ok_or_else(|| self.bad("an index was expected"))?];
        while self.take(',') {
            self.blanks();
            indexes.push(
                self.integer()?
                    .ok_or_else(|| self.bad("an index was expected"))?,
            );
            self.blanks();
        }
        Ok(Token::Indexes(indexes))
    }

    fn integer(&mut self) -> Result<Option<i64>, BadPath> {
        let start = self.at;
        self.take('-');
        while self
            .peek()
            .is_some_and(|character| character.is_ascii_digit())
        {
            self.at += 1;
        }
        if self.at == start {
            return Ok(None);
        }
        let digits: String = self.characters[start..self.at].iter().collect();
        digits.parse().map(Some).map_err(|_| self.bad("no integer"))
    }

    fn quoted(&mut self) -> Result<String, BadPath> {
        let Some(quote @ ('\'' | '"')) = self.peek() else {
            return Err(self.bad("a quoted name was expected"));
        };
        self.at += 1;
        let mut text = String::new();
        loop {
            let Some(character) = self.peek() else {
                return Err(self.bad("a string without its end"));
            };
            self.at += 1;
            match character {
                '\\' => {
                    let Some(escaped) = self.peek() else {
                        return Err(self.bad("a string without its end"));
                    };
                    self.at += 1;
                    text.push(match escaped {
                        'n' => '\n',
                        't' => '\t',
                        'r' => '\r',
                        'b' => '\u{8}',
                        'f' => '\u{c}',
                        other => other,
                    });
                }
                _ if character == quote => return Ok(text),
                _ => text.push(character),
            }
        }
    }

    fn any(&mut self) -> Result<Filter, BadPath> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(self.bad("filters nested too deeply"));
        }
        let mut sides = vec![self.all()?];
        loop {
            self.blanks();
            if !self.take_all("||") {
                break;
            }
            sides.push(self.all()?);
        }
        self.depth -= 1;
        Ok(if sides.len() == 1 {
            sides.swap_remove(0)
        } else {
            Filter::Any(sides)
        })
    }

    fn all(&mut self) -> Result<Filter, BadPath> {
        let mut sides = vec![self.one()?];
        loop {
            self.blanks();
            if !self.take_all("&&") {
                break;
            }
            sides.push(self.one()?);
        }
        Ok(if sides.len() == 1 {
            sides.swap_remove(0)
        } else {
            Filter::All(sides)
        })
    }

    fn one(&mut self) -> Result<Filter, BadPath> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(self.bad("filters nested too deeply"));
        }
        self.blanks();
        let filter = if self.take('!') {
            Filter::Not(Box::new(self.one()?))
        } else if self.take('(') {
            let inner = self.any()?;
            self.blanks();
            if !self.take(')') {
                return Err(self.bad("`)` was expected"));
            }
            inner
        } else {
            let left = self.operand()?;
            self.blanks();
            match self.relation() {
                Some(relation) => {
                    self.blanks();
                    let right = self.operand()?;
                    Filter::Compare(left, relation, right)
                }
                None => Filter::Exists(left),
            }
        };
        self.depth -= 1;
        Ok(filter)
    }

    fn relation(&mut self) -> Option<Relation> {
        const SIGNS: [(&str, Relation); 9] = [
            ("===", Relation::Equal),
            ("!==", Relation::NotEqual),
            ("==", Relation::Equal),
            ("!=", Relation::NotEqual),
            ("=~", Relation::Matches),
            ("<=", Relation::LessEqual),
            (">=", Relation::GreaterEqual),
            ("<", Relation::Less),
            (">", Relation::Greater),
        ];
        const WORDS: [(&str, Relation); 8] = [
            ("in", Relation::In),
            ("nin", Relation::NotIn),
            ("subsetof", Relation::SubsetOf),
            ("anyof", Relation::AnyOf),
            ("noneof", Relation::NoneOf),
            ("size", Relation::Size),
            ("empty", Relation::Empty),
            ("contains", Relation::Contains),
        ];
        if let Some((_, relation)) = SIGNS.iter().find(|(sign, _)| self.take_all(sign)) {
            return Some(*relation);
        }
        let word: String = self.characters[self.at..]
            .iter()
            .take_while(|character| character.is_ascii_alphabetic())
            .collect();
        let (known, relation) = WORDS
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(&word))?;
        self.at += known.len();
        Some(*relation)
    }

    fn operand(&mut self) -> Result<Operand, BadPath> {
        self.blanks();
        match self.peek() {
            Some(start @ ('@' | '$')) => {
                self.at += 1;
                let path = self.tokens()?;
                Ok(if start == '@' {
                    Operand::Here(path)
                } else {
                    Operand::Root(path)
                })
            }
            Some('/') => self.pattern(),
            Some('\'' | '"') => Ok(Operand::Text(self.quoted()?.into())),
            Some('[' | '{') => {
                let json = self.balanced()?;
                Ok(Operand::Json(json.into()))
            }
            _ => {
                let start = self.at;
                while self.peek().is_some_and(|character| {
                    character.is_ascii_alphanumeric() || matches!(character, '.' | '-' | '+')
                }) {
                    self.at += 1;
                }
                let word: String = self.characters[start..self.at].iter().collect();
                match word.as_str() {
                    "true" => Ok(Operand::Bool(true)),
                    "false" => Ok(Operand::Bool(false)),
                    "null" => Ok(Operand::Null),
                    _ => word
                        .parse()
                        .map(Operand::Number)
                        .map_err(|_| self.bad("a value was expected")),
                }
            }
        }
    }

    fn pattern(&mut self) -> Result<Operand, BadPath> {
        self.at += 1;
        let mut pattern = String::new();
        loop {
            let Some(character) = self.peek() else {
                return Err(self.bad("a pattern without its end"));
            };
            self.at += 1;
            match character {
                '/' => break,
                '\\' => {
                    let Some(escaped) = self.peek() else {
                        return Err(self.bad("a pattern without its end"));
                    };
                    self.at += 1;
                    if escaped != '/' {
                        pattern.push('\\');
                    }
                    pattern.push(escaped);
                }
                _ => pattern.push(character),
            }
        }
        let mut flags = String::new();
        while let Some(flag @ ('i' | 's' | 'm' | 'x' | 'u' | 'd' | 'U')) = self.peek() {
            flags.push(flag);
            self.at += 1;
        }
        if !flags.is_empty() {
            pattern.insert_str(0, &format!("(?{flags})"));
        }
        let regex = Regex::compile(&pattern).map_err(|_| self.bad("a bad pattern"))?;
        Ok(Operand::Pattern(std::sync::Arc::new(regex)))
    }

    /// A JSON list or object, to its closing bracket; single quotes are allowed.
    fn balanced(&mut self) -> Result<String, BadPath> {
        let mut json = String::new();
        let mut depth = 0_usize;
        while let Some(character) = self.peek() {
            match character {
                '\'' | '"' => {
                    crate::print::quoted(&self.quoted()?, &mut json);
                    continue;
                }
                '[' | '{' => depth += 1,
                ']' | '}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            json.push(character);
            self.at += 1;
            if depth == 0 {
                return match crate::json::parse(&json) {
                    Ok(Value::Part(_)) => Ok(json),
                    _ => Err(self.bad("a bad list")),
                };
            }
        }
        Err(self.bad("a list without its end"))
    }
}

fn function_of(name: &str) -> Option<Function> {
    Some(match name {
        "length" | "size" => Function::Length,
        "min" => Function::Min,
        "max" => Function::Max,
        "avg" => Function::Average,
        "sum" => Function::Sum,
        "stddev" => Function::Deviation,
        "keys" => Function::Keys,
        "first" => Function::First,
        "last" => Function::Last,
        _ => return None,
    })
}
