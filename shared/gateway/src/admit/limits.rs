//! How much: API keys, usage plans, and the limits of stage and account.
//!
//! This version knows no keys, so a method that asks for one is closed, not open.

use super::Caller;
use crate::Gateway;
use crate::rejection::AdmitRejection;
use crate::route::Routed;
use crate::trail::Trail;

impl Gateway {
    #[expect(clippy::unused_async, reason = "keys will be looked up in the store")]
    pub(super) async fn check_limits(
        &self,
        routed: &mut Routed,
        _: &Caller,
        _: &mut Trail,
    ) -> Result<(), AdmitRejection> {
        if routed.plan.api_key_required {
            return Err(AdmitRejection::NoApiKey);
        }
        Ok(())
    }
}
