//! Sets of characters.

/// A set, as written between `[` and `]` or after a backslash.
#[derive(Debug, Clone)]
pub(super) enum Set {
    Range(char, char),
    Named(Named),
    Not(Box<Set>),
    Union(Vec<Set>),
    Both(Box<Set>, Box<Set>),
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Named {
    Digit,
    Word,
    Space,
    Horizontal,
    Vertical,
    Lower,
    Upper,
    Ascii,
    Alpha,
    Alnum,
    Punct,
    Graph,
    Print,
    Blank,
    Control,
    Hex,
    Letter,
    UpperLetter,
    LowerLetter,
    Number,
    White,
}

/// The set of `\p{name}`.
pub(super) fn property(name: &str) -> Option<Named> {
    let name = name
        .strip_prefix("Is")
        .filter(|rest| rest.len() <= 2 || name != "Is")
        .unwrap_or(name);
    Some(match name {
        "Lower" => Named::Lower,
        "Upper" => Named::Upper,
        "ASCII" => Named::Ascii,
        "Alpha" => Named::Alpha,
        "Digit" => Named::Digit,
        "Alnum" => Named::Alnum,
        "Punct" => Named::Punct,
        "Graph" => Named::Graph,
        "Print" => Named::Print,
        "Blank" => Named::Blank,
        "Cntrl" => Named::Control,
        "XDigit" => Named::Hex,
        "Space" => Named::Space,
        "L" | "Alphabetic" | "Letter" => Named::Letter,
        "Lu" | "Uppercase" | "javaUpperCase" => Named::UpperLetter,
        "Ll" | "Lowercase" | "javaLowerCase" => Named::LowerLetter,
        "N" | "Nd" => Named::Number,
        "White_Space" | "javaWhitespace" | "Z" | "Zs" => Named::White,
        _ => return None,
    })
}

impl Named {
    fn has(self, character: char) -> bool {
        match self {
            Self::Digit => character.is_ascii_digit(),
            Self::Word => character.is_ascii_alphanumeric() || character == '_',
            Self::Space => matches!(character, ' ' | '\t'..='\r'),
            Self::Horizontal => {
                matches!(
                    character,
                    ' ' | '\t' | '\u{a0}' | '\u{1680}' | '\u{180e}' | '\u{2000}'
                        ..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}'
                )
            }
            Self::Vertical => matches!(character, '\n'..='\r' | '\u{85}' | '\u{2028}' | '\u{2029}'),
            Self::Lower => character.is_ascii_lowercase(),
            Self::Upper => character.is_ascii_uppercase(),
            Self::Ascii => character.is_ascii(),
            Self::Alpha => character.is_ascii_alphabetic(),
            Self::Alnum => character.is_ascii_alphanumeric(),
            Self::Punct => character.is_ascii_punctuation(),
            Self::Graph => character.is_ascii_graphic(),
            Self::Print => character.is_ascii_graphic() || character == ' ',
            Self::Blank => matches!(character, ' ' | '\t'),
            Self::Control => character.is_ascii_control(),
            Self::Hex => character.is_ascii_hexdigit(),
            Self::Letter => character.is_alphabetic(),
            Self::UpperLetter => character.is_uppercase(),
            Self::LowerLetter => character.is_lowercase(),
            Self::Number => character.is_numeric(),
            Self::White => character.is_whitespace(),
        }
    }
}

impl Set {
    pub(super) fn has(&self, character: char) -> bool {
        match self {
            Self::Range(from, to) => (*from..=*to).contains(&character),
            Self::Named(named) => named.has(character),
            Self::Not(set) => !set.has(character),
            Self::Union(sets) => sets.iter().any(|set| set.has(character)),
            Self::Both(left, right) => left.has(character) && right.has(character),
        }
    }

    pub(super) fn has_ignoring_case(&self, character: char) -> bool {
        self.has(character)
            || self.has(character.to_ascii_lowercase())
            || self.has(character.to_ascii_uppercase())
    }
}
