//! The signing cases that AWS published with its C library. They are test data of their own, under the Apache License 2.0, and
//! not part of this project: they are read from `POSTERN_CORPORA`, or from a folder beside the checkout.

use crate::world::{Sent, credential};
use postern_identity::sigv4::{Refusal, Rules, verify};
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

const RULES: Rules<'_> = Rules {
    service: "service",
    region: "us-east-1",
    unsigned_payloads: false,
    must_sign: &[],
};
/// 2015-08-30 12:36:00 UTC.
const AT: Duration = Duration::from_secs(1_440_938_160);
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const CASES_MIN: usize = 38;

#[expect(
    clippy::disallowed_methods,
    reason = "where test data lies is for whoever runs the tests to say"
)]
fn folder() -> PathBuf {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora");
    env::var("POSTERN_CORPORA")
        .map_or(beside, PathBuf::from)
        .join("sigv4")
}

/// The session token of a case, if it has one. Its file has one member in a line.
fn token(context: &str) -> Option<&str> {
    let line = context.lines().find(|line| line.contains("\"token\""))?;
    line.split('"').nth(3)
}

#[test]
fn each_published_case_is_proven_or_refused_for_its_reason() {
    let folder = folder();
    let Ok(entries) = fs::read_dir(&folder) else {
        eprintln!(
            "skipped: there is no {}; set POSTERN_CORPORA",
            folder.display()
        );
        return;
    };
    let mut cases = 0;
    for entry in entries {
        let folder = entry.unwrap().path();
        if !folder.is_dir() {
            continue;
        }
        cases += 1;
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let read = |file: &str| fs::read_to_string(folder.join(file)).unwrap();
        let context = read("context.json");
        for form in ["header", "query"] {
            let sent = Sent::new(&read(&format!("{form}-signed-request.txt")));
            let found = verify(&sent.request(), &RULES, AT, |key, _| {
                assert_eq!(key, "AKIDEXAMPLE");
                Some(credential(SECRET, token(&context)))
            });
            let case = format!("{name}, {form}");
            // A token that is added after signing is good for other services; this one wants it signed.
            if name == "post-sts-header-after" {
                match form {
                    "header" => assert_eq!(
                        found,
                        Err(Refusal::HeaderNotSigned("x-amz-security-token".to_owned()))
                    ),
                    _ => assert!(
                        matches!(found, Err(Refusal::WrongSignature { .. })),
                        "{case}"
                    ),
                }
                continue;
            }
            // Only S3 takes a path that is not normalized as it is.
            let canonical = read(&format!("{form}-canonical-request.txt"));
            let path = canonical.lines().nth(1).unwrap();
            let is_normal = postern_identity::sigv4::canonical::path(&sent.path) == path;
            assert_eq!(
                is_normal,
                !name.ends_with("-unnormalized") || path == "/example%20space/",
                "{case}"
            );
            if is_normal {
                assert!(found.is_ok(), "{case}: {found:?}");
                continue;
            }
            let Err(Refusal::WrongSignature {
                canonical: text, ..
            }) = found
            else {
                panic!("{case}: {found:?}");
            };
            // Apart from the path it is written down as published.
            let rest = |text: &str| {
                text.split_once('\n')
                    .unwrap()
                    .1
                    .split_once('\n')
                    .unwrap()
                    .1
                    .to_owned()
            };
            assert_eq!(rest(&text), rest(&canonical), "{case}");
        }
    }
    assert!(cases >= CASES_MIN, "only {cases} cases were found");
}
