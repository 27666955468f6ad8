//! AWS_PROXY with a subtype: an action of a service that an HTTP API calls, its parameters made of the request.

use super::Credentials;
use crate::{Changes, Defect, Source, TextTemplate};
use postern_definition::routed::{Integration, SUBTYPES};
use std::time::Duration;

#[derive(Debug)]
pub struct SubtypePlan {
    /// As its host begins: `sqs`, `sync-states`.
    pub service: &'static str,
    pub protocol: Protocol,
    pub parameters: Vec<SubtypeParameter>,
    /// Where the owner says it; otherwise the gateway's own.
    pub region: Option<TextTemplate>,
    pub timeout: Duration,
    pub credentials: Credentials,
    /// Of answers only: requests are made anew.
    pub changes: Changes,
}

/// How a service is told an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// A document, and the action in a header.
    Json {
        target: &'static str,
        content_type: &'static str,
        /// The list of which the document is the only element, where the service takes several.
        list: Option<&'static str>,
        /// Whether names begin small.
        lowers: bool,
    },
    /// A form, put to the path of the queue's own URL.
    Queue { action: &'static str },
    /// A path of AppConfig.
    Configuration,
}

#[derive(Debug)]
pub struct SubtypeParameter {
    /// As its owner names it.
    pub name: &'static str,
    pub form: ParameterForm,
    pub value: TextTemplate,
}

/// What is made of the text that a parameter has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParameterForm {
    Text,
    /// A JSON list, or texts with commas between them.
    List,
    /// Seconds since 1970, or a date and time as RFC 3339 has them.
    Time,
    /// A JSON object of a message's attributes.
    Attributes,
}

const V1_0: &str = "application/x-amz-json-1.0";
const V1_1: &str = "application/x-amz-json-1.1";

/// What each subtype is on the wire: its name, its service and how that is told.
static ACTIONS: &[(&str, &str, Protocol)] = &[
    (
        "EventBridge-PutEvents",
        "events",
        Protocol::Json {
            target: "AWSEvents.PutEvents",
            content_type: V1_1,
            list: Some("Entries"),
            lowers: false,
        },
    ),
    ("SQS-SendMessage", "sqs", queue("SendMessage")),
    ("SQS-ReceiveMessage", "sqs", queue("ReceiveMessage")),
    ("SQS-DeleteMessage", "sqs", queue("DeleteMessage")),
    ("SQS-PurgeQueue", "sqs", queue("PurgeQueue")),
    (
        "AppConfig-GetConfiguration",
        "appconfig",
        Protocol::Configuration,
    ),
    (
        "Kinesis-PutRecord",
        "kinesis",
        Protocol::Json {
            target: "Kinesis_20131202.PutRecord",
            content_type: V1_1,
            list: None,
            lowers: false,
        },
    ),
    (
        "StepFunctions-StartExecution",
        "states",
        states("AWSStepFunctions.StartExecution"),
    ),
    (
        "StepFunctions-StartSyncExecution",
        "sync-states",
        states("AWSStepFunctions.StartSyncExecution"),
    ),
    (
        "StepFunctions-StopExecution",
        "states",
        states("AWSStepFunctions.StopExecution"),
    ),
];

const fn queue(action: &'static str) -> Protocol {
    Protocol::Queue { action }
}

const fn states(target: &'static str) -> Protocol {
    Protocol::Json {
        target,
        content_type: V1_0,
        list: None,
        lowers: true,
    }
}

fn form(parameter: &str) -> ParameterForm {
    match parameter {
        "AttributeNames" | "MessageAttributeNames" | "Resources" => ParameterForm::List,
        "MessageAttributes" | "MessageSystemAttributes" => ParameterForm::Attributes,
        "Time" => ParameterForm::Time,
        _ => ParameterForm::Text,
    }
}

impl SubtypePlan {
    pub(crate) fn compile(name: &str, integration: &Integration) -> Result<Self, Vec<Defect>> {
        let unknown = || {
            vec![Defect::invalid(
                "integrationSubtype",
                format!("there is no `{name}`"),
            )]
        };
        let subtype = SUBTYPES.iter().find(|subtype| subtype.name == name);
        let subtype = subtype.ok_or_else(unknown)?;
        let action = ACTIONS.iter().find(|(action, ..)| *action == name);
        let (_, service, protocol) = action.ok_or_else(unknown)?;
        let mut defects = Vec::new();
        let credentials = integration.credentials_arn.as_deref();
        if credentials.is_none_or(str::is_empty) {
            let reason = "it is not set, and a subtype needs it";
            defects.push(Defect::invalid("credentialsArn", reason));
        }
        let mut invalid = |parameter: &str, reason: String| {
            defects.push(Defect::invalid(
                format!("requestParameters {parameter}"),
                reason,
            ));
        };
        let given = integration.request_parameters.as_ref();
        let mut parameters = Vec::new();
        let mut region = None;
        for parameter in subtype.required.iter().chain(subtype.optional) {
            let Some(text) = given.and_then(|given| given.get(*parameter)) else {
                if subtype.required.contains(parameter) {
                    invalid(parameter, format!("it is not set, and {name} needs it"));
                }
                continue;
            };
            match TextTemplate::of_routed(text, Source::of_routed_request) {
                None => invalid(parameter, format!("`{text}` is no value of a parameter")),
                Some(value) if *parameter == "Region" => region = Some(value),
                Some(value) => parameters.push(SubtypeParameter {
                    name: parameter,
                    form: form(parameter),
                    value,
                }),
            }
        }
        let changes = Changes::compile(None, integration.response_parameters.as_ref());
        let changes = changes.unwrap_or_else(|more| {
            defects.extend(more);
            Changes::default()
        });
        if !defects.is_empty() {
            return Err(defects);
        }
        Ok(Self {
            service,
            protocol: *protocol,
            parameters,
            region,
            timeout: Duration::from_millis(integration.timeout_in_millis.into()),
            credentials: Credentials::of(credentials),
            changes,
        })
    }

    /// Whether the request's body must be held for the sake of a parameter.
    pub fn reads_the_body(&self) -> bool {
        let values = self.parameters.iter().map(|parameter| &parameter.value);
        values.chain(&self.region).any(TextTemplate::reads_the_body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_subtype_is_known_on_the_wire() {
        let known: Vec<_> = ACTIONS.iter().map(|(name, ..)| *name).collect();
        let named: Vec<_> = SUBTYPES.iter().map(|subtype| subtype.name).collect();
        assert_eq!(known, named);
    }

    #[test]
    fn every_defect_is_told() {
        let integration = serde_json::json!({
            "integrationId": "i", "integrationType": "AWS_PROXY", "connectionType": "INTERNET", "timeoutInMillis": 30000,
            "requestParameters": {"MessageBody": "$request.nothing"}, "responseParameters": {"1": {}},
        });
        let integration = serde_json::from_value(integration).unwrap();
        let defects = SubtypePlan::compile("SQS-SendMessage", &integration).unwrap_err();
        let told: Vec<_> = defects.iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "Invalid credentialsArn: it is not set, and a subtype needs it",
                "Invalid requestParameters QueueUrl: it is not set, and SQS-SendMessage needs it",
                "Invalid requestParameters MessageBody: `$request.nothing` is no value of a parameter",
                "Invalid responseParameters * of 1: it is no status of an answer",
            ]
        );
    }
}
