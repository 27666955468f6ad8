//! Actions of services that speak JSON: they are told the action by a header, which the service supplies for these.

/// What a JSON service wants beside its document.
pub(super) struct JsonTarget {
    pub(super) target: String,
    pub(super) content_type: &'static str,
}

const V1_0: &str = "application/x-amz-json-1.0";
const V1_1: &str = "application/x-amz-json-1.1";

/// By the service's name in the URI. Not EventBridge and not SQS, which are recorded to be called without.
const TARGETS: [(&str, &str, &str); 22] = [
    ("athena", "AmazonAthena", V1_1),
    ("codebuild", "CodeBuild_20161006", V1_1),
    ("codepipeline", "CodePipeline_20150709", V1_1),
    ("cognito-identity", "AWSCognitoIdentityService", V1_1),
    ("cognito-idp", "AWSCognitoIdentityProviderService", V1_1),
    ("comprehend", "Comprehend_20171127", V1_1),
    ("dynamodb", "DynamoDB_20120810", V1_0),
    ("ecs", "AmazonEC2ContainerServiceV20141113", V1_1),
    ("firehose", "Firehose_20150804", V1_1),
    ("glue", "AWSGlue", V1_1),
    ("kinesis", "Kinesis_20131202", V1_1),
    ("kms", "TrentService", V1_1),
    ("logs", "Logs_20140328", V1_1),
    ("personalize", "AmazonPersonalize", V1_1),
    ("redshift-data", "RedshiftData", V1_1),
    ("rekognition", "RekognitionService", V1_1),
    ("secretsmanager", "secretsmanager", V1_1),
    ("ssm", "AmazonSSM", V1_1),
    ("states", "AWSStepFunctions", V1_0),
    ("streams.dynamodb", "DynamoDBStreams_20120810", V1_0),
    ("textract", "Textract", V1_1),
    ("translate", "AWSShineFrontendService_20170701", V1_1),
];

/// `action` may have more of a query behind it.
pub(super) fn json_target(service: &str, action: &str, body: &[u8]) -> Option<JsonTarget> {
    let (_, prefix, content_type) = TARGETS.iter().find(|(name, ..)| *name == service)?;
    // SSM also takes its parameters from the query, as it did before it spoke JSON; then there is no document.
    if service == "ssm" && body.is_empty() {
        return None;
    }
    let action = action.split('&').next().unwrap_or_default();
    Some(JsonTarget {
        target: format!("{prefix}.{action}"),
        content_type,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_services_are_told_the_action_by_a_header() {
        for (service, action, body, expected) in [
            (
                "dynamodb",
                "PutItem",
                "{}",
                Some("DynamoDB_20120810.PutItem application/x-amz-json-1.0"),
            ),
            (
                "dynamodb",
                "Scan&a=b",
                "",
                Some("DynamoDB_20120810.Scan application/x-amz-json-1.0"),
            ),
            (
                "kinesis",
                "PutRecord",
                "{}",
                Some("Kinesis_20131202.PutRecord application/x-amz-json-1.1"),
            ),
            (
                "states",
                "StartExecution",
                "{}",
                Some("AWSStepFunctions.StartExecution application/x-amz-json-1.0"),
            ),
            (
                "ssm",
                "GetParameter",
                "{}",
                Some("AmazonSSM.GetParameter application/x-amz-json-1.1"),
            ),
            ("ssm", "GetParameter", "", None),
            ("sqs", "SendMessage", "{}", None),
            ("events", "PutEvents", "{}", None),
        ] {
            let found = json_target(service, action, body.as_bytes());
            let found = found.map(|json| format!("{} {}", json.target, json.content_type));
            assert_eq!(found.as_deref(), expected, "{service} {action}");
        }
    }
}
