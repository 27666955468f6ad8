//! The library from outside.

mod cases;
mod documentation;
mod exports;
mod generated;
mod large;
mod merging;
mod normal;
mod robustness;
mod round_trip;
mod world;
