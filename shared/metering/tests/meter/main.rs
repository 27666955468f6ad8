//! The meter as a gateway sees it, on the embedded store and on a store that fails.

mod bound;
mod failure;
mod fleet;
mod limits;
mod quota;
mod world;
