//! JSON pointers (RFC 6901), of which patch paths are made.

/// The segments of a path, still escaped. `None` where it does not begin with a slash.
pub(super) fn segments(path: &str) -> Option<impl Iterator<Item = &str>> {
    Some(path.strip_prefix('/')?.split('/'))
}

/// `~1` is a slash and `~0` a tilde.
pub(super) fn unescape(segment: &str) -> String {
    segment.replace("~1", "/").replace("~0", "~")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_undone_once() {
        for (escaped, expected) in [
            ("application~1json", "application/json"),
            ("a~0b", "a~b"),
            ("~01", "~1"),
            ("~", "~"),
            ("~2", "~2"),
            ("", ""),
        ] {
            assert_eq!(unescape(escaped), expected, "{escaped}");
        }
    }

    #[test]
    fn a_path_begins_with_a_slash() {
        let split = |path| segments(path).map(|s| s.map(str::to_owned).collect::<Vec<_>>());
        assert_eq!(
            split("/a/b~1c/"),
            Some(vec!["a".into(), "b~1c".into(), String::new()])
        );
        assert_eq!(split("/"), Some(vec![String::new()]));
        assert_eq!(split("a"), None);
        assert_eq!(split(""), None);
    }
}
