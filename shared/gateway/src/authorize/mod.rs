//! Authorizers: functions that are asked who is calling and what they may.

mod answer;
mod ask;

pub(crate) use answer::Verdict;
