//! What becomes of an API into which a document is imported.

use crate::world::{exported, import_with, imported};
use postern_definition::rest::{ApiKeySource, Definition};
use postern_openapi::{Dialect, Format, Mode, merge, merge_documentation};
use std::collections::{BTreeMap, BTreeSet};

const EXISTING: &str = r#"
openapi: 3.0.1
info: {title: Before, version: "1", description: d}
security: [{old: []}]
paths:
  /pets: {get: {description: all, responses: {'200': {description: 200 response}}}, post: {responses: {}}}
  /pets/{id}: {get: {responses: {}}}
  /old/one: {get: {x-amazon-apigateway-request-validator: v, responses: {}}}
  /files/{path+}: {get: {responses: {}}}
components:
  schemas: {Pet: {type: object}, Old: {type: string}}
  securitySchemes:
    old: &a {type: apiKey, name: T, in: header, x-amazon-apigateway-authorizer: {type: token, authorizerUri: before}}
    both: *a
x-amazon-apigateway-request-validators: {v: {validateRequestBody: true}}
x-amazon-apigateway-binary-media-types: [image/heif]
x-amazon-apigateway-api-key-source: AUTHORIZER
x-amazon-apigateway-minimum-compression-size: 5
x-amazon-apigateway-policy: {Statement: []}
x-amazon-apigateway-gateway-responses: {THROTTLED: {statusCode: 420}, UNAUTHORIZED: {statusCode: 418}}
"#;

const NEW: &str = r#"
openapi: 3.0.1
info: {title: After, version: "2"}
paths:
  /pets:
    get:
      security: [{both: []}]
      x-amazon-apigateway-request-validator: v
      responses: {'204': {description: 204 response}}
      x-amazon-apigateway-integration: {type: mock}
  /new/{id}: {get: {responses: {}}}
components:
  schemas: {Pet: {type: array, items: {$ref: '#/components/schemas/Pet'}}}
  securitySchemes:
    both: {type: apiKey, name: T, in: header, x-amazon-apigateway-authorizer: {type: token, authorizerUri: after}}
x-amazon-apigateway-request-validators: {v: {validateRequestParameters: true}}
x-amazon-apigateway-binary-media-types: [image/png, image/jpg, image/heif]
x-amazon-apigateway-gateway-responses: {THROTTLED: {statusCode: 429}}
"#;

/// As after `EXISTING`, with ids that no import makes.
fn existing() -> Definition {
    let definition = imported(EXISTING).definition;
    let text = serde_json::to_string(&definition).unwrap();
    let mut definition: Definition =
        serde_json::from_str(&text.replace("\"id0", "\"before")).unwrap();
    definition.api.id = "elsewhere1".into();
    definition.api.created_date = 77;
    definition
        .api
        .tags
        .insert("team".to_owned(), "a".to_owned());
    definition
}

fn merged(mode: Mode) -> Definition {
    merge(existing(), imported(NEW), mode).unwrap()
}

fn ids_by_path(definition: &Definition) -> BTreeMap<&str, &str> {
    let resources = definition.resources.iter();
    resources
        .map(|r| (r.path.as_str(), r.id.as_str()))
        .collect()
}

/// `GET /pets` and the like, which must lead to resources that say so themselves.
fn methods(definition: &Definition) -> BTreeSet<String> {
    let of_resources: BTreeSet<String> = definition
        .resources
        .iter()
        .flat_map(|r| {
            r.methods
                .iter()
                .map(move |verb| format!("{verb} {}", r.path))
        })
        .collect();
    let listed: Vec<String> = definition
        .methods
        .iter()
        .map(|(id, method)| {
            let resource = definition.resources.iter().find(|r| r.id == *id).unwrap();
            format!("{} {}", method.http_method, resource.path)
        })
        .collect();
    assert_eq!(listed.len(), of_resources.len());
    assert_eq!(BTreeSet::from_iter(listed), of_resources);
    of_resources
}

/// Parents are there, and are what their children's paths say.
fn assert_is_tree(definition: &Definition) {
    for resource in &definition.resources {
        let Some(parent) = &resource.parent_id else {
            assert_eq!(resource.path, "/");
            assert_eq!(resource.id, definition.api.root_resource_id);
            continue;
        };
        let parent = definition
            .resources
            .iter()
            .find(|r| r.id == *parent)
            .unwrap();
        let above = parent.path.trim_end_matches('/');
        assert_eq!(
            format!("{above}/{}", resource.path_part.as_ref().unwrap()),
            resource.path
        );
    }
}

#[test]
fn merging_keeps_what_the_document_does_not_have() {
    let definition = merged(Mode::Merge);
    assert_is_tree(&definition);
    let expected = [
        "GET /files/{path+}",
        "GET /new/{id}",
        "GET /old/one",
        "GET /pets",
        "GET /pets/{id}",
        "POST /pets",
    ];
    assert_eq!(methods(&definition), expected.map(str::to_owned).into());
    assert_eq!(definition.models.len(), 2);
    assert_eq!(definition.authorizers.len(), 2);
    assert_eq!(
        definition.api.binary_media_types,
        ["image/heif", "image/png", "image/jpg"]
    );
    assert_eq!(definition.api.api_key_source, ApiKeySource::Authorizer);
    assert_eq!(definition.api.minimum_compression_size, Some(5));
    assert_eq!(definition.api.description.as_deref(), Some("d"));
    assert!(definition.api.policy.is_some());
    let statuses: Vec<_> = definition
        .gateway_responses
        .iter()
        .map(|response| response.status_code.as_deref().unwrap())
        .collect();
    assert_eq!(statuses, ["429", "418"]);
}

#[test]
fn overwriting_leaves_only_what_the_document_has() {
    let definition = merged(Mode::Overwrite);
    assert_is_tree(&definition);
    let expected = ["GET /new/{id}", "GET /pets"].map(str::to_owned);
    assert_eq!(methods(&definition), expected.into());
    assert_eq!(definition.models.len(), 1);
    assert_eq!(definition.authorizers.len(), 1);
    assert_eq!(
        definition.api.binary_media_types,
        ["image/png", "image/jpg", "image/heif"]
    );
    assert_eq!(definition.api.api_key_source, ApiKeySource::Header);
    assert_eq!(definition.api.minimum_compression_size, None);
    assert_eq!(definition.api.description, None);
    assert_eq!(definition.api.policy, None);
    assert_eq!(definition.gateway_responses.len(), 1);
    assert!(definition.documentation_parts.is_empty());
}

#[test]
fn what_stays_under_its_name_keeps_its_id_and_what_refers_to_it_follows() {
    let before = existing();
    for mode in [Mode::Merge, Mode::Overwrite] {
        let definition = merged(mode);
        assert_eq!(definition.api.id, before.api.id);
        assert_eq!(definition.api.created_date, 77);
        assert_eq!(definition.api.tags, before.api.tags);
        assert_eq!(definition.api.name, "After");
        assert_eq!(definition.api.version.as_deref(), Some("2"));
        assert_eq!(definition.api.root_resource_id, before.api.root_resource_id);
        let (old, new) = (ids_by_path(&before), ids_by_path(&definition));
        assert_eq!(old["/pets"], new["/pets"]);
        assert!(new["/new"].starts_with("id0"));

        let both = |d: &Definition| {
            d.authorizers
                .iter()
                .find(|a| a.name == "both")
                .cloned()
                .unwrap()
        };
        assert_eq!(both(&definition).id, both(&before).id);
        assert_eq!(both(&definition).authorizer_uri.as_deref(), Some("after"));
        assert_eq!(definition.request_validators, {
            let mut validators = before.request_validators.clone();
            validators[0].validate_request_body = false;
            validators[0].validate_request_parameters = true;
            validators
        });
        let pet = |d: &Definition| d.models.iter().find(|m| m.name == "Pet").cloned().unwrap();
        assert_eq!(pet(&definition).id, pet(&before).id);
        assert!(pet(&definition).schema.unwrap().contains("array"));

        let get = definition
            .methods
            .iter()
            .find(|(id, method)| id.as_str() == new["/pets"] && method.http_method == "GET");
        let (_, get) = get.unwrap();
        assert_eq!(get.authorizer_id, Some(both(&before).id));
        assert_eq!(
            get.request_validator_id.as_deref(),
            Some(before.request_validators[0].id.as_str())
        );
        assert_eq!(
            get.method_responses.keys().collect::<Vec<_>>(),
            ["204"],
            "the whole method is replaced"
        );
        let integration = get.method_integration.as_ref().unwrap();
        assert_eq!(integration.cache_namespace, new["/pets"]);
    }
}

#[test]
fn an_import_of_an_export_of_the_same_api_changes_nothing() {
    let before = existing();
    let text = exported(
        &before,
        (Dialect::Oas30, Format::Json),
        "apigateway,documentation",
    );
    for mode in [Mode::Merge, Mode::Overwrite] {
        let mut after = merge(before.clone(), imported(&text), mode).unwrap();
        assert_eq!(ids_by_path(&after), ids_by_path(&before));
        assert_eq!(methods(&after), methods(&before));
        after.api.policy.clone_from(&before.api.policy);
        assert_eq!(after.api, before.api);
        assert_eq!(after.request_validators, before.request_validators);
        assert_eq!(after.gateway_responses, before.gateway_responses);
        assert_eq!(after.authorizers, before.authorizers);
    }
}

#[test]
fn paths_that_cannot_lie_beside_those_that_are_there_are_refused() {
    let document = r#"
openapi: 3.0.1
info: {title: a, version: "1"}
paths:
  /pets/{petId}/toys: {get: {responses: {}}}
  /files/{path+}/details: {get: {responses: {}}}
"#;
    let refused = import_with(document.as_bytes(), "");
    assert!(refused.is_err(), "the second is wrong in itself");
    let document = document.replace("/{path+}/details", "/{name}/details");
    let errors = merge(existing(), imported(&document), Mode::Merge).unwrap_err();
    assert_eq!(
        errors[0],
        "Unable to create resource at path '/pets/{petId}': A sibling ({id}) of this resource already has a variable path part -- only one is allowed"
    );
    assert!(
        errors.iter().any(|error| error.contains("/files/{name}")),
        "{errors:?}"
    );
    assert!(merge(existing(), imported(&document), Mode::Overwrite).is_ok());
}

#[test]
fn merged_documentation_keeps_ids_and_overwritten_documentation_does_not() {
    let before = existing().documentation_parts;
    let new = imported(&EXISTING.replace("all,", "every one,")).definition;
    assert_eq!(before.len(), 2, "the API and a method");
    let merged = merge_documentation(before.clone(), new.documentation_parts.clone(), Mode::Merge);
    let ids = |parts: &[postern_definition::rest::DocumentationPart]| -> Vec<String> {
        parts.iter().map(|part| part.id.clone()).collect()
    };
    assert_eq!(ids(&merged), ids(&before));
    assert!(
        merged
            .iter()
            .any(|part| part.properties.contains("every one"))
    );
    let overwritten = merge_documentation(before, new.documentation_parts.clone(), Mode::Overwrite);
    assert_eq!(overwritten, new.documentation_parts);
}
