//! What a token says.

use serde_json::{Map, Value};
use std::time::Duration;

#[derive(Clone, Debug)]
pub struct Claims(Map<String, Value>);

/// A token whose time is not now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Untimely {
    #[error("the token has expired")]
    Expired,
    #[error("the token is not good yet: `{0}` is to come")]
    Early(&'static str),
    #[error("`{0}` is missing or is no time")]
    NoTime(&'static str),
}

impl Claims {
    pub(super) fn new(members: Map<String, Value>) -> Self {
        Self(members)
    }

    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name)?.as_str()
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// For whom the token is: one text or a list of them. `None` where it does not say, or says something else.
    pub fn audiences(&self) -> Option<Vec<&str>> {
        match self.get("aud")? {
            Value::String(one) => Some(vec![one]),
            Value::Array(many) => many.iter().map(Value::as_str).collect(),
            _ => None,
        }
    }

    /// What its bearer may do: `scope`, words with spaces between them, and `scp`, which may be a list as well.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        let words = |name| self.text(name).unwrap_or_default().split_ascii_whitespace();
        let list = self.get("scp").and_then(Value::as_array);
        words("scope")
            .chain(words("scp"))
            .chain(list.into_iter().flatten().filter_map(Value::as_str))
    }

    /// When it ends, since 1970.
    pub fn expires_at(&self) -> Option<Duration> {
        time(self.get("exp")?)
    }

    /// Whether the token is good now, give or take what clocks may differ by.
    pub fn check_times(&self, now: Duration, leeway: Duration) -> Result<(), Untimely> {
        let ends = self.expires_at().ok_or(Untimely::NoTime("exp"))?;
        for name in ["nbf", "iat"] {
            let Some(value) = self.get(name) else {
                continue;
            };
            let begins = time(value).ok_or(Untimely::NoTime(name))?;
            if begins > now.saturating_add(leeway) {
                return Err(Untimely::Early(name));
            }
        }
        if ends.saturating_add(leeway) <= now {
            return Err(Untimely::Expired);
        }
        Ok(())
    }
}

/// Seconds since 1970, which may have a fraction. What is before that, or beyond all time, is as far as there is.
fn time(value: &Value) -> Option<Duration> {
    let number = value.as_number()?;
    if let Some(seconds) = number.as_u64() {
        return Some(Duration::from_secs(seconds));
    }
    let seconds = number.as_f64()?;
    Some(if seconds > 0.0 {
        Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
    } else {
        Duration::ZERO
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn claims(members: Value) -> Claims {
        Claims::new(members.as_object().unwrap().clone())
    }

    #[test]
    fn a_token_is_good_from_its_beginning_until_just_before_its_end() {
        use Untimely::{Early, Expired, NoTime};
        for (members, leeway, expected) in [
            (json!({"exp": 1_001}), 0, Ok(())),
            (json!({"exp": 1_000}), 0, Err(Expired)),
            (json!({"exp": 999}), 0, Err(Expired)),
            (json!({"exp": 999}), 2, Ok(())),
            (json!({"exp": 998}), 2, Err(Expired)),
            (json!({"exp": 1000.5}), 0, Ok(())),
            (json!({"exp": 999.5}), 0, Err(Expired)),
            (json!({"exp": 1e300}), 0, Ok(())),
            (json!({"exp": u64::MAX}), 9, Ok(())),
            (json!({"exp": -1}), 0, Err(Expired)),
            (json!({"exp": -1e300}), 0, Err(Expired)),
            (json!({"exp": "1001"}), 0, Err(NoTime("exp"))),
            (json!({"exp": null}), 0, Err(NoTime("exp"))),
            (json!({"exp": [1_001]}), 0, Err(NoTime("exp"))),
            (json!({}), 0, Err(NoTime("exp"))),
            (json!({"exp": 2_000, "nbf": 1_000, "iat": 1_000}), 0, Ok(())),
            (json!({"exp": 2_000, "nbf": 1_001}), 0, Err(Early("nbf"))),
            (json!({"exp": 2_000, "nbf": 1_001}), 1, Ok(())),
            (json!({"exp": 2_000, "iat": 1_001}), 0, Err(Early("iat"))),
            (json!({"exp": 2_000, "iat": "now"}), 0, Err(NoTime("iat"))),
            (json!({"exp": 2_000, "nbf": {}}), 0, Err(NoTime("nbf"))),
        ] {
            let now = Duration::from_secs(1_000);
            let checked = claims(members.clone()).check_times(now, Duration::from_secs(leeway));
            assert_eq!(checked, expected, "{members} {leeway}");
        }
    }

    #[test]
    fn audiences_are_one_or_many_and_all_of_them_texts() {
        for (members, expected) in [
            (json!({"aud": "a"}), Some(vec!["a"])),
            (json!({"aud": ["a", "b"]}), Some(vec!["a", "b"])),
            (json!({"aud": []}), Some(vec![])),
            (json!({"aud": ["a", 1]}), None),
            (json!({"aud": {"a": 1}}), None),
            (json!({"aud": null}), None),
            (json!({}), None),
        ] {
            assert_eq!(claims(members.clone()).audiences(), expected, "{members}");
        }
    }

    #[test]
    fn scopes_are_words_or_a_list() {
        for (members, expected) in [
            (json!({"scope": "a b  c/d"}), vec!["a", "b", "c/d"]),
            (json!({"scp": ["a b", "c"]}), vec!["a b", "c"]),
            (json!({"scope": "a", "scp": "b c"}), vec!["a", "b", "c"]),
            (json!({"scope": ["a"], "scp": 1}), vec![]),
            (json!({}), vec![]),
        ] {
            let claims = claims(members.clone());
            assert_eq!(claims.scopes().collect::<Vec<_>>(), expected, "{members}");
        }
    }
}
