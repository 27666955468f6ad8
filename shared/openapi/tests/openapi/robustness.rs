//! No text makes the library panic or wait.

use crate::world::import_with;
use postern_openapi::{Options, import};
use proptest::prelude::*;
use std::time::{Duration, Instant};

const DOCUMENTS: [&[u8]; 7] = [
    include_bytes!("../cases/pet-store/openapi.yaml"),
    include_bytes!("../cases/payments/openapi.yaml"),
    include_bytes!("../cases/calendar/openapi.yaml"),
    include_bytes!("../cases/health-records/openapi.yaml"),
    include_bytes!("../cases/repository-hosting/openapi.json"),
    include_bytes!("../cases/maps/openapi.json"),
    include_bytes!("../cases/many-errors/openapi.yaml"),
];

/// What means something to one reader or the other.
const PIECES: [&str; 24] = [
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "\"",
    "'",
    "&a ",
    "*a",
    "<<: ",
    "!!str ",
    "!x ",
    "- ",
    "? ",
    "|\n",
    ">-\n",
    "---\n",
    "\t",
    "\n",
    "#/paths",
    "$ref: ",
    "%YAML 1.2\n",
    "\\ud83d",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_are_refused_or_taken(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = import_with(&bytes, "");
    }

    #[test]
    fn arbitrary_pieces_are_refused_or_taken(pieces in proptest::collection::vec(proptest::sample::select(&PIECES[..]), 0..60)) {
        let _ = import_with(pieces.concat().as_bytes(), "");
    }

    #[test]
    fn mutated_documents_are_refused_or_taken(
        document in proptest::sample::select(&DOCUMENTS[..]),
        cuts in proptest::collection::vec((any::<proptest::sample::Index>(), 0..20_usize, proptest::sample::select(&PIECES[..])), 1..6),
    ) {
        let mut bytes = document.to_vec();
        for (at, length, piece) in cuts {
            let at = at.index(bytes.len());
            let end = (at + length).min(bytes.len());
            bytes.splice(at..end, piece.bytes());
        }
        let _ = import_with(&bytes, "basepath=prepend");
    }

    /// A value of a document in the place of another: right to the reader, wrong to the importer.
    #[test]
    fn misplaced_values_are_refused_or_taken(
        at in any::<proptest::sample::Index>(),
        value in proptest::sample::select(vec!["~", "1", "true", "[]", "{}", "x", "[1, {}]", "{a: {b: [c]}}", "{$ref: '#/info'}", "{$ref: '#'}"]),
        document in proptest::sample::select(&DOCUMENTS[..4]),
    ) {
        let text = std::str::from_utf8(document).unwrap();
        let colons: Vec<_> = text.match_indices(": ").map(|(at, _)| at).collect();
        let colon = colons[at.index(colons.len())];
        let line_end = text[colon..].find('\n').map_or(text.len(), |end| colon + end);
        let mutated = format!("{}: {value}{}", &text[..colon], &text[line_end..]);
        let _ = import_with(mutated.as_bytes(), "basepath=split");
    }
}

#[test]
fn depth_has_an_end_in_every_grammar() {
    for (open, close) in [
        ("[", "]"),
        ("{\"a\":", "}"),
        ("- ", ""),
        ("? ", ""),
        ("a:\n", ""),
    ] {
        let deep = format!("{}{}", open.repeat(100_000), close.repeat(100_000));
        let started = Instant::now();
        let refusal = import_with(deep.as_bytes(), "").unwrap_err();
        assert!(refusal.is_unreadable(), "{refusal}");
        assert!(started.elapsed() < Duration::from_secs(20), "{open}");
    }
}

#[test]
fn a_document_beyond_a_limit_says_which() {
    for (text, reason) in [
        (
            vec![b' '; 7_000_000],
            "the document has 7000000 bytes, and at most 6291456 are allowed",
        ),
        (
            "[".repeat(200).into_bytes(),
            "objects and lists lie more than 128 levels deep",
        ),
        (b"a: &a [*a]".to_vec(), "an alias within what it stands for"),
        (
            b"a: \xff".to_vec(),
            "the text is not UTF-8 (line 1, column 4)",
        ),
        (
            b"a: 1\n---\nb: 2".to_vec(),
            "a second document begins here, and only one is read",
        ),
        (
            b"? [a]\n: b".to_vec(),
            "a key is a text, and this is an object or a list",
        ),
        (b"a: !Sub b".to_vec(), "the tag `!Sub` is not known here"),
        (
            b"<<: 1".to_vec(),
            "`<<` merges a mapping or a list of mappings, and this is neither",
        ),
        (
            b"{\"a\": 1,}x".to_vec(),
            "expected a key in double quotes, found `}` (line 1, column 9)",
        ),
        (
            b"{\"a\": 01}]".to_vec(),
            "expected `,` or `}`, found `1` (line 1, column 8)",
        ),
        (
            b"{\n  \"\xc3\xbc\": tru\n}}".to_vec(),
            "expected a value, found `t` (line 2, column 8)",
        ),
        (b"".to_vec(), "the document is empty"),
    ] {
        let refusal = import_with(&text, "").unwrap_err();
        assert_eq!(refusal.message(), "Invalid OpenAPI input.");
        assert!(refusal.to_string().contains(reason), "{refusal}\n{reason}");
    }
}

/// Small documents that stand for huge ones.
#[test]
fn what_references_multiply_is_bounded() {
    let many = |text: &str, n: usize| -> String {
        (0..n).map(|i| text.replace('#', &i.to_string())).collect()
    };
    let headers = many("X-H#: {}, ", 10_000);
    let to_responses = many(
        "/p#: {get: {responses: {'200': {$ref: '@/components/responses/R'}}}}, ",
        4_000,
    );
    let responses = format!(
        "openapi: 3.0.1\ninfo: {{title: a, version: '1'}}\npaths: {{{}}}\ncomponents: {{responses: {{R: {{description: a, headers: {{{headers}}}}}}}}}",
        to_responses.replace('@', "#")
    );
    let consumes = format!(
        "swagger: '2.0'\ninfo: {{title: a, version: '1'}}\nconsumes: [{}]\npaths: {{{}}}",
        many("a/b#, ", 10_000),
        many(
            "/p#: {post: {parameters: [{in: body, name: b, schema: {}}], responses: {}}}, ",
            4_000
        )
    );
    let integrations = format!(
        "openapi: 3.0.1\ninfo: {{title: a, version: '1'}}\ncomponents: {{x: {{type: mock, requestTemplates: {{{}}}}}}}\npaths: {{{}}}",
        many("a/b#: c, ", 10_000),
        many("/p#: {get: {x-amazon-apigateway-integration: {$ref: '@/components/x'}, responses: {}}}, ", 4_000).replace('@', "#")
    );
    for document in [responses, consumes, integrations] {
        let started = Instant::now();
        let id = |length: usize| "x".repeat(length);
        let mut options = Options::new("a1b2c3d4e5".into(), &id);
        options.limits.looks_max = 100_000;
        let refusal = import(document.as_bytes(), &options).unwrap_err();
        assert!(
            refusal.to_string().contains("members to look at"),
            "{}",
            &refusal.to_string()[..300]
        );
        assert!(started.elapsed() < Duration::from_secs(20));
    }
    let long = format!(
        "openapi: 3.0.1\ninfo: {{title: a, version: '1'}}\npaths: {{? {} : {{}}}}",
        "/a".repeat(100_000)
    );
    let refusal = import_with(long.as_bytes(), "").unwrap_err();
    assert!(refusal.message().contains("A path has at most 64 segments"));
}
