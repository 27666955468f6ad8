//! Definitions of every kind that OpenAPI can say.

use postern_definition::rest::{
    AdditionalClaim, ApiKeySource, Authorizer, AuthorizerType, ConnectionType, ContentHandling,
    Definition, DocumentationPart, DocumentationPartLocation, DocumentationPartType,
    EndpointConfiguration, EndpointType, GatewayResponse, GatewayResponseType, Integration,
    IntegrationResponse, IntegrationType, IpAddressType, JwtConfiguration, JwtIssuer, Method,
    MethodResponse, Model, PassthroughBehavior, RequestValidator, Resource, ResponseTransferMode,
    RestApi, TlsConfig, VERBS,
};
use postern_definition::{Map, ResourceId};
use proptest::collection::{btree_map, btree_set, vec};
use proptest::option;
use proptest::prelude::*;
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

fn schema() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::json!({"type": "string"})),
        Just(
            serde_json::json!({"type": ["integer", "null"], "minimum": 1.5, "exclusiveMinimum": true})
        ),
        Just(serde_json::json!({})),
        proptest::sample::select(&MODELS[..]).prop_map(|model| serde_json::json!({
            "$ref": format!("https://apigateway.amazonaws.com/restapis/{API}/models/{model}")
        })),
        text()
            .prop_map(|text| serde_json::json!({"enum": [text, null, true, 1e3, {"$ref": "#/x"}]})),
    ];
    leaf.prop_recursive(4, 16, 3, |inner| {
        prop_oneof![
            btree_map(
                prop_oneof![text(), Just("$ref".to_owned())],
                inner.clone(),
                0..3
            )
            .prop_map(|members| serde_json::json!({"type": "object", "properties": members})),
            inner
                .clone()
                .prop_map(|items| serde_json::json!({"type": "array", "items": items})),
            vec(inner, 1..3).prop_map(|all| serde_json::json!({"allOf": all})),
        ]
    })
    .prop_filter("a model of its own", |schema| schema.get("$ref").is_none())
}

fn models() -> impl Strategy<Value = Vec<Model>> {
    vec((schema(), option::of(text()), option::of(schema())), 3).prop_map(|schemas| {
        MODELS
            .iter()
            .zip(schemas)
            .map(|(name, (mut schema, description, inner))| {
                if let Some(inner) = inner {
                    schema["definitions"] = serde_json::json!({"a/b~c d": inner});
                    schema["not"] = serde_json::json!({"$ref": "#/definitions/a~1b~0c d"});
                }
                if let Some(description) = &description {
                    schema["description"] = description.clone().into();
                }
                Model {
                    id: format!("model{name}"),
                    name: (*name).to_owned(),
                    description,
                    schema: Some(schema.to_string()),
                    content_type: "application/json".to_owned(),
                }
            })
            .collect()
    })
}

fn authorizers() -> impl Strategy<Value = Vec<Authorizer>> {
    let one = (
        0..5_usize,
        option::of(text()),
        option::of(0..3600_u32),
        option::of(Just("arn:aws:iam::1:role/r".to_owned())),
        option::of(Just("^x.*".to_owned())),
    );
    vec(one, 0..3).prop_map(|all| {
        all.into_iter()
            .enumerate()
            .map(|(i, (kind, auth_type, ttl, credentials, validation))| {
                let (kind, source) = match kind {
                    0 => (AuthorizerType::Token, Some("method.request.header.X-Token")),
                    1 => (
                        AuthorizerType::Request,
                        Some("method.request.querystring.t, context.path"),
                    ),
                    2 => (AuthorizerType::Request, None),
                    3 => (
                        AuthorizerType::Jwt,
                        Some("method.request.header.Authorization"),
                    ),
                    _ => (
                        AuthorizerType::CognitoUserPools,
                        Some("method.request.header.Authorization"),
                    ),
                };
                let is_function = matches!(kind, AuthorizerType::Token | AuthorizerType::Request);
                let is_pool = kind == AuthorizerType::CognitoUserPools;
                Authorizer {
                    id: format!("auth{i}"),
                    name: ["api_key", "who are you?", "sigv4"][i].to_owned(),
                    kind,
                    provider_arns: is_pool.then(|| vec!["arn:pool".to_owned()]),
                    auth_type: auth_type.filter(|_| is_function),
                    authorizer_uri: is_function.then(|| "arn:function".to_owned()),
                    authorizer_credentials: credentials.filter(|_| is_function),
                    identity_source: source.map(str::to_owned),
                    identity_validation_expression: validation
                        .filter(|_| kind == AuthorizerType::Token),
                    authorizer_result_ttl_in_seconds: ttl.filter(|_| kind != AuthorizerType::Jwt),
                    jwt_configuration: (kind == AuthorizerType::Jwt)
                        .then(|| jwt_configuration(ttl)),
                }
            })
            .collect()
    })
}

/// One that says more, or less.
fn jwt_configuration(more: Option<u32>) -> JwtConfiguration {
    let claim = AdditionalClaim {
        claim_name: "tenant".to_owned(),
        format: Some("SINGLE_STRING".to_owned()),
        required: more > Some(1_800),
        expected_values: more.map(|value| vec![value.to_string()]),
    };
    JwtConfiguration {
        issuers: vec![JwtIssuer {
            issuer: "https://issuer.example/tenant/".to_owned(),
            audiences: vec!["a".to_owned(), "b c".to_owned()],
            jwks_uri: None,
            additional_claims: more.map(|_| vec![claim]),
        }],
        default_algorithms: more.map(|_| vec!["RS256".to_owned(), "ES384".to_owned()]),
    }
}

fn validators() -> impl Strategy<Value = Vec<RequestValidator>> {
    vec((any::<bool>(), any::<bool>()), 0..3).prop_map(|flags| {
        flags
            .into_iter()
            .enumerate()
            .map(|(i, (body, parameters))| RequestValidator {
                id: format!("valid{i}"),
                name: Some(["all", "Validate body", "on"][i].to_owned()),
                validate_request_body: body,
                validate_request_parameters: parameters,
            })
            .collect()
    })
}

fn templates() -> impl Strategy<Value = Option<Map<Option<String>>>> {
    option::of(btree_map(
        proptest::sample::select(&MEDIA_TYPES[..]).prop_map(str::to_owned),
        option::of(text()),
        0..3,
    ))
}

fn handling() -> impl Strategy<Value = Option<ContentHandling>> {
    option::of(prop_oneof![
        Just(ContentHandling::ConvertToText),
        Just(ContentHandling::ConvertToBinary)
    ])
}

fn integration_responses() -> impl Strategy<Value = Map<IntegrationResponse>> {
    let one = (
        option::of(btree_map(
            name().prop_map(|name| format!("method.response.header.{name}")),
            text(),
            0..2,
        )),
        templates(),
        handling(),
    );
    btree_map(200..599_u16, one, 0..3).prop_map(|responses| {
        responses
            .into_iter()
            .enumerate()
            .map(|(i, (status, (parameters, templates, handling)))| {
                let status = status.to_string();
                let response = IntegrationResponse {
                    status_code: status.clone(),
                    selection_pattern: (i > 0).then(|| format!("{i}\\d{{2}}|:é")),
                    response_parameters: parameters,
                    response_templates: templates,
                    content_handling: handling,
                };
                (status, response)
            })
            .collect()
    })
}

fn integration() -> impl Strategy<Value = Integration> {
    use IntegrationType::{Aws, AwsProxy, Http, HttpProxy, Mock};
    let kind = proptest::sample::select(vec![Aws, AwsProxy, Http, HttpProxy, Mock]);
    let behavior = proptest::sample::select(vec![
        PassthroughBehavior::Never,
        PassthroughBehavior::WhenNoMatch,
        PassthroughBehavior::WhenNoTemplates,
    ]);
    let first = (
        kind,
        behavior,
        templates(),
        integration_responses(),
        handling(),
    );
    let second = (
        any::<bool>(),
        50..40_000_u32,
        option::of(any::<bool>()),
        option::of(text()),
        option::of(Just(ResponseTransferMode::Stream)),
        option::of(btree_map(name(), text(), 0..2)),
    );
    (first, second).prop_map(|(first, second)| {
        let (kind, passthrough_behavior, request_templates, integration_responses, handling) =
            first;
        let (is_private, timeout, insecure, namespace, transfer, parameters) = second;
        let is_mock = kind == Mock;
        let is_http = matches!(kind, Http | HttpProxy);
        Integration {
            kind,
            http_method: (!is_mock).then(|| "POST".to_owned()),
            uri: (!is_mock).then(|| "https://b.example/${stageVariables.x}".to_owned()),
            connection_type: match (is_private, is_http) {
                (true, _) if !is_mock => Some(ConnectionType::VpcLink),
                (_, true) => Some(ConnectionType::Internet),
                _ => None,
            },
            connection_id: (is_private && !is_mock).then(|| "link01".to_owned()),
            credentials: (!is_mock && is_private).then(|| "arn:aws:iam::1:role/r".to_owned()),
            request_parameters: parameters,
            request_templates,
            passthrough_behavior,
            content_handling: handling,
            timeout_in_millis: timeout,
            // Empty stands for the resource's, which is not known here.
            cache_namespace: namespace.unwrap_or_default(),
            cache_key_parameters: if is_private {
                vec!["method.request.path.id".to_owned()]
            } else {
                Vec::new()
            },
            integration_responses,
            tls_config: insecure.map(|insecure| TlsConfig {
                insecure_skip_verification: insecure,
            }),
            response_transfer_mode: transfer,
            integration_target: None,
        }
    })
}

fn method() -> impl Strategy<Value = Method> {
    let parameters = btree_map(
        (
            proptest::sample::select(vec!["querystring", "header"]),
            name(),
        )
            .prop_map(|(location, name)| format!("method.request.{location}.{name}")),
        any::<bool>(),
        1..3,
    );
    let media_types = btree_set(proptest::sample::select(&MEDIA_TYPES[..]), 1..3);
    let model = option::of(proptest::sample::select(&MODELS[..]));
    let responses = btree_map(
        200..599_u16,
        (model.clone(), option::of(btree_set(name(), 1..3))),
        0..3,
    );
    let first = (option::of(parameters), media_types, model, responses);
    let second = (
        0..6_usize,
        any::<bool>(),
        option::of(0..3_usize),
        option::of(text()),
        option::of(integration()),
        vec(text(), 0..2),
    );
    (first, second).prop_map(|(first, second)| {
        let (request_parameters, media_types, body, responses) = first;
        let (authorization, api_key_required, validator, operation_name, integration, scopes) =
            second;
        let all = |model: &str| -> Map<String> {
            media_types
                .iter()
                .map(|media_type| ((*media_type).to_owned(), model.to_owned()))
                .collect()
        };
        let method_responses = responses.into_iter().map(|(status, (model, headers))| {
            let headers = headers.map(|names: BTreeSet<String>| {
                let names = names.into_iter();
                names
                    .map(|name| (format!("method.response.header.{name}"), false))
                    .collect()
            });
            let response = MethodResponse {
                status_code: status.to_string(),
                response_parameters: headers,
                response_models: model.map(all),
            };
            (status.to_string(), response)
        });
        Method {
            http_method: String::new(),
            // Which authorizers there are is not known here either: an index stands for one.
            authorization_type: match authorization {
                0 => "AWS_IAM".to_owned(),
                i => i.to_string(),
            },
            authorizer_id: None,
            api_key_required,
            request_validator_id: validator.map(|i| format!("valid{i}")),
            operation_name,
            request_parameters,
            request_models: body.map(all),
            method_responses: method_responses.collect(),
            method_integration: integration,
            authorization_scopes: Some(scopes),
        }
    })
}

fn gateway_responses() -> impl Strategy<Value = Vec<GatewayResponse>> {
    btree_map(
        proptest::sample::select(GatewayResponseType::ALL),
        (
            option::of(400..599_u16),
            btree_map(text(), text(), 0..2),
            btree_map(text(), text(), 0..2),
        ),
        0..3,
    )
    .prop_map(|responses| {
        let responses = responses.into_iter();
        responses
            .map(
                |(response_type, (status, parameters, templates))| GatewayResponse {
                    response_type,
                    status_code: status.map(|status| status.to_string()),
                    response_parameters: parameters,
                    response_templates: templates,
                },
            )
            .collect()
    })
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
