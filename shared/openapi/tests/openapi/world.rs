//! What the tests import with: ids that count, so that what is expected can be written down.

use postern_definition::rest::Definition;
use postern_openapi::{
    Dialect, ExportOptions, Extensions, Format, Imported, Options, Refusal, import,
};
use std::cell::Cell;

pub(crate) const API: &str = "a1b2c3d4e5";

/// Imports with settings of the query, such as `basepath=prepend`.
pub(crate) fn import_with(text: &[u8], settings: &str) -> Result<Imported, Refusal> {
    let next = Cell::new(0);
    let id = |length: usize| {
        next.set(next.get() + 1);
        format!("id{:0width$}", next.get(), width = length - 2)
    };
    let mut options = Options::new(API.into(), &id);
    options.account = "123456789012".to_owned();
    options.region = "eu-west-1".to_owned();
    options.check_integration = &|integration| match integration.uri.as_deref() {
        Some("refused") => Err("Invalid HTTP endpoint specified for URI".to_owned()),
        _ => Ok(()),
    };
    options.check_method = &|method| match method.operation_name.as_deref() {
        Some("refused") => Err("Invalid model identifier specified: petModel".to_owned()),
        _ => Ok(()),
    };
    for setting in settings.split_whitespace() {
        let (name, value) = setting.split_once('=').unwrap();
        options.set(name, value).unwrap();
    }
    import(text, &options)
}

pub(crate) fn imported(text: &str) -> Imported {
    match import_with(text.as_bytes(), "") {
        Ok(imported) => imported,
        Err(refusal) => panic!("{refusal}\n{text}"),
    }
}

pub(crate) const FORMS: [(Dialect, Format); 4] = [
    (Dialect::Oas30, Format::Json),
    (Dialect::Oas30, Format::Yaml),
    (Dialect::Swagger, Format::Json),
    (Dialect::Swagger, Format::Yaml),
];

pub(crate) fn exported(
    definition: &Definition,
    (dialect, format): (Dialect, Format),
    extensions: &str,
) -> String {
    let options = ExportOptions {
        dialect,
        format,
        extensions: Extensions::parse(extensions),
        host: "a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com",
        stage: "dev",
        deployed_at: 1_492_661_288,
        documentation_version: Some("v1"),
    };
    postern_openapi::export(definition, &options).unwrap()
}
