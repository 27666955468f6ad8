//! Enumerations by their names on the wire.

use crate::wire::Enumerated;
use postern_definition::rest::PassthroughBehavior;
use postern_definition::routed::{AuthorizationType, AuthorizerType};

impl Enumerated for AuthorizationType {
    const SET: &'static [(&'static str, Self)] = &[
        ("NONE", Self::None),
        ("AWS_IAM", Self::AwsIam),
        ("CUSTOM", Self::Custom),
        ("JWT", Self::Jwt),
    ];
}

impl Enumerated for AuthorizerType {
    const SET: &'static [(&'static str, Self)] = &[("REQUEST", Self::Request), ("JWT", Self::Jwt)];
}

impl Enumerated for PassthroughBehavior {
    const SET: &'static [(&'static str, Self)] = &[
        ("WHEN_NO_MATCH", Self::WhenNoMatch),
        ("NEVER", Self::Never),
        ("WHEN_NO_TEMPLATES", Self::WhenNoTemplates),
    ];
}
