//! Whether the names of an object all differ, without a search that most objects do not need.

/// One bit for each name so far. Names with different ones differ.
#[derive(Clone, Copy, Debug, Default)]
pub struct Marks {
    bits: u64,
    some_are_alike: bool,
}

impl Marks {
    #[inline]
    pub fn add(&mut self, name: &str) {
        let bytes = name.as_bytes();
        let sum = match (bytes.last(), bytes.get(bytes.len() / 2)) {
            (Some(last), Some(middle)) => usize::from(*last) + usize::from(*middle) * 5,
            _ => 0,
        };
        let bit = 1 << ((sum + bytes.len()) % 64);
        self.some_are_alike |= self.bits & bit != 0;
        self.bits |= bit;
    }

    /// Whether they differ for sure. Where it is false, somebody has to look.
    #[inline]
    pub fn all_differ(&self) -> bool {
        !self.some_are_alike
    }
}
