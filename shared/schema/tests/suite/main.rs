//! The schema language as its own authors test it, what the service says of bodies that fail, and hostile schemas and bodies.
//!
//! The required cases of the JSON Schema Test Suite (github.com/json-schema-org/JSON-Schema-Test-Suite) are test data of their
//! own, under the MIT licence, and not part of this project: they are read from `POSTERN_CORPORA`, or from a folder beside the
//! checkout.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use postern_schema::{Documents, Failure, Schema, SchemaError};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

#[expect(
    clippy::disallowed_methods,
    reason = "where test data lies is for whoever runs the tests to say"
)]
fn folder() -> PathBuf {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora");
    std::env::var("POSTERN_CORPORA")
        .map_or(beside, PathBuf::from)
        .join("json-schema-draft4")
}

fn json_files(folder: &Path) -> Vec<(String, Value)> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            let text = std::fs::read_to_string(&path).unwrap();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            files.push((name, serde_json::from_str(&text).unwrap()));
        }
    }
    files
}

fn schema(text: &str) -> Result<Schema, SchemaError> {
    let mut documents = Documents::default();
    documents.add("", serde_json::from_str(text).unwrap());
    Schema::compile("", &documents)
}

#[test]
fn every_required_case_of_draft_4_is_decided_as_its_authors_say() {
    if !folder().is_dir() {
        let folder = folder().display().to_string();
        eprintln!("skipped: there is no {folder}; set POSTERN_CORPORA");
        return;
    }
    let mut remotes = Vec::new();
    for folder_name in [
        "",
        "baseUriChange/",
        "baseUriChangeFolder/",
        "baseUriChangeFolderInSubschema/",
        "nested/",
        "draft4/",
    ] {
        for (name, document) in json_files(&folder().join("remotes").join(folder_name)) {
            remotes.push((
                format!("http://localhost:1234/{folder_name}{name}"),
                document,
            ));
        }
    }
    let mut cases = 0;
    for (file, groups) in json_files(&folder()) {
        for group in groups.as_array().unwrap() {
            let about = format!("{file}: {}", group["description"]);
            let mut documents = Documents::default();
            for (uri, document) in &remotes {
                documents.add(uri, document.clone());
            }
            documents.add("", group["schema"].clone());
            let schema =
                Schema::compile("", &documents).unwrap_or_else(|error| panic!("{about}: {error}"));
            for test in group["tests"].as_array().unwrap() {
                let checked = schema.check(test["data"].to_string().as_bytes());
                let about = format!("{about}: {}: {checked:?}", test["description"]);
                assert_eq!(checked.is_ok(), test["valid"].as_bool().unwrap(), "{about}");
                if let Err(failure) = checked {
                    assert!(
                        matches!(failure, Failure::Invalid(messages) if !messages.is_empty()),
                        "{about}"
                    );
                }
                cases += 1;
            }
        }
    }
    assert_eq!(cases, 618);
}

#[test]
fn what_is_wrong_is_told_in_the_services_words() {
    let pet = json!({"type": "object", "required": ["name"], "properties": {
        "type": {"enum": ["dog", "cat", "fish"]}, "price": {"type": "number", "minimum": 25, "maximum": 500}}});
    for (schema_json, body, expected) in [
        (
            json!({"required": ["email"]}),
            "{}",
            r#"[object has missing required properties (["email"])]"#,
        ),
        (
            json!({"required": ["b", "a", "c"]}),
            r#"{"c": 1}"#,
            r#"[object has missing required properties (["a","b"])]"#,
        ),
        (
            json!({"required": ["bar"], "properties": {"bar": {}}, "additionalProperties": false}),
            r#"{"x": 1}"#,
            r#"[object has missing required properties (["bar"]), object instance has properties which are not allowed by the schema: ["x"]]"#,
        ),
        (
            json!({"type": "number"}),
            r#""a""#,
            r#"[instance type (string) does not match any allowed primitive type (allowed: ["integer","number"])]"#,
        ),
        (
            json!({"type": ["object", "null"]}),
            "[]",
            r#"[instance type (array) does not match any allowed primitive type (allowed: ["null","object"])]"#,
        ),
        (
            json!({"type": "integer"}),
            "1.5",
            r#"[instance type (number) does not match any allowed primitive type (allowed: ["integer"])]"#,
        ),
        (
            pet.clone(),
            r#"{"name": "M", "type": "bird", "price": 269}"#,
            r#"[instance value ("bird") not found in enum (possible values: ["dog","cat","fish"])]"#,
        ),
        (
            pet.clone(),
            r#"{"name": "M", "price": 501}"#,
            "[numeric instance is greater than the required maximum (maximum: 500, found: 501)]",
        ),
        // Members are looked at only where the object itself is well formed, and then in the order of their names.
        (
            pet.clone(),
            r#"{"type": "bird"}"#,
            r#"[object has missing required properties (["name"])]"#,
        ),
        (
            pet,
            r#"{"type": "bird", "price": 1, "name": 1}"#,
            r#"[numeric instance is lower than the required minimum (minimum: 25, found: 1), instance value ("bird") not found in enum (possible values: ["dog","cat","fish"])]"#,
        ),
        (
            json!({"minimum": 1}),
            "0",
            "[numeric instance is lower than the required minimum (minimum: 1, found: 0)]",
        ),
        (
            json!({"minimum": 1, "exclusiveMinimum": true}),
            "1",
            "[numeric instance is not strictly greater than the required minimum 1]",
        ),
        (
            json!({"maximum": 5, "exclusiveMaximum": true}),
            "5",
            "[numeric instance is not strictly lower than the required maximum 5]",
        ),
        (
            json!({"minLength": 3}),
            r#""ab""#,
            r#"[string "ab" is too short (length: 2, required minimum: 3)]"#,
        ),
        (
            json!({"maxLength": 3}),
            r#""abcd""#,
            r#"[string "abcd" is too long (length: 4, maximum allowed: 3)]"#,
        ),
        (
            json!({"pattern": "^a"}),
            r#""b""#,
            r#"[ECMA 262 regex "^a" does not match input string "b"]"#,
        ),
        (
            json!({"minItems": 1}),
            "[]",
            "[array is too short: must have at least 1 elements but instance has 0 elements]",
        ),
        (
            json!({"maxItems": 2}),
            "[1,2,3]",
            "[array is too long: must have at most 2 elements but instance has 3 elements]",
        ),
        (
            json!({"uniqueItems": true}),
            "[1,2,1.0]",
            "[array must not contain duplicate elements]",
        ),
        (
            json!({"multipleOf": 2}),
            "7",
            "[remainder of division is not zero (7 / 2)]",
        ),
        (
            json!({"minProperties": 1}),
            "{}",
            "[object has too few properties (found 0 but schema requires at least 1)]",
        ),
        (
            json!({"maxProperties": 2}),
            r#"{"a":1,"b":2,"c":3}"#,
            "[object has too many properties (found 3 but schema requires at most 2)]",
        ),
        (
            json!({"dependencies": {"a": ["b"]}}),
            r#"{"a":1}"#,
            r#"[property "a" of object has missing property dependencies (schema requires ["b"]; missing: ["b"])]"#,
        ),
        (
            json!({"dependencies": {"a": {"required": ["b"]}}}),
            r#"{"a":1}"#,
            r#"[object has missing required properties (["b"])]"#,
        ),
        (
            json!({"anyOf": [{"type": "string"}, {"minimum": 3}]}),
            "1",
            "[instance failed to match at least one required schema among 2]",
        ),
        (
            json!({"oneOf": [{"type": "null"}, {"type": "string"}]}),
            "1",
            "[instance failed to match exactly one schema (matched 0 out of 2)]",
        ),
        (
            json!({"oneOf": [{}, {"type": "integer"}]}),
            "1",
            "[instance failed to match exactly one schema (matched 2 out of 2)]",
        ),
        (
            json!({"allOf": [{"minimum": 0}, {"minimum": 2}]}),
            "1",
            "[instance failed to match all required schemas (matched only 1 out of 2)]",
        ),
        (
            json!({"not": {"type": "integer"}}),
            "1",
            "[instance matched a schema which it should not have]",
        ),
        (
            json!({"items": [{}, {}], "additionalItems": false}),
            "[1,2,3]",
            "[schema only allows 2 elements in array but instance has 3 elements]",
        ),
        (json!({}), "", "[Unknown error parsing request body]"),
        (json!({}), "{", "[Unknown error parsing request body]"),
    ] {
        let told = schema(&schema_json.to_string())
            .unwrap()
            .check(body.as_bytes())
            .unwrap_err();
        assert_eq!(told.to_string(), expected, "{schema_json} {body}");
    }
}

#[test]
fn a_schema_that_cannot_be_used_says_why() {
    for (text, expected) in [
        (
            r##"{"$ref": "#/definitions/a"}"##,
            "`$ref` names `#/definitions/a`, which is not there",
        ),
        (r##"{"$ref": "#"}"##, "`$ref` `#` leads back to itself"),
        (
            r#"{"$ref": "https://elsewhere.example/a.json"}"#,
            "`$ref` names `https://elsewhere.example/a.json`, which is not there",
        ),
        (r#"{"type": "any"}"#, "`type` is not one of the seven types"),
        (r#"{"required": true}"#, "`required` is not a list of texts"),
        (
            r#"{"properties": {"a": {"minLength": -1}}}"#,
            "`minLength` is not a whole number that is not negative",
        ),
        (r#"{"properties": {"a": 1}}"#, "`schema` is not an object"),
        (
            r#"{"pattern": "("}"#,
            "the pattern `(` cannot be used: a `(` is not closed",
        ),
    ] {
        assert_eq!(schema(text).unwrap_err().to_string(), expected, "{text}");
    }
}

#[test]
fn documents_refer_to_each_other_and_in_circles() {
    let uri =
        |name: &str| format!("https://apigateway.amazonaws.com/restapis/a1b2c3d4e5/models/{name}");
    let mut documents = Documents::default();
    documents.add(&uri("Tree"), json!({"type": "object", "properties": {"left": {"$ref": uri("Tree")}, "leaf": {"$ref": uri("Leaf")}}}));
    documents.add(&uri("Leaf"), json!({"type": "object", "required": ["value"], "properties": {"tree": {"$ref": uri("Tree")}, "value": {"$ref": "#/definitions/v"}}, "definitions": {"v": {"type": "integer"}}}));
    documents.add(
        &uri("Trees"),
        json!({"type": "array", "items": {"$ref": uri("Tree")}}),
    );
    let trees = Schema::compile(&uri("Trees"), &documents).unwrap();
    for (body, valid) in [
        ("[]", true),
        (
            r#"[{"left": {"left": {"leaf": {"value": 1, "tree": {}}}}}]"#,
            true,
        ),
        (r#"[{"left": {"left": {"leaf": {"value": "1"}}}}]"#, false),
        (
            r#"[{"left": {"left": {"leaf": {"value": 1, "tree": 1}}}}]"#,
            false,
        ),
    ] {
        assert_eq!(trees.check(body.as_bytes()).is_ok(), valid, "{body}");
    }
    assert_eq!(
        Schema::compile(&uri("None"), &documents).unwrap_err(),
        SchemaError::Missing(uri("None"))
    );
}

#[test]
fn neither_schemas_nor_bodies_can_hold_a_request_up() {
    let doubling: String = (0..40)
        .map(|n| format!(r##""d{n}": {{"anyOf": [{{"$ref": "#/definitions/d{m}"}}, {{"$ref": "#/definitions/d{m}"}}]}},"##, m = n + 1))
        .collect();
    let doubling = format!(
        r##"{{"$ref": "#/definitions/d0", "definitions": {{{doubling} "d40": {{"not": {{}}}}}}}}"##
    );
    let nested = format!("{}{{}}{}", r#"{"items": "#.repeat(60), "}".repeat(60));
    let deep = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    for (schema_text, body, expected) in [
        (
            r##"{"allOf": [{"$ref": "#"}]}"##.to_owned(),
            "1".to_owned(),
            Some(Failure::TooComplex),
        ),
        (
            r##"{"not": {"anyOf": [{"$ref": "#"}]}}"##.to_owned(),
            "1".to_owned(),
            Some(Failure::TooComplex),
        ),
        (doubling, "1".to_owned(), Some(Failure::TooComplex)),
        (
            r#"{"pattern": "^(a+)+$"}"#.to_owned(),
            format!("\"{}b\"", "a".repeat(50)),
            Some(Failure::TooComplex),
        ),
        (r##"{"items": {"$ref": "#"}}"##.to_owned(), deep(120), None),
        (
            r##"{"items": {"oneOf": [{"$ref": "#"}, {"type": "null"}]}}"##.to_owned(),
            deep(120),
            None,
        ),
        (nested, deep(100), None),
        ("{}".to_owned(), deep(200), Some(Failure::NotJson)),
        (
            r#"{"uniqueItems": true}"#.to_owned(),
            format!("[{}0]", "1,".repeat(200_000)),
            Some(Failure::Invalid(vec![
                "array must not contain duplicate elements".to_owned(),
            ])),
        ),
    ] {
        // On a stack as small as worker threads have.
        let work = move || {
            let checked = schema(&schema_text).unwrap().check(body.as_bytes()).err();
            assert_eq!(checked, expected, "{schema_text}");
        };
        std::thread::Builder::new()
            .stack_size(2 << 20)
            .spawn(work)
            .unwrap()
            .join()
            .unwrap();
    }
}

/// Any JSON, with keywords among its names.
fn anything() -> impl proptest::strategy::Strategy<Value = Value> {
    use proptest::prelude::*;
    let keyword = prop::sample::select(vec![
        "type",
        "enum",
        "required",
        "properties",
        "patternProperties",
        "additionalProperties",
        "items",
        "additionalItems",
        "allOf",
        "anyOf",
        "oneOf",
        "not",
        "$ref",
        "id",
        "definitions",
        "dependencies",
        "minimum",
        "maximum",
        "multipleOf",
        "minLength",
        "pattern",
        "uniqueItems",
        "minItems",
        "a",
        "b",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        prop::sample::select(vec![
            "object",
            "array",
            "#",
            "#/definitions/a",
            "#/properties/b",
            "^a*",
            "(a|b)+",
            "a",
            "x.json#a"
        ])
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 60, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(keyword.clone(), inner, 0..5).prop_map(|members| members
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect::<Value>()),
        ]
    })
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(2_000))]
    #[test]
    fn no_schema_and_no_body_make_it_panic(schema_json in anything(), body in anything()) {
        if let Ok(schema) = schema(&schema_json.to_string()) {
            let _ = schema.check(body.to_string().as_bytes());
        }
    }
}
