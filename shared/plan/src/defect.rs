//! What keeps an API from being deployed.

/// One thing that is wrong with one method, in words for the API's owner.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Defect {
    /// AWS's text, which names nothing.
    #[error("The REST API doesn't contain any methods")]
    NoMethods,
    /// AWS's text, which names nothing.
    #[error("No integration defined for method")]
    NoIntegration,
    #[error("Unable to deploy API because no routes exist in this API")]
    NoHttpRoutes,
    #[error("At least one route is required before deploying the Api.")]
    NoWebSocketRoutes,
    #[error("Following routes are not valid: they have no integration: {0}")]
    RoutesWithoutIntegration(String),
    #[error("Invalid {field}: {reason}")]
    Invalid { field: String, reason: String },
    /// A defect that AWS does not look for names its method.
    #[error("{verb} {path}: {defect}")]
    Of {
        verb: String,
        path: String,
        defect: Box<Defect>,
    },
}

impl Defect {
    pub(crate) fn invalid(field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Invalid {
            field: field.into(),
            reason: reason.into(),
        }
    }

    /// Names the method, where the text is ours to choose.
    pub(crate) fn of(self, verb: &str, path: &str) -> Self {
        match self {
            Self::Invalid { .. } => Self::Of {
                verb: verb.to_owned(),
                path: path.to_owned(),
                defect: Box::new(self),
            },
            Self::NoMethods
            | Self::NoIntegration
            | Self::NoHttpRoutes
            | Self::NoWebSocketRoutes
            | Self::RoutesWithoutIntegration(_)
            | Self::Of { .. } => self,
        }
    }
}
