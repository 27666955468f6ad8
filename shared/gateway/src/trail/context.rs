//! What the variables of `$context` say: each is read from what has been observed.

use super::{AuthorizerTrail, CallerTrail, PROTOCOL, StepTrail, Trail};
use crate::ClientCertificate;
use serde_json::Value;
use std::borrow::Cow;

impl Trail {
    /// The value of a `$context` variable. The name comes without `$context.`.
    pub(crate) fn context(&self, name: &str) -> Option<Cow<'_, str>> {
        let text = |text: &'_ str| -> Option<Cow<'_, str>> { Some(Cow::Owned(text.to_owned())) };
        let number =
            |number: u128| -> Option<Cow<'_, str>> { Some(Cow::Owned(number.to_string())) };
        match name {
            "requestId" => Some(self.request_id.as_str().into()),
            "extendedRequestId" => Some(self.extended_request_id.as_str().into()),
            "requestTime" => Some(postern_telemetry::clf(self.received_at).into()),
            "requestTimeEpoch" => number(self.received_at.as_millis()),
            "httpMethod" => Some(self.verb.as_str().into()),
            "path" => Some(self.path.as_str().into()),
            "protocol" => Some(PROTOCOL.into()),
            "identity.sourceIp" => Some(self.source_ip.as_str().into()),
            "identity.userAgent" => self.user_agent.as_deref().map(Cow::Borrowed),
            "domainName" => Some(self.domain_name.as_str().into()),
            "domainPrefix" => Some(self.domain_prefix().into()),
            "accountId" => text(&self.stage.as_ref()?.account_id),
            "apiId" => text(self.stage.as_ref()?.api_id.as_str()),
            "stage" => text(self.stage.as_ref()?.stage.as_str()),
            "deploymentId" => text(self.stage.as_ref()?.deployment_id.as_str()),
            "isCanaryRequest" => Some(
                if self.stage.as_ref()?.is_canary? {
                    "true"
                } else {
                    "false"
                }
                .into(),
            ),
            "customDomain.basePathMatched" => {
                text(self.stage.as_ref()?.base_path_matched.as_deref()?)
            }
            "customDomain.routingRuleIdMatched" => {
                text(self.stage.as_ref()?.routing_rule_matched.as_deref()?)
            }
            "resourceId" => text(self.resource.as_ref()?.id.as_ref()?.as_str()),
            "routeKey" if self.socket.is_some() => text(&self.resource.as_ref()?.path),
            "routeKey" => Some(self.resource.as_ref()?.route_key()?.into()),
            "resourcePath" => text(&self.resource.as_ref()?.path),
            "xrayTraceId" => self
                .trace_id
                .split(';')
                .find_map(|part| part.strip_prefix("Root="))
                .map(Cow::Borrowed),
            "integrationLatency" | "integration.latency" => {
                number(self.integration.as_ref()?.latency.as_millis())
            }
            "integration.status" => number(self.integration.as_ref()?.status?.into()),
            "integrationStatus" | "integration.integrationStatus" => {
                number(self.integration.as_ref()?.service_status?.into())
            }
            "integration.requestId" | "awsEndpointRequestId" => {
                text(self.integration.as_ref()?.request_id.as_deref()?)
            }
            "integration.error" | "integrationErrorMessage" => {
                text(self.integration.as_ref()?.error.as_deref()?)
            }
            "error.message" => text(self.rejection.as_ref()?.message.as_deref()?),
            "error.messageString" => Some(
                Value::from(self.rejection.as_ref()?.message.as_deref())
                    .to_string()
                    .into(),
            ),
            "error.validationErrorString" => text(self.rejection.as_ref()?.validation.as_deref()?),
            "error.responseType" => text(self.rejection.as_ref()?.response_type?.name()),
            "status" => number(self.answer.as_ref()?.status.into()),
            "responseLength" => number(self.answer.as_ref()?.bytes.into()),
            "dataProcessed" => number(self.data_bytes()?.into()),
            "responseLatency" => number(self.answer.as_ref()?.latency.as_millis()),
            _ => match &self.socket {
                None => self.caller.context(name),
                Some(socket) => socket.context(name).or_else(|| self.caller.context(name)),
            },
        }
    }
}

impl CallerTrail {
    fn context(&self, name: &str) -> Option<Cow<'_, str>> {
        let text = |text: &'_ str| -> Option<Cow<'_, str>> { Some(Cow::Owned(text.to_owned())) };
        if let Some(name) = name.strip_prefix("authorizer.") {
            return self.authorizer.as_ref()?.context(name);
        }
        if let Some(name) = name.strip_prefix("authenticate.") {
            return self.authenticate.as_ref()?.context(name);
        }
        if let Some(name) = name.strip_prefix("authorize.") {
            return self.authorize.as_ref()?.context(name);
        }
        let name = name.strip_prefix("identity.")?;
        if let Some(name) = name.strip_prefix("clientCert.") {
            return Some(Cow::Borrowed(self.certificate.as_ref()?.member(name)?));
        }
        match name {
            "apiKey" => return text(&self.api_key.as_ref()?.value),
            "vpcId" => return text(self.vpc.as_ref()?.id.as_deref()?),
            "vpceId" => return text(&self.vpc.as_ref()?.endpoint),
            "apiKeyId" => return text(self.api_key.as_ref()?.id.as_deref()?),
            _ => {}
        }
        let identity = self.identity.as_ref()?;
        let cognito = identity.cognito.as_ref();
        match name {
            "accountId" => text(&identity.account_id),
            "caller" | "user" => text(&identity.user_id),
            "userArn" => text(&identity.arn),
            "accessKey" => text(identity.access_key_id.as_deref()?),
            "principalOrgId" => text(identity.organization_id.as_deref()?),
            "cognitoIdentityId" => text(&cognito?.identity_id),
            "cognitoIdentityPoolId" => text(&cognito?.pool_id),
            "cognitoAuthenticationType" => text(cognito?.authentication_type.as_deref()?),
            "cognitoAuthenticationProvider" => text(cognito?.authentication_provider.as_deref()?),
            _ => None,
        }
    }
}

impl ClientCertificate {
    fn member(&self, name: &str) -> Option<&str> {
        Some(match name {
            "clientCertPem" => &self.pem,
            "subjectDN" => &self.subject,
            "issuerDN" => &self.issuer,
            "serialNumber" => &self.serial_number,
            "validity.notBefore" => &self.not_before,
            "validity.notAfter" => &self.not_after,
            _ => return None,
        })
    }
}

impl StepTrail {
    fn context(&self, name: &str) -> Option<Cow<'_, str>> {
        match name {
            "status" => Some(self.status.to_string().into()),
            "latency" => Some(self.latency.as_millis().to_string().into()),
            "error" => self.error.as_deref().map(Cow::Borrowed),
            _ => None,
        }
    }
}

impl AuthorizerTrail {
    fn context(&self, name: &str) -> Option<Cow<'_, str>> {
        let text = |text: &'_ str| -> Option<Cow<'_, str>> { Some(Cow::Owned(text.to_owned())) };
        if let Some(name) = name.strip_prefix("claims.") {
            return text(self.claims.as_ref()?.get(name)?);
        }
        // What the function said comes before what is said of it.
        match self.context.get(name) {
            None => {}
            Some(Value::Null) => return None,
            Some(Value::String(value)) => return text(value),
            Some(value) => return text(&value.to_string()),
        }
        match name {
            "principalId" => text(self.principal.as_deref()?),
            "status" => text(&self.status?.to_string()),
            "integrationStatus" => text(&self.service_status?.to_string()),
            "requestId" => text(self.request_id.as_deref()?),
            "latency" | "integrationLatency" => text(&self.latency.as_millis().to_string()),
            "error" => text(self.error.as_deref()?),
            _ => None,
        }
    }
}
