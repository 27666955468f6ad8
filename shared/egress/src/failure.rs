//! Which failure of the client is which failure of a call.

use crate::connect::Unresolved;
use crate::request::Breakage;
use postern_gateway::CallError;
use std::error::Error;

pub(crate) fn of(error: &(dyn Error + 'static), breakage: &Breakage) -> CallError {
    // First, for hyper then tells of a request that was given up, and not why.
    if let Some(reason) = breakage.reason() {
        return CallError::Client(reason.to_owned());
    }
    let mut chain = vec![];
    let mut next = Some(error);
    while let Some(link) = next {
        if link.is::<Unresolved>() {
            return CallError::Address(link.to_string());
        }
        chain.push(link.to_string());
        next = link.source();
    }
    // Many errors repeat their source.
    chain.dedup();
    CallError::Network(chain.join(": "))
}
