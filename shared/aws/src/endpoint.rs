//! Where an AWS service is, and by which name it wants its requests signed.

/// A service for which a variable of its own can say where it is. Others follow `AWS_ENDPOINT_URL`.
pub(crate) struct KnownService {
    /// The name it is signed for.
    pub(crate) name: &'static str,
    /// The identifier by which AWS's tools name its variable, where that is another word.
    id: Option<&'static str>,
}

const fn service(name: &'static str) -> KnownService {
    KnownService { name, id: None }
}

const fn service_as(name: &'static str, id: &'static str) -> KnownService {
    KnownService { name, id: Some(id) }
}

/// What integrations call most. The identifiers are those of
/// <https://docs.aws.amazon.com/sdkref/latest/guide/ss-endpoints-table.html>.
pub(crate) const KNOWN_SERVICES: &[KnownService] = &[
    service_as("apigateway", "API_GATEWAY"),
    service("appconfig"),
    service("appsync"),
    service("athena"),
    service("bedrock"),
    service_as("cognito-idp", "COGNITO_IDENTITY_PROVIDER"),
    service("comprehend"),
    service("dynamodb"),
    service_as("events", "EVENTBRIDGE"),
    service_as("elasticloadbalancing", "ELASTIC_LOAD_BALANCING_V2"),
    service("execute-api"),
    service("firehose"),
    service("iam"),
    service_as("iotdata", "IOT_DATA_PLANE"),
    service("kinesis"),
    service("kms"),
    service("lambda"),
    service_as("logs", "CLOUDWATCH_LOGS"),
    service_as("monitoring", "CLOUDWATCH"),
    service("s3"),
    service_as("sagemaker", "SAGEMAKER_RUNTIME"),
    service("scheduler"),
    service_as("secretsmanager", "SECRETS_MANAGER"),
    service("servicediscovery"),
    service_as("ses", "SESV2"),
    service("sns"),
    service("sqs"),
    service("ssm"),
    service_as("states", "SFN"),
    service("sts"),
    service("textract"),
    service("translate"),
    service("xray"),
];

impl KnownService {
    /// The variables that say where it is: as AWS's tools name it first, then as its own name spells it.
    pub(crate) fn variables(&self) -> Vec<String> {
        let spelled = self.name.to_uppercase().replace(['-', ' '], "_");
        self.id
            .map(str::to_owned)
            .into_iter()
            .chain([spelled])
            .map(|part| format!("AWS_ENDPOINT_URL_{part}"))
            .collect()
    }
}

/// How hosts end where regions of these beginnings are: parts of AWS that are apart from the rest.
const APART: [(&str, &str); 6] = [
    ("cn-", "amazonaws.com.cn"),
    ("eu-isoe-", "cloud.adc-e.uk"),
    ("eusc-", "amazonaws.eu"),
    ("us-iso-", "c2s.ic.gov"),
    ("us-isob-", "sc2s.sgov.gov"),
    ("us-isof-", "csp.hci.ic.gov"),
];

/// The scheme and host of a service at AWS. `name` may have a subdomain before it, as in `runtime.sagemaker`.
pub(crate) fn at_aws(name: &str, region: &str) -> Result<String, String> {
    if !is_host_part(name) {
        return Err(format!("`{name}` is no name of an AWS service"));
    }
    if !is_host_part(region) || region.contains('.') {
        return Err(format!("`{region}` is no AWS region"));
    }
    let apart = APART
        .iter()
        .find(|(regions, _)| region.starts_with(regions));
    let suffix = apart.map_or("amazonaws.com", |(_, suffix)| suffix);
    Ok(if is_global(name) {
        format!("https://{name}.{suffix}")
    } else {
        format!("https://{name}.{region}.{suffix}")
    })
}

/// The name in the scope of a signature, which is not always the one in the host.
pub(crate) fn signing_name(name: &str) -> &str {
    match name {
        "data.iot" => "iotdata",
        "email" => "ses",
        "data-servicediscovery" => "servicediscovery",
        "sync-states" => "states",
        _ => match name.rsplit('.').next().unwrap_or(name) {
            "appsync-api" => "appsync",
            "bedrock-runtime" | "bedrock-agent" | "bedrock-agent-runtime" => "bedrock",
            last => last,
        },
    }
}

/// The region in the scope of a signature.
pub(crate) fn signing_region<'a>(name: &str, region: &'a str) -> &'a str {
    match region {
        region if !is_global(name) => region,
        region if region.starts_with("cn-") => "cn-north-1",
        region if region.starts_with("us-gov-") => "us-gov-west-1",
        _ => "us-east-1",
    }
}

/// One for all regions, at a host without one.
fn is_global(name: &str) -> bool {
    matches!(name, "iam" | "cloudfront" | "route53")
}

/// What goes into a host must not be able to end it, and lead a signed request elsewhere.
pub(crate) fn is_host_part(text: &str) -> bool {
    let allowed = |byte: u8| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.')
    };
    !text.is_empty()
        && text.bytes().all(allowed)
        && !text.starts_with(['-', '.'])
        && !text.ends_with(['-', '.'])
        && !text.contains("..")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_has_a_host_and_a_scope() {
        for (name, region, host, scope) in [
            (
                "sqs",
                "eu-west-1",
                "sqs.eu-west-1.amazonaws.com",
                "eu-west-1/sqs",
            ),
            (
                "sqs",
                "cn-north-1",
                "sqs.cn-north-1.amazonaws.com.cn",
                "cn-north-1/sqs",
            ),
            (
                "dynamodb",
                "eusc-de-east-1",
                "dynamodb.eusc-de-east-1.amazonaws.eu",
                "eusc-de-east-1/dynamodb",
            ),
            (
                "dynamodb",
                "us-isob-east-1",
                "dynamodb.us-isob-east-1.sc2s.sgov.gov",
                "us-isob-east-1/dynamodb",
            ),
            (
                "runtime.sagemaker",
                "us-east-2",
                "runtime.sagemaker.us-east-2.amazonaws.com",
                "us-east-2/sagemaker",
            ),
            (
                "abc123.execute-api",
                "eu-west-1",
                "abc123.execute-api.eu-west-1.amazonaws.com",
                "eu-west-1/execute-api",
            ),
            (
                "abc.appsync-api",
                "eu-west-1",
                "abc.appsync-api.eu-west-1.amazonaws.com",
                "eu-west-1/appsync",
            ),
            (
                "bedrock-runtime",
                "us-east-1",
                "bedrock-runtime.us-east-1.amazonaws.com",
                "us-east-1/bedrock",
            ),
            (
                "data.iot",
                "us-east-1",
                "data.iot.us-east-1.amazonaws.com",
                "us-east-1/iotdata",
            ),
            (
                "sync-states",
                "eu-west-1",
                "sync-states.eu-west-1.amazonaws.com",
                "eu-west-1/states",
            ),
            (
                "data-servicediscovery",
                "eu-west-1",
                "data-servicediscovery.eu-west-1.amazonaws.com",
                "eu-west-1/servicediscovery",
            ),
            ("iam", "eu-west-1", "iam.amazonaws.com", "us-east-1/iam"),
        ] {
            assert_eq!(at_aws(name, region).unwrap(), format!("https://{host}"));
            let found = format!("{}/{}", signing_region(name, region), signing_name(name));
            assert_eq!(found, scope);
        }
    }

    #[test]
    fn a_name_cannot_lead_elsewhere() {
        for (name, region, expected) in [
            (
                "evil.example/",
                "eu-west-1",
                "`evil.example/` is no name of an AWS service",
            ),
            (
                "a@evil.example:80#",
                "eu-west-1",
                "`a@evil.example:80#` is no name of an AWS service",
            ),
            ("", "eu-west-1", "`` is no name of an AWS service"),
            ("a..b", "eu-west-1", "`a..b` is no name of an AWS service"),
            ("sqs", "evil.example/", "`evil.example/` is no AWS region"),
            ("sqs", "evil.example", "`evil.example` is no AWS region"),
            ("sqs", "", "`` is no AWS region"),
        ] {
            assert_eq!(at_aws(name, region).unwrap_err(), expected);
        }
    }
}
