//! What differs between one place that Postern runs in and another, as far as AWS is concerned.

use crate::endpoint::{self, KNOWN_SERVICES};
use crate::keys::Credentials;
use http::Uri;
use std::collections::BTreeMap;

#[derive(Clone, Debug)]
pub struct Settings {
    /// Where the store is. Calls to services name their own region. A laptop may do without.
    pub region: Option<String>,
    /// Where all services are called that `endpoints` does not name: an emulator. Without it, at AWS.
    pub endpoint: Option<String>,
    /// Where one service is called, by the name it is signed for.
    pub endpoints: BTreeMap<String, String>,
    pub credentials: CredentialsSource,
}

/// Where the keys to sign with come from.
#[derive(Clone, Debug)]
pub enum CredentialsSource {
    Keys(Credentials),
    /// From wherever the AWS CLI would take them, when they are first needed. Only with the feature `profiles`; without it
    /// there are none.
    Chain,
}

impl Settings {
    /// Reads the variables by which every AWS tool is set up, and says all that is wrong with them, together.
    ///
    /// A variable that is empty counts as not set.
    pub fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Result<Self, Vec<String>> {
        let variable = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
        let mut problems = vec![];
        let region = ["AWS_REGION", "AWS_DEFAULT_REGION"]
            .into_iter()
            .find_map(|name| Some((name, variable(name)?)))
            .and_then(|(name, value)| keep(&mut problems, region(name, &value)));
        let mut endpoint_in = |name: &str| {
            let value = variable(name)?;
            keep(&mut problems, endpoint(name, &value))
        };
        let common = endpoint_in("AWS_ENDPOINT_URL");
        let mut endpoints = BTreeMap::new();
        for service in KNOWN_SERVICES {
            let url = service
                .variables()
                .into_iter()
                .find_map(|name| endpoint_in(&name));
            if let Some(url) = url {
                endpoints.insert(service.name.to_owned(), url);
            }
        }
        let credentials = keep(&mut problems, credentials(&variable));
        match credentials {
            Some(credentials) if problems.is_empty() => Ok(Self {
                region,
                endpoint: common,
                endpoints,
                credentials,
            }),
            _ => Err(problems),
        }
    }

    /// Where a service is called instead of at AWS, without a slash at the end.
    pub fn endpoint_of(&self, service: &str) -> Option<&str> {
        self.endpoints
            .get(service)
            .or(self.endpoint.as_ref())
            .map(|url| url.trim_end_matches('/'))
    }
}

fn keep<T>(problems: &mut Vec<String>, value: Result<T, String>) -> Option<T> {
    value.map_err(|problem| problems.push(problem)).ok()
}

fn region(name: &str, value: &str) -> Result<String, String> {
    if endpoint::is_host_part(value) && !value.contains('.') {
        Ok(value.to_owned())
    } else {
        Err(format!(
            "{name} is `{value}`, which is no region: write it as in `eu-west-1`"
        ))
    }
}

fn endpoint(name: &str, value: &str) -> Result<String, String> {
    let is_url = value.parse::<Uri>().is_ok_and(|uri| {
        matches!(uri.scheme_str(), Some("http" | "https"))
            && uri.host().is_some_and(|host| !host.is_empty())
            && uri.query().is_none()
    });
    if is_url {
        Ok(value.trim_end_matches('/').to_owned())
    } else {
        Err(format!(
            "{name} is `{value}`, which is no endpoint: write a URL without a query, as in `http://127.0.0.1:9000`"
        ))
    }
}

fn credentials(variable: &impl Fn(&str) -> Option<String>) -> Result<CredentialsSource, String> {
    let id = variable("AWS_ACCESS_KEY_ID");
    let secret = variable("AWS_SECRET_ACCESS_KEY");
    match (id, secret) {
        (Some(id), Some(secret)) => Ok(CredentialsSource::Keys(Credentials::new(
            id,
            secret,
            variable("AWS_SESSION_TOKEN"),
            None,
        ))),
        (None, None) => Ok(CredentialsSource::Chain),
        (Some(_), None) => Err(
            "AWS_ACCESS_KEY_ID is set and AWS_SECRET_ACCESS_KEY is not: set both or neither"
                .to_owned(),
        ),
        (None, Some(_)) => Err(
            "AWS_SECRET_ACCESS_KEY is set and AWS_ACCESS_KEY_ID is not: set both or neither"
                .to_owned(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Settings, Vec<String>> {
        Settings::from_variables(|name| {
            let found = variables.iter().find(|(set, _)| *set == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn variables_mean_what_they_mean_to_every_aws_tool() {
        type Case = (
            &'static [(&'static str, &'static str)],
            Option<&'static str>,
            &'static [(&'static str, Option<&'static str>)],
        );
        let cases: &[Case] = &[
            (&[], None, &[("lambda", None)]),
            (&[("AWS_REGION", "eu-west-1")], Some("eu-west-1"), &[]),
            (
                &[("AWS_DEFAULT_REGION", "eu-west-2")],
                Some("eu-west-2"),
                &[],
            ),
            (
                &[
                    ("AWS_DEFAULT_REGION", "eu-west-2"),
                    ("AWS_REGION", "us-gov-east-1"),
                ],
                Some("us-gov-east-1"),
                &[],
            ),
            (
                &[("AWS_DEFAULT_REGION", "eu-west-2"), ("AWS_REGION", " ")],
                Some("eu-west-2"),
                &[],
            ),
            (
                &[("AWS_ENDPOINT_URL", "http://127.0.0.1:4566/")],
                None,
                &[
                    ("lambda", Some("http://127.0.0.1:4566")),
                    ("something-new", Some("http://127.0.0.1:4566")),
                ],
            ),
            (
                &[
                    ("AWS_ENDPOINT_URL", "http://127.0.0.1:4566"),
                    ("AWS_ENDPOINT_URL_LAMBDA", "http://127.0.0.1:9000"),
                ],
                None,
                &[
                    ("lambda", Some("http://127.0.0.1:9000")),
                    ("sqs", Some("http://127.0.0.1:4566")),
                ],
            ),
            (
                &[(
                    "AWS_ENDPOINT_URL_SECRETS_MANAGER",
                    "https://secrets.example/base/",
                )],
                None,
                &[
                    ("secretsmanager", Some("https://secrets.example/base")),
                    ("lambda", None),
                ],
            ),
            (
                &[("AWS_ENDPOINT_URL_SECRETSMANAGER", "https://secrets.example")],
                None,
                &[("secretsmanager", Some("https://secrets.example"))],
            ),
            (
                &[("AWS_ENDPOINT_URL_SFN", "http://steps.example")],
                None,
                &[("states", Some("http://steps.example"))],
            ),
            (
                &[("AWS_ENDPOINT_URL_EXECUTE_API", "http://a.example")],
                None,
                &[("execute-api", Some("http://a.example"))],
            ),
        ];
        for (variables, region, endpoints) in cases {
            let settings = read(variables).unwrap();
            assert_eq!(settings.region.as_deref(), *region, "{variables:?}");
            for (service, endpoint) in *endpoints {
                assert_eq!(settings.endpoint_of(service), *endpoint, "{variables:?}");
            }
        }
    }

    #[test]
    fn keys_are_taken_with_their_token() {
        let settings = read(&[
            ("AWS_ACCESS_KEY_ID", "AKID"),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
            ("AWS_SESSION_TOKEN", "token"),
        ]);
        let CredentialsSource::Keys(keys) = settings.unwrap().credentials else {
            panic!("there are keys");
        };
        assert_eq!(keys.access_key_id(), "AKID");
        assert_eq!(keys.secret_access_key(), "secret");
        assert_eq!(keys.session_token(), Some("token"));
    }

    #[test]
    fn secrets_are_not_printed() {
        let settings = read(&[
            ("AWS_ACCESS_KEY_ID", "AKID"),
            ("AWS_SECRET_ACCESS_KEY", "hidden"),
            ("AWS_SESSION_TOKEN", "hidden"),
        ]);
        assert!(!format!("{settings:?}").contains("hidden"));
    }

    #[test]
    fn all_that_is_wrong_is_said_together() {
        for (variables, expected) in [
            (
                &[
                    ("AWS_REGION", "eu west 1"),
                    ("AWS_ENDPOINT_URL", "127.0.0.1:4566"),
                    ("AWS_ENDPOINT_URL_SQS", "http://a/?b"),
                    ("AWS_ACCESS_KEY_ID", "AKID"),
                ][..],
                &[
                    "AWS_REGION is `eu west 1`, which is no region: write it as in `eu-west-1`",
                    "AWS_ENDPOINT_URL is `127.0.0.1:4566`, which is no endpoint: write a URL without a query, as in `http://127.0.0.1:9000`",
                    "AWS_ENDPOINT_URL_SQS is `http://a/?b`, which is no endpoint: write a URL without a query, as in `http://127.0.0.1:9000`",
                    "AWS_ACCESS_KEY_ID is set and AWS_SECRET_ACCESS_KEY is not: set both or neither",
                ][..],
            ),
            (
                &[
                    ("AWS_SECRET_ACCESS_KEY", "secret"),
                    ("AWS_DEFAULT_REGION", "a.b"),
                ],
                &[
                    "AWS_DEFAULT_REGION is `a.b`, which is no region: write it as in `eu-west-1`",
                    "AWS_SECRET_ACCESS_KEY is set and AWS_ACCESS_KEY_ID is not: set both or neither",
                ],
            ),
        ] {
            assert_eq!(read(variables).unwrap_err(), expected);
        }
    }
}
