//! How one input becomes another.

use crate::random::Random;

/// Longer inputs only take longer.
const BYTES_MAX: usize = 1 << 17;

/// What trips parsers of any kind.
const CURIOUS: [&[u8]; 36] = [
    b"0",
    b"-1",
    b"1e309",
    b"-0.0",
    b"9223372036854775807",
    b"9223372036854775808",
    b"-9223372036854775808",
    b"4294967296",
    b"2147483648",
    b"65536",
    b"0.1e-400",
    b"1e-7",
    b"00",
    b"+1",
    b"NaN",
    b"\0",
    b"\r\n",
    b"\n",
    b"\t",
    b"\xff",
    b"\xc3",
    b"\x80",
    b"\xed\xa0\x80",
    b"\xf0\x9f\x98\x80",
    b"\xc3\xa9",
    b"\xef\xbb\xbf",
    b"\xe2\x80\xa8",
    b"\\u0000",
    b"\\ud800",
    b"\\",
    b"\"",
    b"'",
    b"%",
    b"%00",
    b"%zz",
    b"",
];

pub struct Mutator<'a> {
    pub words: &'a [Vec<u8>],
    /// Other inputs, to take parts of.
    pub others: &'a [Vec<u8>],
}

impl Mutator<'_> {
    pub fn change(&self, input: &mut Vec<u8>, random: &mut Random) {
        // Mostly little, at times a lot.
        let times_max = if random.one_in(8) { 32 } else { 4 };
        let times = 1 + random.below(times_max);
        for _ in 0..times {
            self.step(input, random);
            input.truncate(BYTES_MAX);
        }
    }

    fn step(&self, input: &mut Vec<u8>, random: &mut Random) {
        let at = random.below(input.len() + 1);
        let length_max = (input.len() - at).min(1 << (1 + random.below(10)));
        let length = random.below(length_max + 1);
        let part = at..at + length;
        match random.below(12) {
            0 => {
                if let Some(byte) = input.get_mut(at) {
                    *byte ^= 1 << random.below(8);
                }
            }
            1 => {
                if let Some(byte) = input.get_mut(at) {
                    *byte = random.draw() as u8;
                }
            }
            2 => drop(input.drain(part)),
            3 => {
                let copy = input[part].to_vec();
                let to = random.below(input.len() + 1);
                input.splice(to..to, copy);
            }
            4 | 5 => {
                let word = random.pick(self.words).cloned().unwrap_or_default();
                input.splice(at..at, word);
            }
            6 => {
                let word = random.pick(self.words).cloned().unwrap_or_default();
                input.splice(part, word);
            }
            7 => {
                let curious = random.pick(&CURIOUS).copied().unwrap_or_default();
                input.splice(at..at, curious.iter().copied());
            }
            8 => {
                let curious = random.pick(&CURIOUS).copied().unwrap_or_default();
                let part = number_at(input, at).unwrap_or(part);
                input.splice(part, curious.iter().copied());
            }
            9 => {
                let other = random.pick(self.others).cloned().unwrap_or_default();
                let from = random.below(other.len() + 1);
                let length = random.below(other.len() - from + 1);
                input.splice(part, other[from..from + length].iter().copied());
            }
            10 => {
                // Deep, or long.
                let word = match random.pick(self.words) {
                    Some(word) if random.one_in(2) => word.clone(),
                    _ => input[part].to_vec(),
                };
                let times = 1 << random.below(12);
                let times = times.min(BYTES_MAX / (word.len() + 1));
                input.splice(at..at, word.repeat(times));
            }
            _ => {
                let mut lines: Vec<&[u8]> = input.split(|byte| *byte == b'\n').collect();
                let (one, other) = (random.below(lines.len()), random.below(lines.len()));
                lines.swap(one, other);
                *input = lines.join(&b'\n');
            }
        }
    }
}

/// The digits around a place.
fn number_at(input: &[u8], at: usize) -> Option<std::ops::Range<usize>> {
    let is_digit = |place: &usize| input.get(*place).is_some_and(u8::is_ascii_digit);
    let begin = (at..input.len()).find(is_digit)?;
    let end = (begin..input.len()).find(|place| !is_digit(place));
    Some(begin..end.unwrap_or(input.len()))
}
