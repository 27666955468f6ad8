//! Methods, with their integrations and responses.

use super::{MEDIA_TYPES, MODELS, name, text};
use postern_definition::Map;
use postern_definition::rest::{
    ConnectionType, ContentHandling, Integration, IntegrationResponse, IntegrationType, Method,
    MethodResponse, PassthroughBehavior, ResponseTransferMode, TlsConfig,
};
use proptest::collection::{btree_map, btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use std::collections::BTreeSet;

pub(super) fn method() -> impl Strategy<Value = Method> {
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
