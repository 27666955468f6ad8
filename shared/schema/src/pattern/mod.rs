//! Regular expressions as schemas write them: ECMA 262, unanchored.
//!
//! A matcher of our own, because the ones at hand either have no look-ahead, which every password rule wants, or have no bound on
//! the steps they take, or weigh eight hundred kilobytes. This one backtracks, counts every step against the budget of the run,
//! and keeps its stack on the heap.

mod parse;
mod program;
mod set;

pub(crate) use program::Exhausted;
use program::Op;

/// Longer ones are refused.
const PATTERN_BYTES_MAX: usize = 10_000;

#[derive(Debug)]
pub(crate) struct Pattern {
    pub(crate) text: String,
    ops: Vec<Op>,
    slots: usize,
}

impl Pattern {
    /// The reason is for the schema's author.
    pub(crate) fn compile(text: &str) -> Result<Self, String> {
        if text.len() > PATTERN_BYTES_MAX {
            let bytes = text.len();
            return Err(format!(
                "it has {bytes} bytes, and at most {PATTERN_BYTES_MAX} are allowed"
            ));
        }
        let tree = parse::parse(text)?;
        let (ops, slots) = program::emit(&tree)?;
        Ok(Self {
            text: text.to_owned(),
            ops,
            slots,
        })
    }

    /// Whether it is found anywhere in the text. Every step is taken from the budget.
    pub(crate) fn is_in(&self, text: &str, steps: &mut u64) -> Result<bool, Exhausted> {
        program::find(&self.ops, self.slots, text, steps)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_found_as_ecma_262_finds_it() {
        for (pattern, found, not_found) in [
            ("", vec!["", "a"], vec![]),
            ("^a*$", vec!["", "aaa"], vec!["b", "aab", "a\n"]),
            ("a+", vec!["xxaayy"], vec!["xyz"]),
            ("f.*o", vec!["foo", "xfooooo"], vec!["of", "f\no"]),
            ("[0-9]{2,}", vec!["a12", "123"], vec!["1", "1a2"]),
            ("^[0-9]{2,3}$", vec!["12", "123"], vec!["1", "1234"]),
            ("^(ab){2}$", vec!["abab"], vec!["ab", "ababab"]),
            ("^(ab|c)+?d$", vec!["abcd", "cd"], vec!["d", "abd "]),
            ("^a??b", vec!["b", "ab"], vec!["aab"]),
            (
                r"^\d{3}-\w+$",
                vec!["123-ab_9"],
                vec!["12-a", "١٢٣-a", "123-é"],
            ),
            (r"^\S+@\S+\.\S+$", vec!["a@b.c"], vec!["a@b", "a @b.c"]),
            (
                r"^(?=.*[A-Z])(?=.*\d)(?!.*\s).{8,}$",
                vec!["Passw0rdx"],
                vec!["password1", "Passwordx", "Pass w0rdx", "Passw0r"],
            ),
            (r"\bcat\b", vec!["a cat.", "cat"], vec!["concat", "cats"]),
            (r"\Bcat", vec!["concat"], vec!["cat"]),
            (r"^(['\x22]).*\1$", vec!["'a'", "\"a\""], vec!["'a\""]),
            (r"^(a)|b\1$", vec!["a", "b"], vec!["c"]),
            (r"^\u0041\x42\cI\0$", vec!["AB\t\0"], vec!["AB"]),
            (r"^\ud83d\udc32+$", vec!["🐲🐲"], vec!["🐉"]),
            ("^🐲*$", vec!["", "🐲🐲"], vec!["🐉", "a"]),
            (r"^[^\d\s]+$", vec!["ab-"], vec!["a1", "a b"]),
            (r"^[\w.-]+$", vec!["a.b-c_1"], vec!["a b"]),
            (r"^[\-\]\\^]+$", vec!["-]\\^"], vec!["a"]),
            (r"^[a\-z]+$", vec!["a-z"], vec!["b"]),
            (r"^[\b]$", vec!["\u{8}"], vec!["b"]),
            (r"^[^]$", vec!["a", "\n"], vec![""]),
            (r"[]", vec![], vec!["", "a"]),
            (r"^a{,2}$", vec!["a{,2}"], vec!["aa"]),
            (r"^{}]$", vec!["{}]"], vec![]),
            (r"^/\/\-\é$", vec!["//-é"], vec![]),
            (r"^(?:a|(b))*$", vec!["", "abab"], vec!["c"]),
            (r"^(a*)*$", vec!["", "aaa"], vec!["b"]),
            (r"^(a*)+b", vec!["b", "aab"], vec!["a"]),
            (r"^(?:){5}$", vec![""], vec!["a"]),
            (r"a|^b|", vec!["c", ""], vec![]),
            (
                r"^\s$",
                vec!["\u{a0}", "\u{feff}", "\u{2028}"],
                vec!["\u{200b}"],
            ),
            (r"^.{3}$", vec!["añ🐲"], vec!["añ"]),
        ] {
            let compiled =
                Pattern::compile(pattern).unwrap_or_else(|reason| panic!("{pattern}: {reason}"));
            let is_in = |text: &str| compiled.is_in(text, &mut 100_000).unwrap();
            for text in found {
                assert!(is_in(text), "{pattern} in {text:?}");
            }
            for text in not_found {
                assert!(!is_in(text), "{pattern} not in {text:?}");
            }
        }
    }

    #[test]
    fn what_is_no_pattern_is_refused_with_its_reason() {
        for (pattern, reason) in [
            ("(", "a `(` is not closed"),
            ("a)", "a `)` closes nothing"),
            ("[a", "a `[` is not closed"),
            ("*a", "`*` has nothing to repeat"),
            ("a**", "`*` has nothing to repeat"),
            ("a++", "`+` has nothing to repeat"),
            ("a{2}{3}", "`{` has nothing to repeat"),
            ("[z-a]", "`z-a` is no range"),
            ("a{3,2}", "a repetition ends before it begins"),
            ("(?i)a", "`(?i` is not known"),
            (
                "(?<=a)b",
                "looking behind is not known to ECMA 262 of draft 4",
            ),
            ("a\\", "it ends within an escape"),
        ] {
            assert_eq!(Pattern::compile(pattern).unwrap_err(), reason, "{pattern}");
        }
        for (pattern, reason) in [
            ("(".repeat(1_000), "nests"),
            ("a{1000}".to_owned() + "{1", "nothing to repeat"),
            ("((a{100}){100}){100}".to_owned(), "too large"),
            ("a".repeat(20_000), "at most"),
        ] {
            let told = Pattern::compile(&pattern).unwrap_err();
            assert!(told.contains(reason), "{told}");
        }
    }

    #[test]
    fn a_pattern_that_would_take_for_ever_is_stopped() {
        for (pattern, text) in [
            ("^(a+)+$", "a".repeat(40) + "b"),
            ("^(a|a)*$", "a".repeat(40) + "b"),
            ("(x+x+)+y", "x".repeat(60)),
            ("^(?=(a+)+$)", "a".repeat(40) + "b"),
            (".*.*.*.*=", "x".repeat(3_000)),
        ] {
            let pattern = Pattern::compile(pattern).unwrap();
            assert_eq!(pattern.is_in(&text, &mut 1_000_000), Err(Exhausted));
        }
        // A long text is no such thing.
        let long = "x".repeat(100_000);
        for pattern in ["^.*$", "^(x)*$", "^[a-z]+$", "^(?!.*y)"] {
            let pattern = Pattern::compile(pattern).unwrap();
            assert_eq!(pattern.is_in(&long, &mut 20_000_000), Ok(true));
        }
    }

    proptest::proptest! {
        #[test]
        fn no_pattern_or_text_makes_it_panic(pattern in r"[ab(){}\[\]*+?|^$.\\,:!=<0-9dwsbBcux\-é🐲]{0,24}", text in "[abcd 01é🐲\\n]{0,12}") {
            if let Ok(pattern) = Pattern::compile(&pattern) {
                let _ = pattern.is_in(&text, &mut 10_000);
            }
        }
    }
}
