//! `cargo run -p postern-openapi --example forms -- openapi.yaml folder` imports a document, says what of it is not used, and writes
//! it to the folder in all the forms of an export, for people and for other programs' checks.

use postern_openapi::{
    Dialect, ExportOptions, Extensions, Format, Options, export, exported_version, import,
};
use std::cell::Cell;
use std::error::Error;
use std::fs;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, document, folder] = &arguments[..] else {
        return Err("usage: forms DOCUMENT FOLDER".into());
    };
    let next = Cell::new(0);
    let id = |length: usize| {
        next.set(next.get() + 1);
        format!("{:0length$}", next.get())
    };
    let imported = import(
        &fs::read(document)?,
        &Options::new("a1b2c3d4e5".into(), &id),
    )?;
    for warning in &imported.warnings {
        println!("{warning}");
    }
    let definition = &imported.definition;
    println!(
        "{} {}: {} methods, {} models",
        definition.api.name,
        exported_version(definition, 0),
        definition.methods.len(),
        definition.models.len()
    );
    let name = Path::new(document)
        .parent()
        .and_then(Path::file_name)
        .map_or_else(|| "api".into(), |name| name.to_string_lossy().into_owned());
    for dialect in [Dialect::Swagger, Dialect::Oas30] {
        for (format, ending) in [(Format::Json, "json"), (Format::Yaml, "yaml")] {
            for extensions in ["", "apigateway,documentation"] {
                let options = ExportOptions {
                    dialect,
                    format,
                    extensions: Extensions::parse(extensions),
                    host: "a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com",
                    stage: "dev",
                    deployed_at: 0,
                    documentation_version: Some("1"),
                };
                let kind = if extensions.is_empty() {
                    "plain"
                } else {
                    "full"
                };
                let file = format!("{name}.{}.{kind}.{ending}", dialect.name());
                fs::write(Path::new(folder).join(file), export(definition, &options)?)?;
            }
        }
    }
    Ok(())
}
