//! Which pages of other origins may use a stage. Beyond the service's REST APIs, in the words that its HTTP APIs have for it.

use serde::{Deserialize, Serialize};

/// Nothing is allowed where no origin is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Cors {
    /// `*`, or `scheme://host:port`, in which a `*` stands for anything.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allow_origins: Vec<String>,
    /// What may be used. Where there are none, whatever a preflight request asks for, as for the headers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allow_methods: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allow_headers: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub expose_headers: Vec<String>,
    /// Seconds for which a browser may keep the answer to a preflight request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_age: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_credentials: Option<bool>,
}

impl Cors {
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// Whether pages of this origin may use the stage.
    pub fn allows(&self, origin: &str) -> bool {
        self.allow_origins.iter().any(|allowed| {
            let Some((before, after)) = allowed.split_once('*') else {
                return allowed.eq_ignore_ascii_case(origin);
            };
            let fits = origin.len() > before.len() + after.len();
            let origin = origin.to_ascii_lowercase();
            fits && origin.starts_with(&before.to_ascii_lowercase())
                && origin.ends_with(&after.to_ascii_lowercase())
        })
    }

    /// Whether pages of any origin may.
    pub fn allows_all(&self) -> bool {
        self.allow_origins.iter().any(|origin| origin == "*")
    }
}

#[cfg(test)]
mod tests {
    use super::Cors;

    #[test]
    fn an_origin_is_allowed_by_name_or_by_pattern() {
        for (allowed, origin, expected) in [
            ("*", "https://a.example", true),
            ("https://a.example", "https://a.example", true),
            ("https://a.example", "https://A.example", true),
            ("https://a.example", "http://a.example", false),
            ("https://a.example", "https://a.example:8443", false),
            ("https://*", "https://a.example", true),
            ("https://*", "http://a.example", false),
            ("https://*", "https://", false),
            ("https://*.a.example", "https://x.a.example", true),
            ("https://*.a.example", "https://a.example", false),
            ("https://*.a.example", "https://.a.example", false),
            ("https://*.a.example", "https://xa.example", false),
            ("http://localhost:*", "http://localhost:3000", true),
        ] {
            let cors = Cors {
                allow_origins: vec!["http://other.example".to_owned(), allowed.to_owned()],
                ..Cors::default()
            };
            assert_eq!(cors.allows(origin), expected, "{allowed} {origin}");
        }
        assert!(!Cors::default().allows("https://a.example"));
    }
}
