//! The event that Lambda makes of a request to a Function URL, payload format 2.0, with the headers that a browser's
//! `fetch` sends.

use bytes::Bytes;
use serde_json::json;

/// `number` keeps the request ids apart, as they are on AWS.
pub(crate) fn function_url(
    method: &str,
    path: &str,
    body: Option<&str>,
    bearer: Option<&str>,
    number: u64,
) -> Bytes {
    let host = "abcdefghijklmnopqrstuvwxyz012345.lambda-url.us-east-1.on.aws";
    let mut event = json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "page=2&sort=name",
        "queryStringParameters": { "page": "2", "sort": "name" },
        "headers": {
            "accept": "application/json, text/plain, */*",
            "accept-encoding": "gzip, deflate, br",
            "accept-language": "en-GB,en;q=0.9",
            "content-type": "application/json",
            "host": host,
            "origin": "https://www.example.com",
            "user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
            "x-amzn-trace-id": format!("Root=1-5bef4de7-{number:024x}"),
            "x-forwarded-for": "203.0.113.7",
            "x-forwarded-port": "443",
            "x-forwarded-proto": "https",
        },
        "requestContext": {
            "accountId": "anonymous",
            "apiId": "abcdefghijklmnopqrstuvwxyz012345",
            "domainName": host,
            "domainPrefix": "abcdefghijklmnopqrstuvwxyz012345",
            "http": {
                "method": method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "203.0.113.7",
                "userAgent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
            },
            "requestId": format!("0e3f1c52-5b7d-4d4e-8f6a-{number:012x}"),
            "routeKey": "$default",
            "stage": "$default",
            "time": "01/Jan/2025:12:00:00 +0000",
            "timeEpoch": 1_735_732_800_000_u64,
        },
        "isBase64Encoded": false,
    });
    if let Some(body) = body {
        event["body"] = json!(body);
    }
    if let Some(token) = bearer {
        event["headers"]["authorization"] = json!(format!("Bearer {token}"));
    }
    Bytes::from(event.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_events_share_a_request_id() {
        let ids: std::collections::BTreeSet<String> = (0..300)
            .map(|number| {
                let event = function_url("GET", "/", None, None, number);
                let event: serde_json::Value = serde_json::from_slice(&event).unwrap();
                event["requestContext"]["requestId"]
                    .as_str()
                    .unwrap()
                    .to_owned()
            })
            .collect();
        assert_eq!(ids.len(), 300);
        assert!(ids.iter().all(|id| id.len() == 36), "{ids:?}");
    }

    #[test]
    fn a_request_without_a_body_has_no_body_member() {
        let event: serde_json::Value =
            serde_json::from_slice(&function_url("GET", "/", None, None, 1)).unwrap();
        assert!(event.get("body").is_none());
        let event: serde_json::Value =
            serde_json::from_slice(&function_url("POST", "/", Some("{}"), None, 1)).unwrap();
        assert_eq!(event["body"], "{}");
    }
}
