//! Requests that are signed, or seem to be.

use super::Target;
use http::{HeaderMap, HeaderName, HeaderValue};
use postern_identity::sigv4::{Payload, Request, Rules, verify};
use postern_identity::{Credential, Secret};
use std::time::Duration;

pub(super) const TARGET: Target = Target {
    name: "sigv4",
    about: "signed requests: VERB TARGET, lines of HEADER: VALUE, an empty line, the body",
    make: || Box::new(run),
};

/// 2024-08-07T18:37:12Z, as the seeds are signed.
const NOW: Duration = Duration::from_secs(1_723_055_832);

fn run(input: &[u8]) -> String {
    let (head, body) = match input.windows(2).position(|pair| pair == b"\n\n") {
        Some(at) => (&input[..at], &input[at + 2..]),
        None => (input, &[][..]),
    };
    let mut lines = head.split(|byte| *byte == b'\n');
    let first = String::from_utf8_lossy(lines.next().unwrap_or_default()).into_owned();
    let (method, target) = first.split_once(' ').unwrap_or(("GET", &first));
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut headers = HeaderMap::new();
    for line in lines {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else {
            continue;
        };
        let value = line[colon + 1..].trim_ascii();
        if let (Ok(name), Ok(value)) = (
            HeaderName::from_bytes(&line[..colon]),
            HeaderValue::from_bytes(value),
        ) && headers.try_append(name, value).is_err()
        {
            break;
        }
    }
    let request = Request {
        method,
        path,
        query,
        headers: &headers,
        payload: Payload::Body(body),
    };
    let rules = Rules {
        service: "execute-api",
        region: "eu-west-1",
        unsigned_payloads: true,
        must_sign: &[],
    };
    let verified = verify(&request, &rules, NOW, |id, token| {
        (id == "AKIDEXAMPLE").then(|| Credential {
            secret_access_key: Secret::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
            session_token: token.map(|_| Secret::new("token")),
            expires_at: None,
        })
    });
    match verified {
        Ok(proven) => format!("proven {:?} {}", proven.form, proven.is_payload_signed),
        Err(refusal) => {
            let name = format!("{refusal:?}");
            let end = name.find(|c: char| !c.is_ascii_alphanumeric());
            format!("{} {refusal}", &name[..end.unwrap_or(name.len())])
        }
    }
}
