//! What is tried: each a function from any bytes to a short text that tells outcomes apart.

mod event;
mod frames;
mod grip;
mod jsonpath;
mod management;
mod mapping;
mod openapi;
mod pattern;
mod policy;
mod schema;
mod sigv4;
mod template;

/// Tries one input, and tells what came of it.
pub type Run = Box<dyn FnMut(&[u8]) -> String>;
pub type Make = fn() -> Run;

pub struct Target {
    pub name: &'static str,
    pub about: &'static str,
    pub make: Make,
}

pub const ALL: &[Target] = &[
    template::TARGET,
    jsonpath::TARGET,
    pattern::TARGET,
    mapping::TARGET,
    openapi::TARGET,
    policy::TARGET,
    sigv4::TARGET,
    management::TARGET,
    schema::TARGET,
    event::TARGET,
    grip::TARGET,
    frames::TARGET,
];

pub fn find(name: &str) -> Option<&'static Target> {
    ALL.iter().find(|target| target.name == name)
}

/// An input as text, which most parsers want. What is no UTF-8 reaches them in the way that Postern reads it.
fn text(input: &[u8]) -> String {
    String::from_utf8_lossy(input).into_owned()
}

/// The two parts of an input that needs two: a line of three hyphens is between them.
fn parts(text: &str) -> (&str, &str) {
    text.split_once("\n---\n").unwrap_or((text, ""))
}
