//! An action of a service, as each service wants to be told it.

use crate::integrate::parameters::{encoded_query, encoded_segment};
use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use postern_plan::{ParameterForm, Protocol};
use serde_json::{Map, Value};

pub(super) struct Asked {
    pub(super) method: Method,
    /// Begins with a slash; may have a query.
    pub(super) path: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// Name, form and value; none of them empty.
type Parameter = (&'static str, ParameterForm, String);

/// The error is for the owner: a value that is not of its parameter's form.
pub(super) fn asked(protocol: Protocol, parameters: &[Parameter]) -> Result<Asked, String> {
    match protocol {
        Protocol::Json {
            target,
            content_type,
            list,
            lowers,
        } => {
            let mut members = Map::new();
            for (name, form, text) in parameters {
                let name = if lowers {
                    lowered(name)
                } else {
                    (*name).to_owned()
                };
                members.insert(name, value(*form, text)?);
            }
            let document = match list {
                None => Value::Object(members),
                Some(list) => {
                    let only = Value::Array(vec![members.into()]);
                    Map::from_iter([(list.to_owned(), only)]).into()
                }
            };
            let mut headers = HeaderMap::with_capacity(3);
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
            let name = HeaderName::from_static("x-amz-target");
            headers.insert(name, HeaderValue::from_static(target));
            Ok(Asked {
                method: Method::POST,
                path: "/".to_owned(),
                headers,
                body: document.to_string().into(),
            })
        }
        Protocol::Queue { action } => {
            let mut pairs = vec![pair("Action", action), pair("Version", "2012-11-05")];
            for (name, form, text) in parameters {
                form_pairs(&mut pairs, name, *form, text)?;
            }
            let mut headers = HeaderMap::with_capacity(2);
            let form = HeaderValue::from_static("application/x-www-form-urlencoded");
            headers.insert(CONTENT_TYPE, form);
            Ok(Asked {
                method: Method::POST,
                path: queue_path(text_of(parameters, "QueueUrl")),
                headers,
                body: encoded_query(&pairs).into(),
            })
        }
        Protocol::Configuration => {
            let segment = |name| encoded_segment(text_of(parameters, name));
            let mut path = format!(
                "/applications/{}/environments/{}/configurations/{}",
                segment("Application"),
                segment("Environment"),
                segment("Configuration"),
            );
            let query = [
                ("client_id", "ClientId"),
                ("client_configuration_version", "ClientConfigurationVersion"),
            ];
            let query = query.map(|(name, parameter)| pair(name, text_of(parameters, parameter)));
            path.push('?');
            path.push_str(&encoded_query(
                query.iter().filter(|(_, text)| !text.is_empty()),
            ));
            let mut headers = HeaderMap::with_capacity(2);
            headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
            Ok(Asked {
                method: Method::GET,
                path,
                headers,
                body: Bytes::new(),
            })
        }
    }
}

fn text_of<'p>(parameters: &'p [Parameter], name: &str) -> &'p str {
    let found = parameters.iter().find(|(known, ..)| *known == name);
    found.map_or("", |(_, _, text)| text)
}

fn pair(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

/// `StateMachineArn` is `stateMachineArn`.
fn lowered(name: &str) -> String {
    let (first, rest) = name.split_at(1);
    first.to_ascii_lowercase() + rest
}

fn value(form: ParameterForm, text: &str) -> Result<Value, String> {
    Ok(match form {
        ParameterForm::Text => text.into(),
        ParameterForm::List => list(text)?.into(),
        ParameterForm::Time => match text.parse::<f64>() {
            Ok(seconds) => seconds.into(),
            Err(_) => seconds(text)
                .ok_or_else(|| {
                    format!("`{text}` is no date and time, such as 2026-11-21T08:30:00Z")
                })?
                .into(),
        },
        ParameterForm::Attributes => serde_json::from_str(text)
            .map_err(|error| format!("`{text}` is no JSON object of attributes: {error}"))?,
    })
}

/// A JSON list of texts, or texts with commas between them.
fn list(text: &str) -> Result<Vec<String>, String> {
    if text.trim_start().starts_with('[') {
        return serde_json::from_str(text)
            .map_err(|error| format!("`{text}` is no JSON list of texts: {error}"));
    }
    let items = text.split(',').map(str::trim);
    Ok(items
        .filter(|item| !item.is_empty())
        .map(str::to_owned)
        .collect())
}

/// Seconds since 1970 of a date and time as RFC 3339 has them.
fn seconds(text: &str) -> Option<i64> {
    let (date, rest) = text.split_once(['T', 't', ' '])?;
    let mut date = date.splitn(3, '-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (date.next()??, date.next()??, date.next()??);
    let zone = rest.find(['Z', 'z', '+', '-'])?;
    let (time, zone) = rest.split_at(zone);
    let whole = time.split('.').next()?;
    let mut time = whole.splitn(3, ':').map(|part| part.parse::<i64>().ok());
    let (hour, minute, second) = (time.next()??, time.next()??, time.next()??);
    let ranges = [
        (month, 1, 12),
        (day, 1, 31),
        (hour, 0, 23),
        (minute, 0, 59),
        (second, 0, 60),
        (year, 0, 9999),
    ];
    if ranges
        .iter()
        .any(|(value, least, most)| !(least..=most).contains(&value))
    {
        return None;
    }
    let offset = match zone {
        "Z" | "z" => 0,
        zone => {
            let (hours, minutes) = zone[1..].split_once(':')?;
            let east = hours.parse::<i64>().ok()? * 3_600 + minutes.parse::<i64>().ok()? * 60;
            if zone.starts_with('-') { -east } else { east }
        }
    };
    // Days by the calendar whose years begin in March, so that leap days come last.
    let year = if month < 3 { year - 1 } else { year };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days = year * 365 + year / 4 - year / 100 + year / 400 + day_of_year - 719_468;
    Some(days * 86_400 + hour * 3_600 + minute * 60 + second - offset)
}

/// A queue's URL leads to its path; what is no URL of that form, to the service itself.
fn queue_path(url: &str) -> String {
    let after = url.split_once("://").map(|(_, after)| after);
    let path = after.and_then(|after| after.split_once('/'));
    let path = path.map_or("", |(_, path)| path);
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_.".contains(&byte);
    if path.bytes().all(is_plain) {
        format!("/{path}")
    } else {
        "/".to_owned()
    }
}

/// As the query protocol numbers what is more than a text.
fn form_pairs(
    pairs: &mut Vec<(String, String)>,
    name: &str,
    form: ParameterForm,
    text: &str,
) -> Result<(), String> {
    // `AttributeNames` is a list of `AttributeName`.
    let singular = name.strip_suffix('s').unwrap_or(name);
    match form {
        ParameterForm::Text | ParameterForm::Time => pairs.push(pair(name, text)),
        ParameterForm::List => {
            for (number, item) in list(text)?.iter().enumerate() {
                pairs.push(pair(&format!("{singular}.{}", number + 1), item));
            }
        }
        ParameterForm::Attributes => {
            let attributes: Map<String, Value> = serde_json::from_str(text)
                .map_err(|error| format!("{name} is no JSON object of attributes: {error}"))?;
            for (number, (attribute, members)) in attributes.iter().enumerate() {
                let prefix = format!("{singular}.{}", number + 1);
                pairs.push(pair(&format!("{prefix}.Name"), attribute));
                for (member, value) in members.as_object().into_iter().flatten() {
                    let value = value
                        .as_str()
                        .map_or_else(|| value.to_string(), str::to_owned);
                    pairs.push((format!("{prefix}.Value.{member}"), value));
                }
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const JSON: Protocol = Protocol::Json {
        target: "AWSEvents.PutEvents",
        content_type: "application/x-amz-json-1.1",
        list: Some("Entries"),
        lowers: false,
    };

    fn parameters(told: &[(&'static str, ParameterForm, &str)]) -> Vec<Parameter> {
        let owned = |(name, form, text): &(&'static str, ParameterForm, &str)| {
            (*name, *form, (*text).to_owned())
        };
        told.iter().map(owned).collect()
    }

    fn told(protocol: Protocol, told: &[(&'static str, ParameterForm, &str)]) -> String {
        match asked(protocol, &parameters(told)) {
            Err(reason) => reason,
            Ok(asked) => format!(
                "{} {} {}",
                asked.method,
                asked.path,
                String::from_utf8_lossy(&asked.body)
            ),
        }
    }

    #[test]
    fn each_service_is_told_in_its_own_way() {
        use ParameterForm::{Attributes, List, Text, Time};
        let states = Protocol::Json {
            target: "AWSStepFunctions.StartExecution",
            content_type: "application/x-amz-json-1.0",
            list: None,
            lowers: true,
        };
        let send = Protocol::Queue {
            action: "SendMessage",
        };
        let receive = Protocol::Queue {
            action: "ReceiveMessage",
        };
        for (protocol, parameters, expected) in [
            (
                JSON,
                &[
                    ("Detail", Text, r#"{"a":1}"#),
                    ("Time", Time, "2026-11-21T08:30:00.5+01:00"),
                    ("Resources", List, "arn:a, arn:b"),
                ][..],
                r#"POST / {"Entries":[{"Detail":"{\"a\":1}","Resources":["arn:a","arn:b"],"Time":1795246200}]}"#,
            ),
            (
                JSON,
                &[("Resources", List, r#"["a,b"]"#), ("Time", Time, "7.5")],
                r#"POST / {"Entries":[{"Resources":["a,b"],"Time":7.5}]}"#,
            ),
            (
                JSON,
                &[("Time", Time, "soon")],
                "`soon` is no date and time, such as 2026-11-21T08:30:00Z",
            ),
            (
                states,
                &[("StateMachineArn", Text, "arn:m"), ("Input", Text, "{}")],
                r#"POST / {"input":"{}","stateMachineArn":"arn:m"}"#,
            ),
            (
                send,
                &[
                    (
                        "QueueUrl",
                        Text,
                        "https://sqs.eu-west-1.amazonaws.com/1/jobs",
                    ),
                    ("MessageBody", Text, "a b&c"),
                    (
                        "MessageAttributes",
                        Attributes,
                        r#"{"kind":{"DataType":"String","StringValue":"x"}}"#,
                    ),
                ],
                "POST /1/jobs Action=SendMessage&Version=2012-11-05&QueueUrl=https%3A%2F%2Fsqs.eu-west-1.amazonaws.com%2F1%2Fjobs\
                 &MessageBody=a%20b%26c&MessageAttribute.1.Name=kind&MessageAttribute.1.Value.DataType=String\
                 &MessageAttribute.1.Value.StringValue=x",
            ),
            (
                receive,
                &[
                    ("AttributeNames", List, "All,SentTimestamp"),
                    ("WaitTimeSeconds", Text, "1"),
                ],
                "POST / Action=ReceiveMessage&Version=2012-11-05&AttributeName.1=All&AttributeName.2=SentTimestamp&WaitTimeSeconds=1",
            ),
            (
                Protocol::Configuration,
                &[
                    ("Application", Text, "a/b"),
                    ("Environment", Text, "prod"),
                    ("Configuration", Text, "flags"),
                    ("ClientId", Text, "c 1"),
                ],
                "GET /applications/a%2Fb/environments/prod/configurations/flags?client_id=c%201 ",
            ),
        ] {
            assert_eq!(told(protocol, parameters), expected);
        }
    }

    #[test]
    fn a_queue_is_reached_by_the_path_of_its_url_alone() {
        for (url, expected) in [
            (
                "https://sqs.eu-west-1.amazonaws.com/1/jobs.fifo",
                "/1/jobs.fifo",
            ),
            ("http://localhost:9324/queue/jobs", "/queue/jobs"),
            ("jobs", "/"),
            ("https://host", "/"),
            ("https://host/1/jobs?Action=DeleteQueue", "/"),
            ("", "/"),
        ] {
            assert_eq!(queue_path(url), expected, "{url}");
        }
    }

    #[test]
    fn a_date_and_time_is_so_many_seconds() {
        for (text, expected) in [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("2000-02-29T12:00:00Z", Some(951_825_600)),
            ("2026-11-21T08:30:00Z", Some(1_795_249_800)),
            ("2026-11-21T08:30:00-08:00", Some(1_795_278_600)),
            ("2026-11-21", None),
            ("2026-13-21T08:30:00Z", None),
            ("2026-11-21T08:30Z", None),
            ("", None),
        ] {
            assert_eq!(seconds(text), expected, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_value_makes_it_panic(text in "\\PC{0,40}") {
            for form in [ParameterForm::Text, ParameterForm::List, ParameterForm::Time, ParameterForm::Attributes] {
                told(JSON, &[("Time", form, &text)]);
                told(Protocol::Queue { action: "A" }, &[("QueueUrl", form, &text)]);
            }
        }
    }
}
