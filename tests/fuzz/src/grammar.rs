//! Inputs made by rule.
//!
//! ```text
//! value:
//!   1
//!   [<value>, <value>]
//! ```
//! Each indented line is one way to make what its rule is called; `<name>` stands for another. A line's `\n` is a line break,
//! `\xHH` a byte, and `\\` a backslash. The first rule makes the input. The first way of a rule must end: it is taken where all has become deep.

use crate::random::Random;
use std::collections::HashMap;

const DEPTH_MAX: usize = 24;
const BYTES_MAX: usize = 1 << 16;

#[derive(Debug, Default)]
pub struct Grammar {
    first: String,
    rules: HashMap<String, Vec<Vec<Piece>>>,
}

#[derive(Debug)]
enum Piece {
    Bytes(Vec<u8>),
    Rule(String),
}

impl Grammar {
    /// Says which line is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut grammar = Self::default();
        let mut rule: Option<String> = None;
        for (number, line) in text.lines().enumerate() {
            if line.is_empty() || line.starts_with("//") {
                continue;
            }
            let wrong = |what: &str| format!("line {}: {what}: {line}", number + 1);
            if let Some(way) = line.strip_prefix("  ") {
                let rule = rule.as_ref().ok_or_else(|| wrong("of no rule"))?;
                let ways = grammar.rules.entry(rule.clone()).or_default();
                ways.push(pieces(way).map_err(|what| wrong(&what))?);
            } else {
                let name = line.strip_suffix(':').ok_or_else(|| wrong("no colon"))?;
                if grammar.first.is_empty() {
                    name.clone_into(&mut grammar.first);
                }
                rule = Some(name.to_owned());
            }
        }
        for way in grammar.rules.values().flatten().flatten() {
            if let Piece::Rule(name) = way
                && !grammar.rules.contains_key(name)
            {
                return Err(format!("there is no rule `{name}`"));
            }
        }
        Ok(grammar)
    }

    pub fn make(&self, random: &mut Random) -> Vec<u8> {
        let mut made = Vec::new();
        self.append(&self.first, &mut made, random, 0);
        made
    }

    /// What stands in the rules as it is: words that mean something.
    pub fn words(&self) -> Vec<Vec<u8>> {
        let pieces = self.rules.values().flatten().flatten();
        let mut words: Vec<Vec<u8>> = pieces
            .filter_map(|piece| match piece {
                Piece::Bytes(bytes) => Some(bytes.clone()),
                Piece::Rule(_) => None,
            })
            .collect();
        words.sort();
        words.dedup();
        words
    }

    fn append(&self, rule: &str, made: &mut Vec<u8>, random: &mut Random, depth: usize) {
        let Some(ways) = self.rules.get(rule) else {
            return;
        };
        let is_enough = depth >= DEPTH_MAX || made.len() >= BYTES_MAX;
        let way = if is_enough {
            ways.first()
        } else {
            random.pick(ways)
        };
        for piece in way.into_iter().flatten() {
            match piece {
                Piece::Bytes(bytes) => made.extend_from_slice(bytes),
                Piece::Rule(_) if depth > 2 * DEPTH_MAX => {}
                Piece::Rule(name) => self.append(name, made, random, depth + 1),
            }
        }
    }
}

fn pieces(way: &str) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut plain = Vec::new();
    let mut rest = way;
    while let Some(first) = rest.chars().next() {
        let name = rest
            .strip_prefix('<')
            .and_then(|after| after.split_once('>'))
            .filter(|(name, _)| {
                !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase())
            });
        if let Some((name, after)) = name {
            if !plain.is_empty() {
                pieces.push(Piece::Bytes(std::mem::take(&mut plain)));
            }
            pieces.push(Piece::Rule(name.to_owned()));
            rest = after;
        } else if let Some(after) = rest.strip_prefix("\\n") {
            plain.push(b'\n');
            rest = after;
        } else if let Some(after) = rest.strip_prefix("\\\\") {
            plain.push(b'\\');
            rest = after;
        } else if let Some(after) = rest.strip_prefix("\\x") {
            let digits = after.get(..2).ok_or("two digits follow \\x")?;
            plain.push(u8::from_str_radix(digits, 16).map_err(|error| error.to_string())?);
            rest = &after[2..];
        } else {
            plain.extend_from_slice(&rest.as_bytes()[..first.len_utf8()]);
            rest = &rest[first.len_utf8()..];
        }
    }
    pieces.push(Piece::Bytes(plain));
    Ok(pieces)
}
