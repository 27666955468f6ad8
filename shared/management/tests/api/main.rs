//! The management API from outside: requests in, answers out, on a real store.

#![expect(clippy::unwrap_used, reason = "what helps a test may fail like a test")]

mod account;
mod account_world;
mod api_keys;
mod cases;
mod concurrency;
mod credentials;
mod gateways;
mod interruption;
mod paging;
mod parts;
mod patch_values;
mod robustness;
mod routed;
mod scale;
mod test_invoke;
mod usage_plans;
mod world;
