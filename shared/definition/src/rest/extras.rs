//! What a stage has beyond AWS. AWS's own clients do not know the member and pass over it.

use super::Cors;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct StageExtras {
    #[serde(skip_serializing_if = "Cors::is_none")]
    pub cors: Cors,
    #[serde(skip_serializing_if = "CacheRules::are_none")]
    pub cache: CacheRules,
}

impl StageExtras {
    pub fn are_none(&self) -> bool {
        *self == Self::default()
    }
}

/// Which answers the stage's cache keeps, where that is not all of them as on AWS.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CacheRules {
    /// `404`, or `4xx` for all of a class. Where there are none, answers of every status are kept.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub statuses: Vec<String>,
    /// Whether an answer that says `Cache-Control: no-store` is left alone.
    pub no_store: bool,
}

impl CacheRules {
    pub fn are_none(&self) -> bool {
        *self == Self::default()
    }

    /// Whether answers of this status are kept.
    pub fn keep(&self, status: u16) -> bool {
        let is_it = |entry: &String| match entry.strip_suffix("xx") {
            Some(class) => class.parse() == Ok(status / 100),
            None => entry.parse() == Ok(status),
        };
        self.statuses.is_empty() || self.statuses.iter().any(is_it)
    }

    /// Whether a text is a status, or a class of them.
    pub fn is_status(text: &str) -> bool {
        let is_class = |class: &str| matches!(class, "1" | "2" | "3" | "4" | "5");
        match text.strip_suffix("xx") {
            Some(class) => is_class(class),
            None => text.len() == 3 && is_class(&text[..1]) && text.parse::<u16>().is_ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_are_kept_one_by_one_or_by_their_class() {
        let rules = |statuses: &[&str]| CacheRules {
            statuses: statuses.iter().map(|&status| status.to_owned()).collect(),
            no_store: false,
        };
        for (statuses, status, is_kept) in [
            (&[][..], 500, true),
            (&["200"], 200, true),
            (&["200"], 201, false),
            (&["2xx", "404"], 204, true),
            (&["2xx", "404"], 404, true),
            (&["2xx", "404"], 403, false),
        ] {
            assert_eq!(
                rules(statuses).keep(status),
                is_kept,
                "{statuses:?} {status}"
            );
        }
        for (text, holds) in [
            ("200", true),
            ("5xx", true),
            ("6xx", false),
            ("xx", false),
            ("20", false),
            ("2é", false),
            ("2000", false),
            ("2XX", false),
            ("+20", false),
            ("", false),
        ] {
            assert_eq!(CacheRules::is_status(text), holds, "{text}");
        }
    }
}
