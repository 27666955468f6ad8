//! What selection expressions yield.

use super::{Given, Values};
use postern_plan::{Expression, Variable};

/// The key that an expression yields. What has no value, and what a body that is no JSON does not have, is nothing. `answer` is a
/// backend's status and what may be read of its answer, for the expressions that read that too.
pub(crate) fn key_of(
    expression: &Expression,
    given: &Given<'_>,
    answer: Option<(&str, &Given<'_>)>,
) -> String {
    let joined = |values: Option<Values<'_>>| values.map(|values| values.joined().into_owned());
    expression.yields(|variable| match variable {
        Variable::Request(source) => joined(given.values(source).ok().flatten()),
        Variable::Status => answer.map(|(status, _)| status.to_owned()),
        Variable::Answer(source) => {
            let (_, given) = answer?;
            joined(given.values(source).ok().flatten())
        }
    })
}
