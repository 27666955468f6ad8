//! Rate, burst and quota: exact in one process, and leased across many.
//!
//! One [`Meter`] serves a process. It is asked to [`Meter::admit`] a request under all the limits that the request is
//! subject to, and lets it in by all of them or counts it against none. It knows nothing of HTTP, nor of what a refusal
//! looks like. Nothing runs in the background, for an environment may be frozen between any two requests: leases are taken,
//! given back and found lapsed while requests are there, by the clock on the wall.
//!
//! # The scheme
//!
//! The shared bucket is one counter in the usage table: the time at which it will be full again. An environment adds
//! `k × interval` to it where a token is there, and may spend `k` tokens: `k` follows the pace at which it is asked, so that
//! a lease lasts about as long as it lives. A first request, a slow key and [`Sharing::Exact`] take one token for one write.
//! - Tokens **come free** no sooner than the bucket would have given them out one by one. So a lease may reach into what the
//!   bucket has yet to fill, and a drained bucket costs no more writes than a full one.
//! - From then on tokens **lapse** evenly over the lease's life `L`: of those that came free `x` ago no more than the part
//!   `1 − x/L` is left. Those that are not free yet do not lapse, or a lease of a drained bucket would lapse as fast as it fills.
//! - Where tokens are scarce, a lease is for what is likely to be got, not asked for, within a 64th of the time for which
//!   requests have been coming to this environment: whoever is asked no more leaves little behind. Whoever waits for the
//!   store gets a token of the same lease.
//! - Where nothing is to be had the environment remembers until when, and asks nobody meanwhile.
//! - A plan's rate and quota are counters of one item, and leased by one write. What lapsed of a quota is given back with
//!   the next one; what lapsed of a rate is not.
//!
//! # The bound
//!
//! Over any time `T`, with rate `r`, burst `b`, clocks no more than `ε` apart and a store that answers within `L/2`, a fleet
//! **of any size** lets in at most
//!
//! ```text
//! b + r·T + r·(L/2 + 5 ms + ε)         L = min(2.5·b/r, (10 s + b/r)/10 − 10 ms − 2ε, 2 s)
//! ```
//!
//! which over 10 s is no more than 5 % above the limit, by the choice of `L` ([`Rate::above_max`] is the last term). Proof:
//! tokens come free as one bucket would give them out, so at most `b + r (T + x)` of them did in a stretch that begins `x`
//! before the window. Of those that came free `x` before it no more than the part `1 − x/L` can still be spent in it. Sum
//! by parts: `b + r·T + r ∫ (1 − x/L) dx`, and the integral is `L/2`. The token for which a lease is taken is spent when the
//! store has answered, which for a lease of `k` adds its `k`th part of that time and takes `L/2k` off. The 5 ms are by how
//! much a bucket that many take from may be found full before it is moved on.
//!
//! A **quota** is never exceeded, but by what is let in while the store is down, and that is charged afterwards. A write
//! that was done though the store said it failed, or that was done twice, charges too much and lets in nothing more.
//!
//! With [`Sharing::Local`], and while the store is down and [`OnFailure::Admit`] holds, every one of `N` processes has a bucket
//! of its own: `N (b + r·T)`.
//!
//! # What is lost
//!
//! - Tokens that lapse, and those that are left behind where requests go elsewhere. Over 14 s of demand at or above the limit
//!   less than 5 % in all, by simulation on 50 seeds: steady, skewed, where all of it moves to other environments every
//!   second, and where it also comes in bursts of seven times the limit. So whoever shares a bucket leases no more than an
//!   eighth of what is at hand in it, or 80 tokens.
//! - Up to a twelfth of a burst that meets a bucket that several processes use: a full one must be moved up to now first, and
//!   whoever comes right after another who did so moves it once more, rather than be refused and write again. A process that is
//!   alone loses nothing.
//! - Of a quota what an environment holds when it ends, at most a sixteenth of what was left when it leased.
//!
//! Few writes, nothing too much and nothing too little cannot all be had at once: few writes are large leases, large leases are
//! left behind, and what may have been left behind cannot be given out again without letting in too much where it was spent
//! after all, which nobody hears of before the next lease. What gives way here is the number of writes of an environment that
//! is new to a key that is short of tokens.
//!
//! # What it costs
//!
//! A busy environment writes about once per `L`, or once for 80 tokens where it shares the bucket: 0.012 to 0.024 writes a
//! request where it is asked 50 times a second for a key with `b ≥ r`, and a read for each where the bucket is seldom short.
//! Where demand is at or above the limit it comes to that within about a minute, while its leases grow; over the first 14 s it
//! writes ten times in a hundred requests.
//! These are figures of a simulation, not proven. With slower environments it is one write a request at worst, and one read
//! more where others use the key too. `tests/bench/run --only metering` prints what fleets of 1 to 10,000 let in and pay.

mod bucket;
mod buckets;
mod counts;
mod gcra;
mod lease;
mod limit;
mod meter;
mod settings;

pub use counts::Counts;
pub use limit::{Admission, Limit, Rate, Scope, Sharing, Standing};
pub use meter::Meter;
pub use settings::{OnFailure, Settings};
