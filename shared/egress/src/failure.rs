//! Which failure of the client is which failure of a call.

use crate::connect::Unresolved;
use crate::request::Breakage;
use postern_gateway::CallError;
use std::error::Error;
use std::io::ErrorKind;

/// Whether the other side closed the connection instead of answering.
pub(crate) fn is_hanging_up(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(link) = next {
        let is_cut = link
            .downcast_ref::<hyper::Error>()
            .is_some_and(hyper::Error::is_incomplete_message);
        let is_reset = link
            .downcast_ref::<std::io::Error>()
            .is_some_and(|error| error.kind() == ErrorKind::ConnectionReset);
        if is_cut || is_reset {
            return true;
        }
        next = link.source();
    }
    false
}

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
