//! Who is calling, and whether they may.
//!
//! This version checks no signatures and knows no API keys. A method that asks for either is closed, not open: only where the
//! process is told to believe any credentials (a laptop) does a signed request pass.

use crate::rejection::AdmitRejection;
use crate::route::{Routed, not_a_signature};
use crate::{Gateway, headers};
use postern_plan::Authorization;

/// A request that may go on.
pub(crate) struct Admitted(pub(crate) Routed);

/// What becomes of a signed request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signatures {
    /// It passes, whoever signed it.
    Believed,
    /// It is refused as an unsigned one is.
    Refused,
}

impl Gateway {
    pub(crate) fn admit(&self, routed: Routed) -> Result<Admitted, AdmitRejection> {
        match routed.plan.authorization {
            Authorization::None => {}
            Authorization::Iam => self.signed(&routed)?,
            Authorization::Unchecked => return Err(AdmitRejection::CannotBeChecked),
        }
        if routed.plan.api_key_required {
            return Err(AdmitRejection::NoApiKey);
        }
        Ok(Admitted(routed))
    }

    fn signed(&self, routed: &Routed) -> Result<(), AdmitRejection> {
        if let Some((header, token)) = not_a_signature(&routed.request) {
            return Err(AdmitRejection::NotASignature { header, token });
        }
        let authorization = headers::last(&routed.request.headers, "authorization");
        let signed = authorization.is_some_and(|value| value.starts_with("AWS4-"))
            || routed.query.last("X-Amz-Signature").is_some();
        if signed && self.settings.signatures == Signatures::Believed {
            Ok(())
        } else {
            Err(AdmitRejection::NotSigned)
        }
    }
}
