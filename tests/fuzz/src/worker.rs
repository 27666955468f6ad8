//! A target in a process of its own, watched from beside: a run that does not end, or takes memory without end, cannot be
//! stopped from within, so its process is.

use crate::corpus::Corpus;
use crate::session::{Effort, Tally, Watch, run};
use crate::targets::Target;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// What one input may take. Debug builds on a busy machine are slow; a hang is slower.
pub const TIME_MAX: Duration = Duration::from_secs(10);
pub const MEMORY_BYTES_MAX: u64 = 512 << 20;
const LOOKS_EVERY: Duration = Duration::from_millis(20);

/// As the worker ends, so that whoever started it can tell.
pub const HANGS: i32 = 40;
pub const GROWS: i32 = 41;

/// What is being tried is in a file, for when nothing else is left: its length in eight bytes, and then it.
pub fn current(out: &Path, target: &str) -> PathBuf {
    out.join(format!("{target}.current"))
}

/// What was being tried when a worker ended.
pub fn recovered(out: &Path, target: &str) -> io::Result<Vec<u8>> {
    let mut told = fs::read(current(out, target))?;
    let length = told
        .first_chunk()
        .map_or(0, |length| u64::from_le_bytes(*length));
    told.drain(..told.len().min(8));
    told.truncate(length as usize);
    Ok(told)
}

pub struct Worker {
    /// Held open, for inputs are many.
    current: File,
    out: PathBuf,
    target: &'static str,
    begun: Instant,
    /// Milliseconds since the start, and 1: when the current input began; 0 where there is none.
    running_since: Arc<AtomicU64>,
    slowest: Duration,
    places: Vec<String>,
}

pub fn work(
    target: &'static Target,
    corpus: &Corpus,
    effort: Effort,
    out: PathBuf,
) -> io::Result<Tally> {
    let running_since = Arc::new(AtomicU64::new(0));
    let begun = Instant::now();
    let watched = running_since.clone();
    std::thread::spawn(move || look_on(begun, &watched));
    let mut worker = Worker {
        current: File::create(current(&out, target.name))?,
        out,
        target: target.name,
        begun,
        running_since,
        slowest: Duration::ZERO,
        places: Vec::new(),
    };
    let tally = run(target, corpus, effort, &mut worker);
    println!(
        "{:<11} {:>8} inputs, {:>5} outcomes, slowest {:?}",
        target.name, tally.runs, tally.outcomes, worker.slowest
    );
    let _ = fs::remove_file(current(&worker.out, worker.target));
    Ok(tally)
}

fn look_on(begun: Instant, running_since: &AtomicU64) {
    let usual = resident();
    loop {
        std::thread::sleep(LOOKS_EVERY);
        let since = running_since.load(Ordering::Relaxed);
        if since == 0 {
            continue;
        }
        let running = begun.elapsed().as_millis() as u64 - (since - 1);
        if running > TIME_MAX.as_millis() as u64 {
            std::process::exit(HANGS);
        }
        if resident() > usual + MEMORY_BYTES_MAX {
            std::process::exit(GROWS);
        }
    }
}

/// Bytes that this process holds; nothing where the system does not tell.
fn resident() -> u64 {
    const PAGE: u64 = 4_096;
    let told = fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = told
        .split(' ')
        .nth(1)
        .and_then(|pages| pages.parse::<u64>().ok());
    pages.unwrap_or_default() * PAGE
}

impl Watch for Worker {
    fn begins(&mut self, input: &[u8]) {
        let length = (input.len() as u64).to_le_bytes();
        let _ = self.current.write_all_at(&length, 0);
        let _ = self.current.write_all_at(input, 8);
        let now = self.begun.elapsed().as_millis() as u64 + 1;
        self.running_since.store(now, Ordering::Relaxed);
    }

    fn ends(&mut self, took: Duration) {
        self.running_since.store(0, Ordering::Relaxed);
        self.slowest = self.slowest.max(took);
    }

    fn panicked(&mut self, name: &str, input: &[u8], message: &str) {
        // One of each kind is enough to begin with.
        if self.places.iter().any(|known| known == message) || self.places.len() > 20 {
            return;
        }
        let file = self
            .out
            .join(format!("{}-panic-{}", self.target, self.places.len()));
        self.places.push(message.to_owned());
        println!("{}: {name} panics: {message}", self.target);
        match fs::write(&file, input) {
            Ok(()) => println!("    {}", file.display()),
            Err(error) => println!("    {}: {error}", file.display()),
        }
    }
}
