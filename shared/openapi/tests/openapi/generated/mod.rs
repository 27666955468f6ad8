//! Definitions of every kind that OpenAPI can say.

mod methods;
mod shared;

use methods::method;
use postern_definition::rest::{
    ApiKeySource, Authorizer, AuthorizerType, Definition, DocumentationPart,
    DocumentationPartLocation, DocumentationPartType, EndpointConfiguration, EndpointType,
    IpAddressType, Method, RequestValidator, Resource, RestApi, VERBS,
};
use postern_definition::{Map, ResourceId};
use proptest::collection::{btree_map, btree_set};
use proptest::option;
use proptest::prelude::*;
use shared::{authorizers, gateway_responses, models, validators};
use std::collections::{BTreeMap, BTreeSet};

const API: &str = "a1b2c3d4e5";
const PATHS: [&str; 7] = [
    "/",
    "/a",
    "/a/{id}",
    "/a/{id}/b",
    "/c/{proxy+}",
    "/d.e/f-g:h,i_j",
    "/a/null",
];

const MODELS: [&str; 3] = ["Alpha", "Beta", "Gamma1"];
const MEDIA_TYPES: [&str; 3] = ["application/json", "text/csv; header=present", "*/*"];

pub(crate) fn definition() -> impl Strategy<Value = Definition> {
    let places = (
        proptest::sample::select(&PATHS[..]),
        proptest::sample::select(&VERBS[..]),
    );
    (
        api(),
        btree_map(places, method(), 0..6),
        models(),
        validators(),
        authorizers(),
        gateway_responses(),
        text(),
    )
        .prop_map(
            |(api, methods, models, validators, authorizers, gateway_responses, said)| {
                let resources = tree(&methods);
                let mut parts = Vec::new();
                if let Some(description) = &api.description {
                    let info = serde_json::json!({"info": {"description": description}});
                    parts.push(part(DocumentationPartType::Api, None, None, None, info));
                }
                for model in &models {
                    if let Some(description) = &model.description {
                        let said = serde_json::json!({"description": description});
                        let name = Some(model.name.as_str());
                        parts.push(part(DocumentationPartType::Model, None, None, name, said));
                    }
                }
                for (path, verb) in methods.keys() {
                    let said = serde_json::json!({"description": said, "tags": ["a", 1.5]});
                    parts.push(part(
                        DocumentationPartType::Method,
                        Some(path),
                        Some(verb),
                        None,
                        said,
                    ));
                }
                let methods = methods
                    .into_iter()
                    .map(|((path, verb), mut method)| {
                        let resource = ResourceId(format!("resource {path}"));
                        verb.clone_into(&mut method.http_method);
                        fit(&mut method, &resource, &validators, &authorizers);
                        (resource, method)
                    })
                    .collect();
                Definition {
                    api: RestApi {
                        root_resource_id: "resource /".into(),
                        ..api
                    },
                    resources,
                    methods,
                    models,
                    request_validators: validators,
                    authorizers,
                    gateway_responses,
                    documentation_parts: parts,
                }
            },
        )
}

fn api() -> impl Strategy<Value = RestApi> {
    (
        text(),
        option::of(text()),
        option::of(text()),
        btree_set(text(), 0..3),
        option::of(0..=10_485_760_u32),
        (any::<bool>(), any::<bool>(), any::<bool>()),
    )
        .prop_map(|(name, description, version, types, compression, flags)| {
            let (of_authorizer, disabled, has_policy) = flags;
            let policy = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Resource":"arn:aws:execute-api:r:1:a/*"}]}"#;
            RestApi {
                id: API.into(),
                name,
                description,
                created_date: 0,
                version,
                binary_media_types: types.into_iter().collect(),
                minimum_compression_size: compression,
                api_key_source: if of_authorizer {
                    ApiKeySource::Authorizer
                } else {
                    ApiKeySource::Header
                },
                endpoint_configuration: EndpointConfiguration {
                    types: vec![EndpointType::Edge],
                    ip_address_type: IpAddressType::Ipv4,
                    vpc_endpoint_ids: if disabled { vec!["vpce-1".to_owned()] } else { Vec::new() },
                },
                policy: has_policy.then(|| policy.to_owned()),
                tags: Map::new(),
                disable_execute_api_endpoint: disabled,
                root_resource_id: "root".into(),
                security_policy: None,
                endpoint_access_mode: None,
            }
        })
}

/// All resources of some paths.
fn tree(paths: &BTreeMap<(&'static str, &'static str), Method>) -> Vec<Resource> {
    let mut resources: BTreeMap<String, Resource> = BTreeMap::new();
    let mut add = |path: &str, verb: Option<&str>| {
        let parent = path.rsplit_once('/').filter(|_| path != "/");
        let resource = resources
            .entry(path.to_owned())
            .or_insert_with(|| Resource {
                id: format!("resource {path}").into(),
                parent_id: parent.map(|(above, _)| {
                    let above = if above.is_empty() { "/" } else { above };
                    format!("resource {above}").into()
                }),
                path_part: parent.map(|(_, part)| part.to_owned()),
                path: path.to_owned(),
                methods: BTreeSet::new(),
            });
        resource.methods.extend(verb.map(str::to_owned));
    };
    add("/", None);
    for (path, verb) in paths.keys() {
        for (at, _) in path.match_indices('/').filter(|(at, _)| *at > 0) {
            add(&path[..at], None);
        }
        add(path, Some(verb));
    }
    resources.into_values().collect()
}

fn part(
    kind: DocumentationPartType,
    path: Option<&str>,
    method: Option<&str>,
    name: Option<&str>,
    properties: serde_json::Value,
) -> DocumentationPart {
    let own = |text: Option<&str>| text.map(str::to_owned);
    DocumentationPart {
        id: String::new(),
        location: DocumentationPartLocation {
            kind,
            path: own(path),
            method: own(method),
            status_code: None,
            name: own(name),
        },
        properties: properties.to_string(),
    }
}

/// Fills in what depends on the rest of the definition.
fn fit(
    method: &mut Method,
    resource: &ResourceId,
    validators: &[RequestValidator],
    authorizers: &[Authorizer],
) {
    let wanted = method.request_validator_id.take();
    method.request_validator_id =
        wanted.filter(|id| validators.iter().any(|validator| validator.id == *id));
    let scopes = method.authorization_scopes.take();
    if method.authorization_type != "AWS_IAM" {
        let index = method.authorization_type.parse::<usize>().unwrap() - 1;
        let authorizer = authorizers.get(index);
        method.authorizer_id = authorizer.map(|authorizer| authorizer.id.clone());
        method.authorization_type = match authorizer.map(|authorizer| authorizer.kind) {
            None => "NONE",
            Some(AuthorizerType::CognitoUserPools) => "COGNITO_USER_POOLS",
            Some(AuthorizerType::Jwt) => "JWT",
            Some(_) => "CUSTOM",
        }
        .to_owned();
        if ["COGNITO_USER_POOLS", "JWT"].contains(&method.authorization_type.as_str()) {
            method.authorization_scopes = scopes.filter(|scopes| !scopes.is_empty());
        }
    }
    if let Some(integration) = &mut method.method_integration
        && integration.cache_namespace.is_empty()
    {
        resource
            .as_str()
            .clone_into(&mut integration.cache_namespace);
    }
}

/// A text that is none of those that mean something to YAML or to the service.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("on".to_owned()),
        Just("2024-01-31".to_owned()),
        Just("0x10".to_owned()),
        Just("a: b # c\n- d\n\t\"e\" 'f' \\ \u{85}\u{2028}\u{feff}😀".to_owned()),
        "[ -~]{1,12}",
        "\\PC{1,8}",
    ]
}

fn name() -> impl Strategy<Value = String> {
    "[A-Za-z][A-Za-z0-9-]{0,8}"
}
