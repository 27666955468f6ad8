//! What a run may use: steps, memory, depth, and the steps of regular expressions. Whoever exceeds a bound fails with its name.

use super::{Interrupt, Outcome, Run};
use crate::error::{Fault, Limit};

impl Run<'_, '_> {
    #[cold]
    pub(crate) fn limit(&self, what: Limit) -> Interrupt {
        let max = match what {
            Limit::Steps => self.limits.steps,
            Limit::LoopRounds => u64::from(self.limits.loop_rounds),
            Limit::OutputBytes => self.limits.output_bytes as u64,
            Limit::Memory => self.limits.memory_bytes as u64,
            Limit::Depth => u64::from(self.limits.depth),
            Limit::RegexSteps => self.limits.regex_steps,
        };
        Fault::Limit { what, max }.into()
    }

    #[inline]
    pub(crate) fn step(&mut self, count: usize) -> Outcome<()> {
        match self.steps_left.checked_sub(count as u64) {
            Some(left) => {
                self.steps_left = left;
                Ok(())
            }
            None => Err(self.limit(Limit::Steps)),
        }
    }

    /// Counts what a value takes, before it is made.
    pub(crate) fn spend(&mut self, bytes: usize) -> Outcome<()> {
        self.memory = self.memory.saturating_add(bytes);
        if self.memory > self.limits.memory_bytes {
            Err(self.limit(Limit::Memory))
        } else {
            Ok(())
        }
    }

    /// What may still be spent on values.
    pub(crate) fn memory_left(&self) -> usize {
        self.limits.memory_bytes - self.memory.min(self.limits.memory_bytes)
    }

    pub(super) fn enter(&mut self) -> Outcome<()> {
        self.depth += 1;
        if self.depth > self.limits.depth {
            Err(self.limit(Limit::Depth))
        } else {
            Ok(())
        }
    }

    pub(super) fn leave(&mut self) {
        self.depth -= 1;
    }

    /// The budget that regular expressions draw from.
    pub(crate) fn regex_budget(&mut self) -> u64 {
        self.limits.regex_steps - self.regex_steps.min(self.limits.regex_steps)
    }

    pub(crate) fn regex_spent(&mut self, left: u64) -> Outcome<()> {
        self.regex_steps = self.limits.regex_steps - left;
        if left == 0 {
            Err(self.limit(Limit::RegexSteps))
        } else {
            Ok(())
        }
    }
}
