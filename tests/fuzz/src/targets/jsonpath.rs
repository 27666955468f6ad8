//! JSON paths, run on a document.

use super::{Target, parts, text};
use postern_template::json;
use postern_template::jsonpath::{Path, Selected};

pub(super) const TARGET: Target = Target {
    name: "jsonpath",
    about: "JSON paths: the path, ---, the document",
    make: || Box::new(run),
};

fn run(input: &[u8]) -> String {
    let text = text(input);
    let (path, document) = parts(&text);
    let path = match Path::compile(path) {
        Ok(path) => path,
        Err(error) => return error.to_string(),
    };
    let document = match json::parse(document) {
        Ok(document) => document,
        Err(error) => return error.to_string(),
    };
    let definite = path.is_definite();
    match path.select(&document) {
        Ok(Selected::Nothing) => format!("nothing {definite}"),
        Ok(Selected::One(_)) => format!("one {definite}"),
        Ok(Selected::Many(found)) => {
            format!("many {}", ["none", "one", "more"][found.len().min(2)])
        }
        Err(error) => error.to_string(),
    }
}
