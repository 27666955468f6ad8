//! The integration of a route of an HTTP API, compiled into the plans that REST APIs have too.

use super::FrozenIntegration;
use crate::integration::{HttpPlan, LambdaPlan, SubtypePlan};
use crate::{Defect, IntegrationPlan};
use postern_definition::rest::IntegrationType;
use postern_definition::routed::Route;

/// Reports every defect.
pub(crate) fn compile(
    route: &Route,
    integration: &FrozenIntegration,
) -> Result<IntegrationPlan, Vec<Defect>> {
    let integration = &integration.integration;
    match (
        integration.integration_type,
        &integration.integration_subtype,
    ) {
        (IntegrationType::AwsProxy, Some(name)) => {
            SubtypePlan::compile(name, integration).map(IntegrationPlan::Subtype)
        }
        (IntegrationType::AwsProxy, None) => {
            LambdaPlan::compile_routed(integration).map(IntegrationPlan::Lambda)
        }
        (IntegrationType::HttpProxy, _) => {
            HttpPlan::compile_routed(route, integration).map(IntegrationPlan::HttpProxy)
        }
        (IntegrationType::Aws | IntegrationType::Http | IntegrationType::Mock, _) => {
            let reason = "an HTTP API calls AWS_PROXY and HTTP_PROXY only";
            Err(vec![Defect::invalid("integrationType", reason)])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Appended, Passes};
    use serde_json::{Value, json};

    fn plan(key: &str, members: &Value) -> Result<IntegrationPlan, Vec<Defect>> {
        let mut whole = json!({"integrationId": "i", "connectionType": "INTERNET", "timeoutInMillis": 30000, "payloadFormatVersion": "1.0"});
        let members = members.as_object().unwrap().clone();
        whole.as_object_mut().unwrap().extend(members);
        let route = json!({"routeId": "r", "routeKey": key, "apiKeyRequired": false, "authorizationType": "NONE"});
        let frozen = FrozenIntegration {
            integration: serde_json::from_value(whole).unwrap(),
            responses: Vec::new(),
        };
        compile(&serde_json::from_value(route).unwrap(), &frozen)
    }

    #[test]
    fn the_path_that_a_proxy_appends_is_that_of_the_default_route_or_of_a_private_endpoint() {
        const LISTENER: &str =
            "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/net/inner/0123/4567";
        let public = json!({"integrationType": "HTTP_PROXY", "integrationUri": "https://a.example/{id}", "integrationMethod": "ANY"});
        let private = json!({"integrationType": "HTTP_PROXY", "integrationUri": LISTENER, "integrationMethod": "GET",
            "connectionType": "VPC_LINK", "connectionId": "l1", "tlsConfig": {"serverNameToVerify": "inner.example"}});
        for (key, members, appended, variables) in [
            ("$default", &public, Appended::Path, &[][..]),
            (
                "ANY /x/{id}/{rest+}",
                &public,
                Appended::Nothing,
                &["id", "rest"],
            ),
            ("GET /x", &public, Appended::Nothing, &[]),
            ("GET /x", &private, Appended::StageAndPath, &[]),
            ("$default", &private, Appended::StageAndPath, &[]),
        ] {
            let IntegrationPlan::HttpProxy(plan) = plan(key, members).unwrap() else {
                panic!("{key}")
            };
            assert_eq!(plan.passes, Passes::Routed(appended), "{key}");
            let names: Vec<_> = plan.mapping.path.keys().map(String::as_str).collect();
            assert_eq!(names, variables, "{key}");
            let link = plan.link.as_ref();
            assert_eq!(
                link.and_then(|link| link.server_name.as_deref()),
                link.map(|_| "inner.example")
            );
        }
    }

    #[test]
    fn what_cannot_be_called_is_a_defect_that_names_its_field() {
        for (members, expected) in [
            (json!({"integrationType": "MOCK"}), "integrationType"),
            (json!({"integrationType": "HTTP_PROXY"}), "integrationUri"),
            (json!({"integrationType": "AWS_PROXY"}), "integrationUri"),
            (
                json!({"integrationType": "HTTP_PROXY", "integrationUri": "arn:x", "connectionType": "VPC_LINK"}),
                "connectionId",
            ),
            (
                json!({"integrationType": "HTTP_PROXY", "integrationUri": "https://a.example", "requestParameters": {"append:header.a": "$b"}}),
                "requestParameters append:header.a",
            ),
            (
                json!({"integrationType": "AWS_PROXY", "integrationSubtype": "SQS-Nothing"}),
                "integrationSubtype",
            ),
            (
                json!({"integrationType": "AWS_PROXY", "integrationSubtype": "SQS-PurgeQueue", "credentialsArn": "arn:r"}),
                "requestParameters QueueUrl",
            ),
        ] {
            let defects = plan("GET /x", &members).unwrap_err();
            let Defect::Invalid { field, .. } = &defects[0] else {
                panic!("{defects:?}")
            };
            assert_eq!(field, expected, "{members}");
        }
    }
}
