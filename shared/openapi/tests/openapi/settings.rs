//! What is told to an import beside the document, and what is said where it refuses.

use crate::world::{API, import_with, imported};
use postern_definition::rest::{EndpointType, IpAddressType};
use postern_openapi::{Options, Refusal, import_documentation, warnings_message};

const DOCUMENT: &str = r#"
openapi: 3.0.1
info: {title: a, version: "1", description: d}
servers: [{url: https://one.example/v1}, {url: https://two.example}]
paths:
  /a: {get: {description: all, deprecated: true, responses: {}, x-amazon-apigateway-integration: {type: mock}}}
"#;

fn refused(text: &str) -> Refusal {
    import_with(text.as_bytes(), "").unwrap_err()
}

#[test]
fn the_endpoint_comes_from_the_settings() {
    for (settings, kind, address) in [
        ("", EndpointType::Edge, IpAddressType::Ipv4),
        (
            "endpointConfigurationTypes=REGIONAL",
            EndpointType::Regional,
            IpAddressType::Ipv4,
        ),
        (
            "endpointConfigurationTypes=PRIVATE",
            EndpointType::Private,
            IpAddressType::Dualstack,
        ),
        (
            "ipAddressType=dualstack unheard=of",
            EndpointType::Edge,
            IpAddressType::Dualstack,
        ),
    ] {
        let definition = import_with(DOCUMENT.as_bytes(), settings)
            .unwrap()
            .definition;
        let endpoint = definition.api.endpoint_configuration;
        assert_eq!(
            (endpoint.types, endpoint.ip_address_type),
            (vec![kind], address),
            "{settings}"
        );
    }
}

#[test]
fn the_base_path_is_ignored_or_becomes_resources() {
    for (settings, expected) in [
        ("", vec!["/", "/a"]),
        ("basepath=ignore", vec!["/", "/a"]),
        ("basepath=prepend", vec!["/", "/v1", "/v1/a"]),
        ("basepath=split", vec!["/", "/a"]),
    ] {
        let definition = import_with(DOCUMENT.as_bytes(), settings)
            .unwrap()
            .definition;
        let paths: Vec<_> = definition
            .resources
            .iter()
            .map(|r| r.path.as_str())
            .collect();
        assert_eq!(paths, expected, "{settings}");
    }
}

#[test]
fn documentation_can_be_left_out() {
    let with = imported(DOCUMENT).definition;
    assert_eq!(with.documentation_parts.len(), 2);
    let without = import_with(DOCUMENT.as_bytes(), "ignore=documentation")
        .unwrap()
        .definition;
    assert!(without.documentation_parts.is_empty());
    assert_eq!(without.api.description.as_deref(), Some("d"));
}

#[test]
fn a_setting_with_another_value_is_refused() {
    let id = |_: usize| String::new();
    let mut options = Options::new(API.into(), &id);
    for (name, value) in [
        ("basepath", "append"),
        ("ignore", "everything"),
        ("endpointConfigurationTypes", "edge"),
        ("ipAddressType", "ipv6"),
    ] {
        let error = options.set(name, value).unwrap_err();
        assert!(error.contains(name) && error.contains(value), "{error}");
    }
}

#[test]
fn failonwarnings_refuses_what_the_service_warns_of_and_not_what_it_drops_in_silence() {
    let imported = imported(DOCUMENT);
    assert!(
        imported
            .warnings
            .iter()
            .any(|warning| warning.path.ends_with("deprecated"))
    );
    assert_eq!(
        warnings_message(&imported.warnings).unwrap(),
        "Warnings found during import:\n\tMore than one server provided. Using the first server found for base path and endpoint configuration."
    );
    let only_ours = import_with(
        DOCUMENT
            .replace(", {url: https://two.example}", "")
            .as_bytes(),
        "",
    )
    .unwrap();
    assert!(!only_ours.warnings.is_empty());
    assert_eq!(warnings_message(&only_ours.warnings), None);
}

#[test]
fn errors_and_warnings_are_said_in_one_message_of_the_service() {
    let refusal = refused(
        &DOCUMENT
            .replace("title: a,", "")
            .replace("  /a:", "  /{a}: {}\n  /{b}: {}\n  /a:"),
    );
    assert_eq!(
        refusal.message(),
        "Errors found during import:
\t`info.title` is missing: it becomes the API's name (info: line 3, column 7)
\tUnable to create resource at path '/{b}': A sibling ({a}) of this resource already has a variable path part -- only one is allowed
Additionally, these warnings were found:
\tMore than one server provided. Using the first server found for base path and endpoint configuration."
    );
    assert_eq!(refusal.to_string().lines().count(), 2);
}

#[test]
fn what_the_service_cannot_even_read_it_says_alone() {
    assert_eq!(refused("[]").message(), "Invalid OpenAPI input.");
    let malformed = DOCUMENT
        .replace("type: mock", "type: {Ref: Type}")
        .replace("title: a,", "");
    assert_eq!(
        refused(&malformed).message(),
        "Unable to parse API definition because of a malformed integration at path /a."
    );
    let without = DOCUMENT.replace(
        "responses: {},",
        "requestBody: {content: {a/b: {schema: }}},",
    );
    let message = refused(&without).message();
    assert!(
        message.starts_with("Errors found during import:\n\tInvalid model name specified: null\n"),
        "{message}"
    );
}

#[test]
fn documentation_is_imported_from_documents_that_are_wrong_elsewhere() {
    let id = |length: usize| "x".repeat(length);
    let options = Options::new(API.into(), &id);
    let read = |text: &str| import_documentation(text.as_bytes(), &options);
    let wrong = DOCUMENT
        .replace("title: a,", "")
        .replace("type: mock", "type: smtp");
    assert_eq!(read(&wrong).unwrap().len(), 2);
    let listed = "x-amazon-apigateway-documentation: {documentationParts: [{location: {type: METHOD, method: GET}, properties: {description: b}}]}";
    let parts = read(&format!("{wrong}{listed}")).unwrap();
    assert_eq!(parts.len(), 3);
    assert_eq!(parts[2].location.path.as_deref(), Some("/"));
    let bad = read(&format!("{wrong}{}", listed.replace("METHOD", "PAGE"))).unwrap_err();
    assert_eq!(bad.errors.len(), 1);
    assert_eq!(
        read("[]").unwrap_err().message(),
        "Unable to build importer with provided input."
    );
}
