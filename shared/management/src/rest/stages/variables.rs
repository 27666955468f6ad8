//! What stage variables may be called, and hold.

use crate::wire::Failure;
use postern_definition::Map;

const VARIABLES_MAX: usize = 100;
const NAME_CHARS_MAX: usize = 64;
const VALUE_CHARS_MAX: usize = 512;

pub(crate) fn checked(variables: &Map<String>) -> Result<(), Failure> {
    if variables.len() > VARIABLES_MAX {
        return Err(Failure::bad_request(format!(
            "Too many stage variables: at most {VARIABLES_MAX} are allowed"
        )));
    }
    for (name, value) in variables {
        let is_name = (1..=NAME_CHARS_MAX).contains(&name.len())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if !is_name {
            return Err(Failure::bad_request(format!(
                "Invalid stage variable name: {name}. Please use names with alphanumeric characters and underscores, at most {NAME_CHARS_MAX} of them."
            )));
        }
        let is_value = (1..=VALUE_CHARS_MAX).contains(&value.len())
            && value
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-._~:/?#&=,".contains(&b));
        if !is_value {
            return Err(Failure::bad_request(format!(
                "Invalid stage variable value: {value}. Please use values with alphanumeric characters and the symbols '-', '.', '_', ':', '/', '?', '&', '=', and ','."
            )));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_values_keep_to_their_letters_and_lengths() {
        let long = |n| "x".repeat(n);
        for (name, value, holds) in [
            ("a_1", "https://b.example:1/x?y=1&z=a,b~c#d", true),
            (&long(64), &long(512), true),
            (&long(65), "v", false),
            ("a", &long(513), false),
            ("a-b", "v", false),
            ("", "v", false),
            ("a", "", false),
            ("a", "b c", false),
        ] {
            let variables = Map::from([(name.to_owned(), value.to_owned())]);
            assert_eq!(checked(&variables).is_ok(), holds, "{name:.10} {value:.10}");
        }
        let many: Map<_> = (0..101)
            .map(|n| (format!("v{n}"), "x".to_owned()))
            .collect();
        assert!(checked(&many).is_err());
    }
}
