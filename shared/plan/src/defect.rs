//! What keeps an API from being deployed.

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Defect {
    #[error("The REST API doesn't contain any methods")]
    NoMethods,
    /// AWS's text names neither resource nor method; [`Defect::place`] does.
    #[error("No integration defined for method")]
    NoIntegration { path: String, verb: String },
    #[error("Invalid {field} of {verb} {path}: {reason}")]
    Invalid {
        path: String,
        verb: String,
        field: String,
        reason: String,
    },
}
