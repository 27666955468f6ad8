//! What a target begins with: a grammar, and inputs that somebody wrote or a run has found.

use crate::grammar::Grammar;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{fs, io};

/// Words of a seed that are longer say less than they cost.
const WORD_BYTES_MAX: usize = 24;

#[derive(Debug)]
pub struct Corpus {
    pub grammar: Grammar,
    /// By name.
    pub seeds: Vec<(String, Vec<u8>)>,
    /// What means something to the target.
    pub words: Vec<Vec<u8>>,
}

pub fn folder(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(target)
}

impl Corpus {
    pub fn read(target: &str) -> io::Result<Self> {
        let folder = folder(target);
        let text = fs::read_to_string(folder.join("grammar.txt"))?;
        let grammar = Grammar::parse(&text)
            .map_err(|error| io::Error::other(format!("corpus/{target}/grammar.txt: {error}")))?;
        let mut seeds = Vec::new();
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if name != "grammar.txt" {
                seeds.push((name.into_owned(), fs::read(&path)?));
            }
        }
        // A folder has no order of its own, and a run must be the same everywhere.
        seeds.sort();
        let mut words: BTreeSet<Vec<u8>> = grammar.words().into_iter().collect();
        for (_, seed) in &seeds {
            let parts = seed.split(|byte| !byte.is_ascii_alphanumeric() && *byte < 0x80);
            let fits = |part: &&[u8]| (2..=WORD_BYTES_MAX).contains(&part.len());
            words.extend(parts.filter(fits).map(<[u8]>::to_vec));
        }
        Ok(Self {
            grammar,
            seeds,
            words: words.into_iter().collect(),
        })
    }
}
