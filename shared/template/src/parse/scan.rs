//! The longest token that starts here, for each state of the scanner.
//!
//! Of two tokens of the same length the one named first wins, so the order of the calls below is part of the rules.

use super::lexer::{Kind, State};

struct Longest<'t> {
    text: &'t [u8],
    best: Option<(Kind, usize)>,
}

impl Longest<'_> {
    fn offer(&mut self, kind: Kind, length: usize) {
        if length > 0 && self.best.is_none_or(|(_, best)| length > best) {
            self.best = Some((kind, length));
        }
    }

    fn word(&mut self, kind: Kind, word: &str) {
        if self.text.starts_with(word.as_bytes()) {
            self.offer(kind, word.len());
        }
    }
}

fn run(text: &[u8], from: usize, is: impl Fn(u8) -> bool) -> usize {
    text[from.min(text.len())..]
        .iter()
        .take_while(|byte| is(**byte))
        .count()
}

fn newline(text: &[u8], from: usize) -> usize {
    match text.get(from) {
        Some(b'\r') if text.get(from + 1) == Some(&b'\n') => 2,
        Some(b'\r' | b'\n') => 1,
        _ => 0,
    }
}

/// Blanks and one line end, when only blanks stand before it.
fn line_rest(text: &[u8], from: usize) -> usize {
    let blanks = run(text, from, is_blank);
    match newline(text, from + blanks) {
        0 => 0,
        length => blanks + length,
    }
}

fn is_blank(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'@'
}

fn first_char(text: &str) -> usize {
    text.chars().next().map_or(0, char::len_utf8)
}

/// A directive's name: `word`, or `{word}`. The bracketed form may not begin with `@`.
fn word(text: &[u8], from: usize) -> Option<(Kind, usize)> {
    match text.get(from)? {
        b'{' => {
            let first = *text.get(from + 1)?;
            if !(first.is_ascii_alphabetic() || first == b'_') {
                return None;
            }
            let length = run(text, from + 1, is_word);
            (text.get(from + 1 + length) == Some(&b'}'))
                .then_some((Kind::BracketedWord, length + 2))
        }
        first if first.is_ascii_alphabetic() || matches!(first, b'_' | b'@') => {
            Some((Kind::Word, run(text, from, is_word)))
        }
        _ => None,
    }
}

fn exponent(text: &[u8], from: usize) -> usize {
    if !matches!(text.get(from), Some(b'e' | b'E')) {
        return 0;
    }
    let sign = usize::from(matches!(text.get(from + 1), Some(b'+' | b'-')));
    match run(text, from + 1 + sign, |byte| byte.is_ascii_digit()) {
        0 => 0,
        digits => 1 + sign + digits,
    }
}

fn numbers(longest: &mut Longest<'_>) {
    let text = longest.text;
    let sign = usize::from(text.first() == Some(&b'-'));
    let digits = run(text, sign, |byte| byte.is_ascii_digit());
    let whole = sign + digits;
    if digits > 0 {
        let range = if text[whole..].starts_with(b"..") {
            2
        } else {
            0
        };
        longest.offer(Kind::Integer, whole + range);
        if text.get(whole) == Some(&b'.') {
            let fraction = run(text, whole + 1, |byte| byte.is_ascii_digit());
            let end = whole + 1 + fraction;
            longest.offer(Kind::Float, end + exponent(text, end));
        }
        let power = exponent(text, whole);
        if power > 0 {
            longest.offer(Kind::Float, whole + power);
        }
    } else if text.get(sign) == Some(&b'.') {
        let fraction = run(text, sign + 1, |byte| byte.is_ascii_digit());
        if fraction > 0 {
            let end = sign + 1 + fraction;
            longest.offer(Kind::Float, end + exponent(text, end));
        }
    }
}

/// Backslashes before `$` or `#` that are looked at; a longer row is plain text, so that a row of them costs no square.
const BACKSLASHES_MAX: usize = 255;

fn backslashes(text: &[u8], from: usize) -> usize {
    text[from.min(text.len())..]
        .iter()
        .take(BACKSLASHES_MAX + 1)
        .take_while(|byte| **byte == b'\\')
        .count()
}

/// A quoted string: to the last quote that can close it, doubled quotes being part of it. A backslash escapes nothing.
fn string(text: &[u8]) -> usize {
    let Some(quote @ (b'"' | b'\'')) = text.first() else {
        return 0;
    };
    let mut at = 1;
    let mut end = 0;
    while let Some(byte) = text.get(at) {
        at += 1;
        if byte == quote {
            end = at;
            if text.get(at) == Some(quote) {
                at += 1;
            } else {
                break;
            }
        }
    }
    end
}

fn set(text: &[u8]) -> usize {
    let blanks = run(text, 0, is_blank);
    let rest = &text[blanks..];
    let name = if rest.starts_with(b"#set") {
        4
    } else if rest.starts_with(b"#{set}") {
        6
    } else {
        return 0;
    };
    let spaces = run(rest, name, |byte| byte == b' ');
    if rest.get(name + spaces) == Some(&b'(') {
        blanks + name + spaces + 1
    } else {
        0
    }
}

/// What may begin anywhere: references, directives, comments.
fn starts(longest: &mut Longest<'_>, text: &str) {
    let bytes = longest.text;
    let slashes = backslashes(bytes, 0);
    if bytes.get(slashes) == Some(&b'$') {
        longest.offer(Kind::MoreDollar, slashes + 1);
        let inner = backslashes(bytes, slashes + 1);
        if bytes.get(slashes + 1 + inner) == Some(&b'!') {
            longest.offer(Kind::MoreDollar, slashes + 2 + inner);
        }
    }
    if bytes.first() == Some(&b'#') {
        longest.word(Kind::MoreTextBlock, "#[[");
        if bytes.starts_with(b"#**") && bytes.get(3).is_some_and(|byte| *byte != b'#') {
            longest.offer(Kind::MoreFormalComment, 3 + first_char(&text[3..]));
        }
        longest.word(Kind::MoreBlockComment, "#*");
        longest.word(Kind::MoreHash, "#");
    }
}

fn operators(longest: &mut Longest<'_>) {
    for (kind, spellings) in [
        (Kind::Minus, &["-"][..]),
        (Kind::Plus, &["+"]),
        (Kind::Times, &["*"]),
        (Kind::Divide, &["/"]),
        (Kind::Modulo, &["%"]),
        (Kind::And, &["&&", "and"]),
        (Kind::Or, &["||", "or"]),
        (Kind::Less, &["<", "lt"]),
        (Kind::LessEqual, &["<=", "le"]),
        (Kind::Greater, &[">", "gt"]),
        (Kind::GreaterEqual, &[">=", "ge"]),
        (Kind::Equal, &["==", "eq"]),
        (Kind::NotEqual, &["!=", "ne"]),
        (Kind::Not, &["!", "not"]),
        (Kind::Assign, &["="]),
    ] {
        for spelling in spellings {
            longest.word(kind, spelling);
        }
    }
}

fn directive_names(longest: &mut Longest<'_>) {
    let text = longest.text;
    for (kind, bare, bracketed, eats_line_end) in [
        (Kind::End, "end", "{end}", true),
        (Kind::If, "if", "{if}", false),
        (Kind::ElseIf, "elseif", "{elseif}", false),
        (Kind::Else, "else", "{else}", true),
    ] {
        for spelling in [bare, bracketed] {
            if text.starts_with(spelling.as_bytes()) {
                let rest = if eats_line_end {
                    line_rest(text, spelling.len())
                } else {
                    0
                };
                longest.offer(kind, spelling.len() + rest);
            }
        }
    }
}

/// The longest token of `state` at the start of `text`, which is not empty.
pub(super) fn longest(state: State, text: &str) -> Option<(Kind, usize)> {
    use State::{
        BlockComment, Call, Default, Directive, FormalComment, Index, LineComment, Member,
        PreDirective, Reference, TextBlock,
    };
    let bytes = text.as_bytes();
    let mut longest = Longest {
        text: bytes,
        best: None,
    };
    let first = bytes.first()?;
    if state == Default && !matches!(first, b'$' | b'#' | b'\\' | b' ' | b'\t') {
        // Most of a template is text: nothing else can start here.
        return Some((
            Kind::Text,
            run(bytes, 0, |byte| !matches!(byte, b'$' | b'#' | b'\\')),
        ));
    }
    if matches!(state, Reference | Member) {
        longest.word(Kind::IndexOpen, "[");
    }
    if state == Index {
        longest.word(Kind::IndexClose, "]");
    }
    if matches!(state, Directive | Call) {
        longest.word(Kind::ListOpen, "[");
        longest.word(Kind::ListClose, "]");
        longest.word(Kind::Comma, ",");
        longest.word(Kind::DotDot, "..");
        longest.word(Kind::Colon, ":");
        longest.word(Kind::MapOpen, "{");
        longest.word(Kind::MapClose, "}");
    }
    if matches!(state, Directive | Member) {
        longest.word(Kind::ParenOpen, "(");
    }
    if state == Directive && *first == b')' {
        longest.offer(Kind::ParenClose, 1 + line_rest(bytes, 1));
    }
    if state == Call {
        longest.word(Kind::CallClose, ")");
    }
    if state == Default {
        let slashes = backslashes(bytes, 0);
        if slashes % 2 == 1
            && bytes.get(slashes) == Some(&b'#')
            && let Some((_, length)) = word(bytes, slashes + 1)
        {
            longest.offer(Kind::EscapedDirective, slashes + 1 + length);
        }
    }
    if matches!(state, Default | Reference | Member | Call) {
        longest.offer(Kind::Set, set(bytes));
    }
    starts(&mut longest, text);
    if matches!(state, Default | PreDirective | Directive | Reference) {
        longest.word(Kind::LineComment, "##");
    }
    if state == Default {
        longest.word(Kind::DoubleEscape, "\\\\");
        longest.word(Kind::Escape, "\\");
        longest.offer(
            Kind::Text,
            run(bytes, 0, |byte| !matches!(byte, b'$' | b'#' | b'\\')),
        );
    }
    match state {
        LineComment => {
            longest.offer(Kind::LineEnd, newline(bytes, 0));
            longest.offer(Kind::Skip, first_char(text));
        }
        FormalComment => {
            longest.word(Kind::FormalComment, "*#");
            longest.offer(Kind::Skip, first_char(text));
        }
        BlockComment => {
            longest.word(Kind::BlockComment, "*#");
            longest.offer(Kind::Skip, first_char(text));
        }
        TextBlock => {
            longest.word(Kind::TextBlock, "]]#");
            longest.offer(Kind::MoreAny, first_char(text));
        }
        _ => {}
    }
    if matches!(state, Directive | Call | Index) {
        longest.offer(
            Kind::Blank,
            run(bytes, 0, |byte| {
                matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
            }),
        );
        longest.offer(Kind::String, string(bytes));
    }
    if matches!(state, Reference | Directive | Member | Call | Index) {
        longest.word(Kind::True, "true");
        longest.word(Kind::False, "false");
    }
    if state == Directive {
        operators(&mut longest);
    }
    if state == PreDirective {
        directive_names(&mut longest);
    }
    if matches!(state, PreDirective | Directive | Call | Index) {
        numbers(&mut longest);
    }
    if matches!(state, PreDirective | Directive)
        && let Some((kind, length)) = word(bytes, 0)
    {
        longest.offer(kind, length);
    }
    if matches!(state, Reference | Member | Call) {
        if first.is_ascii_alphabetic() || *first == b'_' {
            longest.offer(Kind::Identifier, run(bytes, 0, is_name));
        }
        if *first == b'.' && bytes.get(1).is_some_and(u8::is_ascii_alphabetic) {
            longest.offer(Kind::Dot, 2);
        }
    }
    if matches!(state, Reference | Member) {
        longest.word(Kind::CurlyOpen, "{");
        longest.word(Kind::CurlyClose, "}");
        longest.offer(Kind::ReferenceEnd, first_char(text));
    }
    if state == PreDirective {
        longest.offer(Kind::DirectiveEnd, first_char(text));
    }
    if matches!(state, Default | Reference) {
        for spelling in ["$[", "$![", "$\\![", "$."] {
            longest.word(Kind::EmptyIndex, spelling);
        }
    }
    longest.best
}
