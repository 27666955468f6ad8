//! References between documents: as much of RFC 3986 as schemas need.

/// The reference as seen from the document, with its fragment. A fragment that is empty is left out.
pub(crate) fn join(base: &str, reference: &str) -> String {
    let base = base.split('#').next().unwrap_or_default();
    let reference = reference.strip_suffix('#').unwrap_or(reference);
    if reference.is_empty() {
        return base.to_owned();
    }
    if reference.starts_with('#') {
        return format!("{base}{reference}");
    }
    if has_scheme(reference) {
        return reference.to_owned();
    }
    let authority_from = base.find("//").map_or(0, |at| at + 2);
    let path_from = base[authority_from..]
        .find('/')
        .map_or(base.len(), |at| authority_from + at);
    if reference.starts_with("//") {
        let scheme = &base[..authority_from.saturating_sub(2)];
        return format!("{scheme}{reference}");
    }
    let (origin, path) = base.split_at(path_from);
    let (reference, fragment) = match reference.find('#') {
        Some(at) => reference.split_at(at),
        None => (reference, ""),
    };
    let path = if reference.starts_with('/') {
        without_dots(reference)
    } else {
        let folder = path.rfind('/').map_or("", |at| &path[..=at]);
        without_dots(&format!("{folder}{reference}"))
    };
    format!("{origin}{path}{fragment}")
}

/// The document and the fragment, which is without its sign.
pub(crate) fn split(uri: &str) -> (&str, &str) {
    uri.split_once('#').unwrap_or((uri, ""))
}

fn has_scheme(reference: &str) -> bool {
    reference.split_once(':').is_some_and(|(scheme, _)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '.' | '-'))
    })
}

fn without_dots(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let segments: Vec<&str> = path.split('/').collect();
    for (place, segment) in segments.iter().enumerate() {
        let is_last = place + 1 == segments.len();
        match *segment {
            "." if is_last => kept.push(""),
            "." => {}
            ".." => {
                if kept.len() > 1 {
                    kept.pop();
                }
                if is_last {
                    kept.push("");
                }
            }
            segment => kept.push(segment),
        }
    }
    kept.join("/")
}

#[cfg(test)]
mod tests {
    use super::join;

    #[test]
    fn a_reference_is_seen_from_its_document() {
        for (base, reference, expected) in [
            ("", "#/definitions/a", "#/definitions/a"),
            ("", "", ""),
            ("", "pet.json", "pet.json"),
            ("http://h/a/b.json", "#/x", "http://h/a/b.json#/x"),
            ("http://h/a/b.json#old", "#new", "http://h/a/b.json#new"),
            ("http://h/a/b.json", "#", "http://h/a/b.json"),
            ("http://h/a/b.json", "c.json", "http://h/a/c.json"),
            (
                "http://h/a/b.json",
                "c.json#/x/../y",
                "http://h/a/c.json#/x/../y",
            ),
            ("http://h/a/", "b/", "http://h/a/b/"),
            ("http://h/a/b/c", "../d", "http://h/a/d"),
            ("http://h/a/b/c", "./d", "http://h/a/b/d"),
            ("http://h/a", "../../..", "http://h/"),
            ("http://h/a", "/d", "http://h/d"),
            ("https://h/a", "//i/b", "https://i/b"),
            ("http://h/a", "https://i/b#", "https://i/b"),
            (
                "file:///c:/folder/f.json",
                "#/d",
                "file:///c:/folder/f.json#/d",
            ),
            ("urn:x", "#/d", "urn:x#/d"),
        ] {
            assert_eq!(join(base, reference), expected, "{base} {reference}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_reference_makes_it_panic(base in "[a-z:/.#é]{0,20}", reference in "[a-z:/.#é]{0,20}") {
            join(&base, &reference);
        }
    }
}
