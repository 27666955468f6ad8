//! Documents of HTTP APIs.

use postern_definition::rest::IpAddressType;
use postern_definition::routed::{Api, AuthorizationType, HTTP_ROUTE_SELECTION, ProtocolType};
use postern_openapi::{
    Format, HttpExportOptions, HttpImported, HttpRules, Options, Refusal, export_http, import_http,
};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::cell::Cell;

fn api() -> Api {
    Api {
        api_id: "a1b2c3d4e5".into(),
        name: String::new(),
        protocol_type: ProtocolType::Http,
        description: None,
        version: None,
        route_selection_expression: HTTP_ROUTE_SELECTION.to_owned(),
        api_key_selection_expression: "$request.header.x-api-key".to_owned(),
        cors_configuration: None,
        created_date: "2026-03-10T05:16:23Z".to_owned(),
        disable_execute_api_endpoint: false,
        disable_schema_validation: None,
        ip_address_type: IpAddressType::Ipv4,
        tags: postern_definition::Map::new(),
    }
}

fn import_with(text: &str, settings: &str) -> Result<HttpImported, Refusal> {
    let next = Cell::new(0);
    let id = |length: usize| {
        next.set(next.get() + 1);
        format!("id{:0width$}", next.get(), width = length - 2)
    };
    let mut options = Options::new("a1b2c3d4e5".into(), &id);
    for setting in settings.split_whitespace() {
        let (name, value) = setting.split_once('=').unwrap();
        options.set(name, value).unwrap();
    }
    let rules = HttpRules {
        integration: &|_, integration| match integration.integration_uri.as_deref() {
            Some("refused") => Err("Invalid HTTP endpoint specified for URI".to_owned()),
            _ => Ok(integration),
        },
        authorizer: &|_, _| Ok(()),
        route_key: &|_, _| Ok(()),
        parameter: &|_, name| {
            let is_located = name.starts_with("route.request.");
            is_located
                .then_some(())
                .ok_or_else(|| format!("Invalid request parameter specified: {name}"))
        },
        model: &|_| Ok(()),
    };
    import_http(text.as_bytes(), api(), &options, &rules)
}

fn document(members: Value) -> String {
    let mut document = json!({"openapi": "3.0.1", "info": {"title": "t", "version": "1"}});
    let Value::Object(members) = members else {
        panic!("an object")
    };
    document.as_object_mut().unwrap().extend(members);
    document.to_string()
}

fn imported(members: Value) -> HttpImported {
    import_with(&document(members), "").unwrap_or_else(|refusal| panic!("{refusal}"))
}

fn keys(imported: &HttpImported) -> Vec<&str> {
    let routes = imported.definition.routes.iter();
    routes.map(|route| route.route_key.as_str()).collect()
}

#[test]
fn paths_and_methods_become_route_keys() {
    let any = "x-amazon-apigateway-any-method";
    let made = imported(json!({"paths": {
        "/a": {"get": {}, "post": {}, "parameters": []},
        "/{proxy+}": {any: {}},
        "/$default": {any: {"isDefaultRoute": true}},
    }}));
    assert_eq!(
        keys(&made),
        ["$default", "GET /a", "POST /a", "ANY /{proxy+}"]
    );
    assert!(made.warnings.is_empty(), "{:?}", made.warnings);
}

#[test]
fn the_base_path_comes_before_the_paths_where_it_is_asked_for() {
    let text =
        document(json!({"servers": [{"url": "https://h/a/b"}], "paths": {"/c": {"get": {}}}}));
    for (settings, key) in [
        ("", "GET /c"),
        ("basepath=prepend", "GET /a/b/c"),
        ("basepath=split", "GET /b/c"),
    ] {
        let made = import_with(&text, settings).unwrap();
        assert_eq!(keys(&made), [key], "{settings}");
    }
}

#[test]
fn one_place_of_a_document_makes_one_integration() {
    let reference = json!({"x-amazon-apigateway-integration": {"$ref": "#/components/x-amazon-apigateway-integrations/i"}});
    let own =
        json!({"x-amazon-apigateway-integration": {"type": "HTTP_PROXY", "uri": "https://b"}});
    let made = imported(json!({
        "paths": {"/a": {"get": reference, "put": own}, "/b": {"get": reference}},
        "components": {"x-amazon-apigateway-integrations": {"i": {"type": "aws_proxy", "payloadFormatVersion": 2}}},
    }));
    let routes = &made.definition.routes;
    assert_eq!(made.definition.integrations.len(), 2);
    assert_eq!(routes[0].target, routes[2].target);
    assert_ne!(routes[0].target, routes[1].target);
    let version = made.definition.integrations[0]
        .payload_format_version
        .as_deref();
    assert_eq!(version, Some("2.0"));
}

#[test]
fn what_cannot_be_made_is_warned_of_and_the_rest_is_made() {
    for (operation, warning) in [
        (
            json!({"x-amazon-apigateway-integration": {"type": "http_proxy", "uri": "refused"}}),
            "Unable to put integration on 'GET' for resource at path '/a': Invalid HTTP endpoint specified for URI",
        ),
        (
            json!({"x-amazon-apigateway-integration": {"type": "grpc"}}),
            "Unable to put integration on 'GET' for resource at path '/a': its `type` is AWS_PROXY or HTTP_PROXY, and not `grpc`",
        ),
        (
            json!({"x-amazon-apigateway-request-validator": "all"}),
            "`x-amazon-apigateway-request-validator` is not supported for HTTP APIs and was ignored",
        ),
        (
            json!({"security": [{"nothing": []}]}),
            "there is no security scheme `nothing`, so it was ignored",
        ),
    ] {
        let made = imported(json!({"paths": {"/a": {"get": operation}}}));
        let texts: Vec<_> = made.warnings.iter().map(|w| w.text.as_str()).collect();
        assert_eq!(texts, [warning]);
        assert_eq!(keys(&made), ["GET /a"]);
    }
}

#[test]
fn schemes_say_who_may_call() {
    let scheme = |authorizer: Value| json!({"type": "openIdConnect", "openIdConnectUrl": "https://i.example/.well-known/openid-configuration", "x-amazon-apigateway-authorizer": authorizer});
    let made = imported(json!({
        "security": [{"jwt": ["read"]}],
        "paths": {"/a": {"get": {}, "put": {"security": []}, "post": {"security": [{"fn": []}]}, "delete": {"security": [{"iam": []}]}}},
        "components": {"securitySchemes": {
            "jwt": scheme(json!({"type": "jwt", "jwtConfiguration": {"audience": ["a"]}})),
            "fn": scheme(json!({"type": "request", "identitySource": "$request.header.a, $request.header.b"})),
            "iam": {"type": "apiKey", "x-amazon-apigateway-authtype": "awsSigv4"},
        }},
    }));
    let routes = made.definition.routes.iter();
    let kinds: Vec<_> = routes
        .map(|route| (route.route_key.as_str(), route.authorization_type))
        .collect();
    assert_eq!(
        kinds,
        [
            ("DELETE /a", AuthorizationType::AwsIam),
            ("GET /a", AuthorizationType::Jwt),
            ("POST /a", AuthorizationType::Custom),
            ("PUT /a", AuthorizationType::None),
        ]
    );
    let [function, jwt] = made.definition.authorizers.as_slice() else {
        panic!("two authorizers")
    };
    let configuration = jwt.jwt_configuration.as_ref().unwrap();
    assert_eq!(configuration.issuer.as_deref(), Some("https://i.example"));
    assert_eq!(jwt.identity_source, ["$request.header.Authorization"]);
    assert_eq!(
        function.identity_source,
        ["$request.header.a", "$request.header.b"]
    );
}

#[test]
fn only_openapi_3_is_read() {
    for (text, message) in [
        (
            r#"{"swagger": "2.0", "info": {"title": "t"}}"#,
            "Only OpenAPI 3.x.x are currently supported",
        ),
        (r#"{"info": {"title": "t"}}"#, "Invalid OpenAPI input."),
        ("[]", "Invalid OpenAPI input."),
        ("", "Invalid OpenAPI input."),
        ("nonsense", "Invalid OpenAPI input."),
    ] {
        let refusal = import_with(text, "").unwrap_err();
        assert_eq!(refusal.message(), message, "{text}");
    }
}

/// Members that a reader of HTTP APIs looks at, with values that may be of any form.
fn any_document() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        Just(json!("aws_proxy")),
        Just(json!("jwt")),
        Just(json!("#/paths/~1a")),
        ".{0,4}".prop_map(Value::from),
    ];
    let name = prop::sample::select(vec![
        "paths",
        "/a",
        "/$default",
        "get",
        "x-amazon-apigateway-any-method",
        "x-amazon-apigateway-integration",
        "x-amazon-apigateway-authorizer",
        "x-amazon-apigateway-cors",
        "components",
        "securitySchemes",
        "security",
        "servers",
        "tags",
        "name",
        "type",
        "$ref",
        "isDefaultRoute",
        "identitySource",
        "responseParameters",
        "timeoutInMillis",
    ]);
    leaf.prop_recursive(6, 60, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map(name.clone().prop_map(str::to_owned), inner, 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_document_is_imported_or_refused_and_what_is_made_is_exported(members in any_document()) {
        if let Value::Object(_) = members
            && let Ok(made) = import_with(&document(members), "basepath=prepend")
        {
            for format in [Format::Json, Format::Yaml] {
                let options = HttpExportOptions {
                    format,
                    extensions: true,
                    host: "h",
                    base_path: "",
                    exported_at: 0,
                };
                let text = export_http(&made.definition, &options);
                let again = import_with(&text, "");
                prop_assert!(again.is_ok(), "{text}");
            }
        }
    }
}

#[test]
fn what_routes_ask_of_requests_is_written_and_read_in_an_extension_of_our_own() {
    let operation = json!({"x-postern-validation": {
        "requestParameters": {"route.request.header.X-A": {"required": true}, "route.request.querystring.q": {"required": false}},
        "requestModels": {"application/json": "Pet", "$default": "Pet"},
    }});
    let models = json!({"Pet": {"contentType": "application/json", "description": "d", "schema": "{\"type\": \"object\"}"}});
    let made = imported(json!({"paths": {"/a": {"post": operation}}, "x-postern-models": models}));
    assert!(made.warnings.is_empty() && made.info.is_empty(), "{made:?}");
    let route = &made.definition.routes[0];
    let parameters = route.request_parameters.as_ref().unwrap();
    assert!(parameters["route.request.header.X-A"].required);
    assert!(!parameters["route.request.querystring.q"].required);
    assert_eq!(route.request_models.as_ref().unwrap()["$default"], "Pet");
    let options = |extensions| HttpExportOptions {
        format: Format::Json,
        extensions,
        host: "h",
        base_path: "",
        exported_at: 0,
    };
    let text = export_http(&made.definition, &options(true));
    let document: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        document["paths"]["/a"]["post"]["x-postern-validation"],
        operation["x-postern-validation"]
    );
    assert_eq!(document["x-postern-models"], models);
    assert!(!export_http(&made.definition, &options(false)).contains("x-postern"));
    for (operation, reason) in [
        (
            json!({"requestModels": {"a/b": "Cat"}}),
            "there is no model `Cat`",
        ),
        (
            json!({"requestParameters": {"header.X": {}}}),
            "Invalid request parameter specified: header.X",
        ),
    ] {
        let text =
            self::document(json!({"paths": {"/a": {"get": {"x-postern-validation": operation}}}}));
        let refusal = import_with(&text, "").unwrap_err();
        assert!(refusal.message().contains(reason), "{}", refusal.message());
    }
}
