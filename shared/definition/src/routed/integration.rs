//! What answers a route: a backend, and how the request is put to it and its answer put back.

use super::is_false;
use crate::Map;
use crate::rest::{ConnectionType, ContentHandling, IntegrationType, PassthroughBehavior};
use serde::{Deserialize, Serialize};

pub const TIMEOUT_MS_DEFAULT_HTTP: u32 = 30_000;
pub const TIMEOUT_MS_DEFAULT_WEBSOCKET: u32 = 29_000;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Integration {
    #[serde(default, skip_serializing_if = "is_false")]
    pub api_gateway_managed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection_id: Option<String>,
    pub connection_type: ConnectionType,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_handling_strategy: Option<ContentHandling>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credentials_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    pub integration_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub integration_method: Option<String>,
    /// Fixed by the type. HTTP APIs have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub integration_response_selection_expression: Option<String>,
    /// The action of a service that an HTTP API calls: see [`SUBTYPES`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub integration_subtype: Option<String>,
    pub integration_type: IntegrationType,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub integration_uri: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub passthrough_behavior: Option<PassthroughBehavior>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payload_format_version: Option<String>,
    /// HTTP APIs: `{action}:{location}`, or the parameters of a subtype's action. WebSocket APIs:
    /// `integration.request.{location}.{name}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_parameters: Option<Map<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_templates: Option<Map<String>>,
    /// By status code, of HTTP APIs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_parameters: Option<Map<Map<String>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template_selection_expression: Option<String>,
    pub timeout_in_millis: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_config: Option<TlsConfig>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TlsConfig {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_name_to_verify: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IntegrationResponse {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_handling_strategy: Option<ContentHandling>,
    pub integration_response_id: String,
    /// `$default`, or a pattern between slashes.
    pub integration_response_key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_parameters: Option<Map<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_templates: Option<Map<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template_selection_expression: Option<String>,
}

/// An action of a service that an HTTP API can call, with the parameters that it takes.
#[derive(Debug, PartialEq, Eq)]
pub struct Subtype {
    pub name: &'static str,
    pub required: &'static [&'static str],
    pub optional: &'static [&'static str],
}

pub static SUBTYPES: &[Subtype] = &[
    Subtype {
        name: "EventBridge-PutEvents",
        required: &["Detail", "DetailType", "Source"],
        optional: &["Time", "EventBusName", "Resources", "Region", "TraceHeader"],
    },
    Subtype {
        name: "SQS-SendMessage",
        required: &["QueueUrl", "MessageBody"],
        optional: &[
            "DelaySeconds",
            "MessageAttributes",
            "MessageDeduplicationId",
            "MessageGroupId",
            "MessageSystemAttributes",
            "Region",
        ],
    },
    Subtype {
        name: "SQS-ReceiveMessage",
        required: &["QueueUrl"],
        optional: &[
            "AttributeNames",
            "MaxNumberOfMessages",
            "MessageAttributeNames",
            "ReceiveRequestAttemptId",
            "VisibilityTimeout",
            "WaitTimeSeconds",
            "Region",
        ],
    },
    Subtype {
        name: "SQS-DeleteMessage",
        required: &["ReceiptHandle", "QueueUrl"],
        optional: &["Region"],
    },
    Subtype {
        name: "SQS-PurgeQueue",
        required: &["QueueUrl"],
        optional: &["Region"],
    },
    Subtype {
        name: "AppConfig-GetConfiguration",
        required: &["Application", "Environment", "Configuration", "ClientId"],
        optional: &["ClientConfigurationVersion", "Region"],
    },
    Subtype {
        name: "Kinesis-PutRecord",
        required: &["StreamName", "Data", "PartitionKey"],
        optional: &["SequenceNumberForOrdering", "ExplicitHashKey", "Region"],
    },
    Subtype {
        name: "StepFunctions-StartExecution",
        required: &["StateMachineArn"],
        optional: &["Name", "Input", "Region"],
    },
    Subtype {
        name: "StepFunctions-StartSyncExecution",
        required: &["StateMachineArn"],
        optional: &["Name", "Input", "Region", "TraceHeader"],
    },
    Subtype {
        name: "StepFunctions-StopExecution",
        required: &["ExecutionArn"],
        optional: &["Cause", "Error", "Region"],
    },
];
