//! Who is calling, whether they may, and how much.
//!
//! The order is the service's: who nobody lets in is not asked who they are, who may not call is not counted, and who is
//! counted is who may call.

mod caller;
mod iam;
mod limits;
mod policy;
mod proven;

pub(crate) use caller::{Caller, CallerPolicies};
pub use iam::Signatures;
pub(crate) use limits::{Due, Exceeded, ExceededLimit, Keys};
pub use limits::{Metering, OnStoreFailure, Throttle};
pub(crate) use policy::{MANAGE_CONNECTIONS, Subject};
pub(crate) use proven::Decisions;

use crate::Gateway;
use crate::rejection::AdmitRejection;
use crate::route::Routed;
use crate::trail::Trail;
use limits::Asked;
use postern_plan::Authorization;

/// A request that may go on.
pub(crate) struct Admitted {
    pub(crate) routed: Routed,
    pub(crate) caller: Caller,
    /// What should be read again beside the rest of the request.
    pub(crate) due: Due,
}

impl Gateway {
    pub(crate) async fn admit(
        &self,
        mut routed: Routed,
        trail: &mut Trail,
    ) -> Result<Admitted, AdmitRejection> {
        let plan = routed.plan.clone();
        let caller = match &plan.authorization {
            Authorization::None => Caller::anonymous(),
            Authorization::Iam => {
                let subject = self.subject(&routed);
                self.signed(&mut routed.request, &subject, trail).await?
            }
            Authorization::Authorizer(authorizer) => {
                self.authorize(authorizer, &mut routed, trail).await?
            }
            Authorization::Unusable(reason) => {
                return Err(AdmitRejection::Authorizer(reason.clone()));
            }
        };
        self.check_policies(&routed, &caller, trail)?;
        trail.begin_log(&routed);
        let due = self
            .check_limits(Asked::of(&routed), &caller, trail)
            .await?;
        Ok(Admitted {
            routed,
            caller,
            due,
        })
    }
}
