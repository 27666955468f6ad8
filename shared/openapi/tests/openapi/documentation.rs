//! Documentation by itself: from a whole document, or from a list of parts and nothing else.

use postern_definition::rest::DocumentationPart;
use postern_openapi::{Options, Refusal, import_documentation};
use std::cell::Cell;

fn parts(text: &str) -> Result<Vec<DocumentationPart>, Refusal> {
    let next = Cell::new(0);
    let id = |_| {
        next.set(next.get() + 1);
        next.get().to_string()
    };
    import_documentation(text.as_bytes(), &Options::new("api".into(), &id))
}

#[test]
fn a_list_of_parts_may_come_alone() {
    let list =
        "documentationParts: [{location: {type: METHOD, method: GET}, properties: {summary: s}}]";
    for text in [
        list.to_owned(),
        r#"{"documentationParts": [{"location": {"type": "METHOD", "method": "GET"}, "properties": {"summary": "s"}}]}"#
            .to_owned(),
        format!("openapi: 3.0.1\ninfo: {{title: t}}\nx-amazon-apigateway-documentation: {{{list}}}"),
    ] {
        let parts = parts(&text).unwrap();
        assert_eq!(parts.len(), 1, "{text}");
        assert_eq!(parts[0].properties, r#"{"summary":"s"}"#, "{text}");
        assert_eq!(parts[0].location.path.as_deref(), Some("/"), "{text}");
    }
}

#[test]
fn what_is_wrong_with_a_list_has_a_place() {
    for (text, place) in [
        ("documentationParts: {}", "documentationParts"),
        (
            "documentationParts: [{properties: {}}]",
            "documentationParts[0]",
        ),
        (
            "documentationParts: [{location: {type: PAGE}, properties: {}}]",
            "documentationParts[0].location",
        ),
        (
            "documentationParts: [{location: {type: API}, properties: 7}]",
            "documentationParts[0]",
        ),
    ] {
        let refusal = parts(text).unwrap_err();
        assert_eq!(refusal.errors[0].path, place, "{text}");
        assert!(!refusal.is_unreadable(), "{text}");
    }
    for text in ["", "{}", "parts: []", "[]"] {
        assert!(parts(text).unwrap_err().is_unreadable(), "{text}");
    }
}
