//! Which core runs what while requests are measured.
//!
//! The kernel tends to keep a process where it first ran. Of two equal functions, one may so share a core with the bench
//! and find its events in the cache, while the other never does: a difference of a fifth, and none of it theirs. While
//! a guard of this module lives, the bench has one core and the functions have another.

use anyhow::{Context, Result};
use nix::{
    sched::{CpuSet, sched_getaffinity, sched_setaffinity},
    unistd::Pid,
};

/// Keeps the bench's thread off the core that the functions are put on.
pub(crate) struct Cores {
    before: CpuSet,
    /// None where there is just one core.
    functions: Option<CpuSet>,
}

impl Cores {
    pub(crate) fn divide() -> Result<Self> {
        let before = sched_getaffinity(THIS_THREAD).context("cannot tell which cores there are")?;
        let usable: Vec<usize> = (0..CpuSet::count())
            .filter(|&core| before.is_set(core).unwrap_or(false))
            .collect();
        let functions = match usable[..] {
            [bench, .., functions] => {
                sched_setaffinity(THIS_THREAD, &only(bench)?)?;
                Some(only(functions)?)
            }
            _ => None,
        };
        Ok(Self { before, functions })
    }

    /// Puts a function on the core that is the functions'.
    pub(crate) fn put(&self, function: Pid) -> Result<()> {
        match &self.functions {
            Some(core) => {
                sched_setaffinity(function, core).context("cannot choose a function's core")
            }
            None => Ok(()),
        }
    }
}

impl Drop for Cores {
    fn drop(&mut self) {
        // What worked once with fewer cores works again with all of them.
        let _ = sched_setaffinity(THIS_THREAD, &self.before);
    }
}

const THIS_THREAD: Pid = Pid::from_raw(0);

fn only(core: usize) -> Result<CpuSet> {
    let mut set = CpuSet::new();
    set.set(core)?;
    Ok(set)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bench_has_all_cores_back_when_the_guard_is_gone() {
        let before = sched_getaffinity(THIS_THREAD).unwrap();
        let cores = Cores::divide().unwrap();
        if let Some(functions) = cores.functions {
            let during = sched_getaffinity(THIS_THREAD).unwrap();
            assert!(
                (0..CpuSet::count())
                    .all(|core| !(during.is_set(core).unwrap() && functions.is_set(core).unwrap()))
            );
        }
        drop(cores);
        assert_eq!(sched_getaffinity(THIS_THREAD).unwrap(), before);
    }
}
