//! An API as its owner wrote it: plain data, with the rules that hold for it wherever it comes from.
//!
//! Member names and absences are those of the service's wire form, so that one document serves as answer, as stored item and
//! as part of a snapshot. This crate knows nothing of stores, requests or the wire.

pub mod rest;
pub mod routed;

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// Sorted, so that answers and snapshots are the same for the same input.
pub type Map<V> = BTreeMap<String, V>;

/// The id of a REST, HTTP or WebSocket API: ten letters and digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ApiId(pub String);

/// The id of a resource within its API: six letters and digits, ten for the root.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ResourceId(pub String);

/// The id of a deployment within its API.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DeploymentId(pub String);

/// The name of a stage within its API.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StageName(pub String);

macro_rules! text {
    ($($name:ident),+) => {$(
        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text)
            }
        }
    )+};
}

text!(ApiId, ResourceId, DeploymentId, StageName);
