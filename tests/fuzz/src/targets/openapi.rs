//! OpenAPI documents, imported, written again, and imported from that.

use super::Target;
use postern_definition::rest::Definition;
use postern_openapi::{
    Dialect, ExportOptions, Extensions, Format, Imported, Options, Refusal, export, import,
    import_documentation,
};
use std::cell::Cell;

pub(super) const TARGET: Target = Target {
    name: "openapi",
    about: "OpenAPI documents, imported and exported",
    make: || Box::new(run),
};

fn run(input: &[u8]) -> String {
    let read = imported(input);
    let documentation = with_options(|options| import_documentation(input, options).is_ok());
    match read {
        Err(refusal) => format!("{documentation} {refusal}"),
        Ok(imported) => {
            for (dialect, format) in [
                (Dialect::Oas30, Format::Json),
                (Dialect::Oas30, Format::Yaml),
                (Dialect::Swagger, Format::Json),
                (Dialect::Swagger, Format::Yaml),
            ] {
                if let Ok(text) = exported(&imported.definition, dialect, format) {
                    let _ = self::imported(text.as_bytes());
                }
            }
            let definition = &imported.definition;
            format!(
                "{documentation} {} warnings {} methods {} models",
                ["no", "one", "some"][imported.warnings.len().min(2)],
                ["no", "one", "some"][definition.methods.len().min(2)],
                ["no", "one", "some"][definition.models.len().min(2)],
            )
        }
    }
}

fn with_options<T>(with: impl FnOnce(&Options<'_>) -> T) -> T {
    let next = Cell::new(0);
    let id = |length: usize| {
        next.set(next.get() + 1);
        format!("{:0length$}", next.get())
    };
    with(&Options::new("a1b2c3d4e5".into(), &id))
}

fn imported(bytes: &[u8]) -> Result<Imported, Refusal> {
    with_options(|options| import(bytes, options))
}

fn exported(definition: &Definition, dialect: Dialect, format: Format) -> Result<String, String> {
    let options = ExportOptions {
        dialect,
        format,
        extensions: Extensions::parse("apigateway,integrations,authorizers"),
        host: "a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com",
        stage: "dev",
        deployed_at: 0,
        documentation_version: None,
    };
    export(definition, &options)
}
