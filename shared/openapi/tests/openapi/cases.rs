//! Each folder of `tests/cases` is a document (`openapi.yaml` or `openapi.json`), perhaps with settings of the import
//! (`options.txt`), and what comes of it: `definition.json` and `warnings.txt`, or `errors.txt`.
//!
//! What is not there yet is written, and the test fails once so that someone reads it. To accept a change, delete the file.

use crate::normal::normal;
use crate::world::{FORMS, exported, import_with, imported};
use postern_definition::rest::Definition;
use std::fs;
use std::path::{Path, PathBuf};

fn folders() -> Vec<PathBuf> {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut folders: Vec<_> = fs::read_dir(cases)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    assert!(folders.len() >= 20, "there are cases");
    folders
}

fn document(folder: &Path) -> Vec<u8> {
    fs::read(folder.join("openapi.yaml"))
        .or_else(|_| fs::read(folder.join("openapi.json")))
        .unwrap()
}

fn settings(folder: &Path) -> String {
    fs::read_to_string(folder.join("options.txt")).unwrap_or_default()
}

/// The difference between what a file says and what came, if there is one.
fn differs(folder: &Path, file: &str, actual: &str) -> Option<String> {
    let path = folder.join(file);
    match fs::read_to_string(&path) {
        Ok(expected) if expected == actual => None,
        Ok(expected) => {
            let at = expected
                .lines()
                .zip(actual.lines())
                .position(|(a, b)| a != b)
                .unwrap_or_else(|| expected.lines().count().min(actual.lines().count()));
            Some(format!(
                "{}:{}: expected\n  {}\nbut it is\n  {}",
                path.display(),
                at + 1,
                expected.lines().nth(at).unwrap_or("nothing more"),
                actual.lines().nth(at).unwrap_or("nothing more")
            ))
        }
        Err(_) if actual.is_empty() => None,
        Err(_) => {
            fs::write(&path, actual).unwrap();
            Some(format!("{} is new: read it", path.display()))
        }
    }
}

#[test]
fn each_document_becomes_the_definition_beside_it() {
    let mut failures = Vec::new();
    for folder in folders() {
        let mut check = |file: &str, actual: String| {
            failures.extend(differs(&folder, file, &actual));
        };
        match import_with(&document(&folder), &settings(&folder)) {
            Ok(imported) => {
                let definition = serde_json::to_string_pretty(&imported.definition).unwrap();
                check("definition.json", definition + "\n");
                let warnings = imported.warnings.iter();
                check(
                    "warnings.txt",
                    warnings.map(|w| format!("{:?}: {w}\n", w.words)).collect(),
                );
                check("errors.txt", String::new());
            }
            Err(refusal) => {
                let errors = refusal.errors.iter();
                check(
                    "errors.txt",
                    errors.map(|e| format!("{:?}: {e}\n", e.words)).collect(),
                );
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Definitions of all cases that have one.
pub(crate) fn definitions() -> Vec<(String, Definition)> {
    let folders = folders().into_iter();
    folders
        .filter_map(|folder| {
            let imported = import_with(&document(&folder), &settings(&folder)).ok()?;
            let name = folder.file_name().unwrap().to_string_lossy().into_owned();
            Some((name, imported.definition))
        })
        .collect()
}

#[test]
fn what_was_imported_and_exported_as_openapi_3_is_imported_as_the_same() {
    for (name, definition) in definitions() {
        for form in &FORMS[..2] {
            let text = exported(&definition, *form, "apigateway,documentation");
            let again = imported(&text).definition;
            pretty_assert(&normal(again), &normal(definition.clone()), &name);
        }
    }
}

#[test]
fn exports_in_all_forms_come_to_rest_after_one_round() {
    for (name, definition) in definitions() {
        for form in FORMS {
            for extensions in ["apigateway,documentation", "integrations", ""] {
                let text = exported(&definition, form, extensions);
                let once = imported(&text).definition;
                let text = exported(&once, form, extensions);
                let twice = imported(&text).definition;
                pretty_assert(&normal(twice), &normal(once), &name);
            }
        }
    }
}

#[test]
fn an_export_with_all_extensions_is_imported_without_warnings() {
    for (name, definition) in definitions() {
        for form in FORMS {
            let text = exported(&definition, form, "apigateway,documentation");
            let warnings: Vec<_> = imported(&text)
                .warnings
                .iter()
                .map(ToString::to_string)
                .filter(|warning| !warning.contains("is kept in the model"))
                .collect();
            assert!(warnings.is_empty(), "{name} {form:?}: {warnings:#?}");
        }
    }
}

pub(crate) fn pretty_assert(actual: &Definition, expected: &Definition, name: &str) {
    if actual == expected {
        return;
    }
    let actual = serde_json::to_string_pretty(actual).unwrap();
    let expected = serde_json::to_string_pretty(expected).unwrap();
    for (a, e) in actual.lines().zip(expected.lines()) {
        assert_eq!(a, e, "{name}");
    }
    assert_eq!(actual, expected, "{name}");
}
