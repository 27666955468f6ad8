//! What is wrong with a policy document, and where.

use thiserror::Error;

/// `Statement[1].Effect: ...`
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{}{}{fault}", .place, if .place.is_empty() { "" } else { ": " })]
pub struct PolicyError {
    /// The way to the element, such as `Statement[1].Condition.Bool.aws:SecureTransport`. Empty for the whole document.
    pub place: String,
    pub fault: Fault,
}

#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Fault {
    #[error("the document is no JSON: {0}")]
    Json(String),
    #[error("the document has more than {} bytes", crate::POLICY_BYTES_MAX)]
    TooLarge,
    #[error("values are nested deeper than {} levels", crate::DEPTH_MAX)]
    TooDeep,
    #[error(
        "there are more than {} statements: join those that differ in one element only",
        crate::STATEMENTS_MAX
    )]
    TooManyStatements,
    #[error("must be {0}")]
    WrongType(&'static str),
    #[error("there is no such element: check its spelling, capitals included")]
    UnknownElement,
    #[error("the name `{0}` stands twice in one object: join the two")]
    NameTwice(String),
    #[error("{0} is missing")]
    Missing(&'static str),
    #[error("the statement has both `{0}` and `{1}`: keep one")]
    Both(&'static str, &'static str),
    #[error("`{0}` is no version of the policy language: use 2012-10-17")]
    Version(String),
    #[error("`{0}` is no effect: use Allow or Deny")]
    Effect(String),
    #[error("another statement has the Sid `{0}`: statements are told apart by it")]
    SidTwice(String),
    #[error("the list is empty")]
    Empty,
    #[error("`{0}` is no action: write a service and an operation, such as execute-api:Invoke")]
    Action(String),
    #[error("`{0}` is no resource: write an ARN, execute-api:/ with a stage behind it, or *")]
    Resource(String),
    #[error(
        "`{0}` has more than {max} characters",
        max = crate::AUTHORIZER_RESOURCE_CHARS_MAX
    )]
    ResourceTooLong(String),
    #[error("`{0}` leaves open which API it means: write its ARN in full")]
    NoApi(String),
    #[error("only the policy of a resource says for whom it is")]
    PrincipalNotAllowed,
    #[error("`{0}` is no kind of principal: use AWS, Service, Federated or CanonicalUser")]
    PrincipalKind(String),
    #[error(
        "`{0}` is no principal: write an account, the ARN of a user, role or session without wildcards, or *"
    )]
    Principal(String),
    #[error("there is no such condition operator")]
    Operator,
    #[error("`{value}` is no {expected}")]
    ConditionValue {
        value: String,
        /// Such as `number`.
        expected: &'static str,
    },
    #[error(
        "`{0}` has a policy variable that is not closed or has no name: write ${{name}}, or ${{name, 'default'}}, or ${{$}} for the sign itself"
    )]
    Variable(String),
}
