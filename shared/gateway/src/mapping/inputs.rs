//! What a mapping template is given.

use super::Message;
use crate::trail::Trail;
use postern_definition::Map;
use postern_template::{Found, Inputs, Place};
use std::borrow::Cow;

/// The client's request and what has been observed of it, as templates see them, in requests and in responses alike.
pub(crate) struct TemplateInputs<'i> {
    pub(crate) request: Message<'i>,
    pub(crate) variables: &'i Map<String>,
    pub(crate) trail: &'i Trail,
}

/// The keys of `$context`, in the service's order. Those without a value are left out.
const KEYS: [&str; 19] = [
    "resourceId",
    "operationName",
    "resourcePath",
    "authorizer",
    "httpMethod",
    "extendedRequestId",
    "requestTime",
    "path",
    "accountId",
    "protocol",
    "stage",
    "domainPrefix",
    "requestTimeEpoch",
    "requestId",
    "identity",
    "domainName",
    "deploymentId",
    "apiId",
    "isCanaryRequest",
];

/// The keys of `$context.identity` that are there whether or not they have a value.
const IDENTITY_KEYS: [&str; 12] = [
    "cognitoIdentityPoolId",
    "accountId",
    "cognitoIdentityId",
    "caller",
    "sourceIp",
    "principalOrgId",
    "accessKey",
    "cognitoAuthenticationType",
    "cognitoAuthenticationProvider",
    "userArn",
    "userAgent",
    "user",
];

/// The objects of `$context`, which print as nothing themselves.
const OBJECTS: [&str; 3] = [
    "identity",
    "identity.clientCert",
    "identity.clientCert.validity",
];

impl TemplateInputs<'_> {
    fn claims(&self) -> Option<&Map<String>> {
        self.trail.caller.authorizer.as_ref()?.claims.as_deref()
    }

    fn authorizer_keys(&self, within: &[&str]) -> Vec<Cow<'_, str>> {
        let Some(authorizer) = &self.trail.caller.authorizer else {
            return Vec::new();
        };
        let borrowed = |name: &'_ String| -> Cow<'_, str> { Cow::Owned(name.clone()) };
        match within {
            [] => {
                let mut keys: Vec<_> = authorizer.context.keys().map(borrowed).collect();
                keys.extend(
                    authorizer
                        .principal
                        .is_some()
                        .then_some("principalId".into()),
                );
                keys.extend(authorizer.claims.is_some().then_some("claims".into()));
                keys
            }
            ["claims"] => self
                .claims()
                .into_iter()
                .flat_map(Map::keys)
                .map(borrowed)
                .collect(),
            _ => Vec::new(),
        }
    }
}

impl Inputs for TemplateInputs<'_> {
    fn context(&self, path: &[&str]) -> Found<'_> {
        let joined: Cow<str> = match path {
            [one] => Cow::Borrowed(*one),
            _ => path.join(".").into(),
        };
        if let Some(value) = self.trail.context(&joined) {
            let number = (joined == "requestTimeEpoch").then(|| value.parse().ok());
            return match number.flatten() {
                Some(number) => Found::Number(number),
                None => Found::Text(value),
            };
        }
        match path {
            _ if OBJECTS.contains(&joined.as_ref()) => Found::Object,
            ["authorizer"] if self.trail.caller.authorizer.is_some() => Found::Object,
            ["authorizer", "claims"] if self.claims().is_some() => Found::Object,
            ["identity", key] if IDENTITY_KEYS.contains(key) => Found::Null,
            _ => Found::Absent,
        }
    }

    fn context_keys(&self, path: &[&str]) -> Vec<Cow<'_, str>> {
        if let ["authorizer", within @ ..] = path {
            return self.authorizer_keys(within);
        }
        let known: &[&str] = match path {
            [] => &KEYS,
            ["identity"] => &IDENTITY_KEYS,
            _ => &[],
        };
        let there = known.iter().filter(|key| {
            let whole: Vec<&str> = path.iter().copied().chain([**key]).collect();
            self.context(&whole) != Found::Absent
        });
        there.map(|key| Cow::Borrowed(*key)).collect()
    }

    fn stage_variable(&self, name: &str) -> Option<Cow<'_, str>> {
        self.variables
            .get(name)
            .map(|value| Cow::Borrowed(value.as_str()))
    }

    fn stage_variable_names(&self) -> Vec<Cow<'_, str>> {
        let names = self.variables.keys();
        names.map(|name| Cow::Borrowed(name.as_str())).collect()
    }

    fn parameter(&self, place: Place, name: &str) -> Option<Cow<'_, str>> {
        match place {
            Place::Path => self.request.path(name),
            Place::Querystring => self.request.query(name),
            Place::Header => self.request.header(name),
        }
    }

    fn parameter_names(&self, place: Place) -> Vec<Cow<'_, str>> {
        let Message::Request { query, path, .. } = self.request else {
            return Vec::new();
        };
        let mut names: Vec<Cow<str>> = Vec::new();
        match place {
            Place::Path => names.extend(path.keys().map(|name| Cow::Borrowed(name.as_str()))),
            Place::Querystring => {
                for (name, _) in query.pairs() {
                    if !names.iter().any(|known| known == name) {
                        names.push(Cow::Borrowed(name));
                    }
                }
            }
            Place::Header => names.extend(self.request.header_names()),
        }
        names
    }
}
