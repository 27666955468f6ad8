//! The response cache: whose answer is kept, who gets it, and what the backend is spared.

mod answers;
mod fleet;
mod fresh;
mod kept;
mod keys;
mod model;
mod routes;
mod shared;
mod together;
