//! What the methods of an API have in common: models, authorizers, validators and gateway responses.

use super::{API, MODELS, text};
use postern_definition::rest::{
    AdditionalClaim, Authorizer, AuthorizerType, GatewayResponse, GatewayResponseType,
    JwtConfiguration, JwtIssuer, Model, RequestValidator,
};
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;

pub(super) fn models() -> impl Strategy<Value = Vec<Model>> {
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

pub(super) fn authorizers() -> impl Strategy<Value = Vec<Authorizer>> {
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

pub(super) fn validators() -> impl Strategy<Value = Vec<RequestValidator>> {
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

pub(super) fn gateway_responses() -> impl Strategy<Value = Vec<GatewayResponse>> {
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
