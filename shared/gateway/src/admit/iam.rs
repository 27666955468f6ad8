//! Callers who sign their requests.
//!
//! This version checks no signatures: only where the process is told to believe any credentials (a laptop) does a signed
//! request pass.

use super::{Caller, CallerPolicies};
use crate::rejection::AdmitRejection;
use crate::route::{Routed, not_a_signature};
use crate::trail::Trail;
use crate::{Gateway, headers};
use postern_policy::Authorization;

/// What becomes of a signed request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signatures {
    /// It passes, whoever signed it.
    Believed,
    /// It is refused as an unsigned one is.
    Refused,
}

impl Gateway {
    #[expect(
        clippy::unused_async,
        reason = "secrets will be looked up in the store"
    )]
    pub(super) async fn signed(
        &self,
        routed: &mut Routed,
        _: &mut Trail,
    ) -> Result<Caller, AdmitRejection> {
        if let Some((header, token)) = not_a_signature(&routed.request) {
            return Err(AdmitRejection::NotASignature { header, token });
        }
        let authorization = headers::last(&routed.request.headers, "authorization");
        let signed = authorization.is_some_and(|value| value.starts_with("AWS4-"))
            || routed.query.last("X-Amz-Signature").is_some();
        if signed && self.settings.signatures == Signatures::Believed {
            Ok(Caller {
                authorization: Authorization::IamSameAccount,
                policies: CallerPolicies::Everything,
                ..Caller::anonymous()
            })
        } else {
            Err(AdmitRejection::NotSigned)
        }
    }
}
