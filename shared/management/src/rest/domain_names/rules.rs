//! What must hold of a domain name whichever way it came about.

use crate::ids;
use crate::wire::Failure;
use postern_definition::rest::{DomainName, EndpointType, IpAddressType};

const NAME_CHARS_MAX: usize = 253;
const POLICY_CHARS_MAX: usize = 8_192;
/// The zone of all of CloudFront's names.
const DISTRIBUTION_ZONE: &str = "Z2FDTNDATAQYW2";

/// A host name in lower case. Its first label may be a star.
pub(crate) fn name(name: &str) -> Result<(), Failure> {
    if name.is_empty() {
        return Err(Failure::bad_request("No Domain Name specified"));
    }
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_'))
    };
    let rest = name.strip_prefix("*.").unwrap_or(name);
    let holds = name.len() <= NAME_CHARS_MAX && rest.contains('.') && rest.split('.').all(label);
    if !holds {
        return Err(Failure::bad_request(format!(
            "Invalid domain name specified: {name}. It must be a host name in lower case; its first label may be *"
        )));
    }
    Ok(())
}

/// The domain name with what the service makes up for it, if it may be so.
pub(crate) fn settled(mut domain: DomainName, now: i64) -> Result<DomainName, Failure> {
    let has = |kind| domain.endpoint_configuration.types.contains(&kind);
    let (edge, regional, private) = (
        has(EndpointType::Edge),
        has(EndpointType::Regional),
        has(EndpointType::Private),
    );
    certificates(&domain, edge, regional, private)?;
    if private && domain.endpoint_configuration.ip_address_type == IpAddressType::Ipv4 {
        return Err(Failure::bad_request(
            "Only dualstack ipAddressType is supported for Private domain names.",
        ));
    }
    tls(&domain, regional)?;
    policies(&domain, private)?;
    if edge {
        domain.certificate_upload_date.get_or_insert(now);
        domain
            .distribution_domain_name
            .get_or_insert_with(|| format!("d{}.cloudfront.net", ids::random(13)));
        domain.distribution_hosted_zone_id = Some(DISTRIBUTION_ZONE.to_owned());
    } else {
        domain.distribution_domain_name = None;
        domain.distribution_hosted_zone_id = None;
        domain.certificate_upload_date = None;
    }
    if regional {
        let region = domain.domain_name_arn.split(':').nth(3).unwrap_or_default();
        let target = format!(
            "d-{}.execute-api.{region}.amazonaws.com",
            ids::random(ids::LONG)
        );
        domain.regional_domain_name.get_or_insert(target);
        let zone = || format!("Z{}", ids::random(13).to_ascii_uppercase());
        domain.regional_hosted_zone_id.get_or_insert_with(zone);
    } else {
        domain.regional_domain_name = None;
        domain.regional_hosted_zone_id = None;
    }
    Ok(domain)
}

fn certificates(
    domain: &DomainName,
    edge: bool,
    regional: bool,
    private: bool,
) -> Result<(), Failure> {
    let own = domain.certificate_arn.is_some() || domain.certificate_name.is_some();
    let regions =
        domain.regional_certificate_arn.is_some() || domain.regional_certificate_name.is_some();
    for (kind, wanted, there) in [
        ("EDGE", edge, own),
        ("REGIONAL", regional, regions),
        ("PRIVATE", private, own),
    ] {
        if wanted && !there {
            return Err(Failure::bad_request(format!(
                "A certificate was not provided for the endpoint type {kind}."
            )));
        }
    }
    for arn in [
        &domain.certificate_arn,
        &domain.regional_certificate_arn,
        &domain.ownership_verification_certificate_arn,
    ]
    .into_iter()
    .flatten()
    {
        if !is_certificate(arn) {
            return Err(Failure::bad_request(format!(
                "Invalid certificate ARN: {arn}."
            )));
        }
    }
    let abroad = |arn: &&String| arn.split(':').nth(3) != Some("us-east-1");
    match domain.certificate_arn.as_ref().filter(abroad) {
        Some(arn) if edge => Err(Failure::bad_request(format!(
            "Invalid certificate ARN: {arn}. Certificate must be in 'us-east-1'."
        ))),
        _ => Ok(()),
    }
}

fn is_certificate(arn: &str) -> bool {
    let parts: Vec<_> = arn.splitn(6, ':').collect();
    arn.len() <= 2_048
        && matches!(parts[..], ["arn", _, "acm" | "iam", _, _, resource]
            if resource.starts_with("certificate/") || resource.starts_with("server-certificate/"))
}

fn tls(domain: &DomainName, regional: bool) -> Result<(), Failure> {
    let enhanced = domain.security_policy.starts_with("SecurityPolicy_");
    if enhanced && domain.endpoint_access_mode.is_none() {
        return Err(Failure::bad_request(format!(
            "endpointAccessMode must be specified for the security policy {}",
            domain.security_policy
        )));
    }
    if !enhanced && domain.endpoint_access_mode.is_some() {
        return Err(Failure::bad_request(
            "endpointAccessMode is only supported with security policies that start with SecurityPolicy_",
        ));
    }
    let Some(tls) = &domain.mutual_tls_authentication else {
        return Ok(());
    };
    let bucket_and_key = tls.truststore_uri.strip_prefix("s3://");
    let named = bucket_and_key.is_some_and(|rest| {
        let parts = rest.split_once('/');
        parts.is_some_and(|(bucket, key)| !bucket.is_empty() && !key.is_empty())
    });
    if !named || tls.truststore_uri.len() > 2_048 {
        return Err(Failure::bad_request(format!(
            "Invalid truststoreUri specified: {}. It must be s3://bucket-name/key-name",
            tls.truststore_uri
        )));
    }
    if !regional {
        return Err(Failure::bad_request(
            "Mutual TLS authentication is only supported for REGIONAL domain names.",
        ));
    }
    if enhanced || domain.security_policy == "TLS_1_0" {
        return Err(Failure::bad_request(
            "Mutual TLS authentication is only supported with the security policy TLS_1_2.",
        ));
    }
    Ok(())
}

fn policies(domain: &DomainName, private: bool) -> Result<(), Failure> {
    for (name, policy) in [
        ("policy", &domain.policy),
        ("managementPolicy", &domain.management_policy),
    ] {
        let Some(policy) = policy else {
            continue;
        };
        if !private {
            return Err(Failure::bad_request(format!(
                "{name} is only supported for PRIVATE domain names."
            )));
        }
        let document = serde_json::from_str::<serde_json::Value>(policy);
        let is_policy = document.is_ok_and(|document| {
            let statement = document.get("Statement");
            statement.is_some_and(|statement| statement.is_array() || statement.is_object())
        });
        if !is_policy || policy.chars().count() > POLICY_CHARS_MAX {
            return Err(Failure::bad_request(
                "Invalid policy document. Please check the policy syntax and ensure that Principals are valid.",
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_host_name_in_lower_case() {
        for good in [
            "a.b",
            "*.example.com",
            "api-1.example.co.uk",
            "xn--bcher-kva.example",
        ] {
            assert!(name(good).is_ok(), "{good}");
        }
        for bad in [
            "", "com", "A.b", "*.com.", "a.*.b", "*", "*.com", "-a.b", "a-.b", "a..b", "a b.c",
            "a/b.c",
        ] {
            assert!(name(bad).is_err(), "{bad}");
        }
    }
}
