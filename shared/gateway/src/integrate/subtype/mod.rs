//! AWS_PROXY with a subtype: an action of a service, its parameters made of the request, its answer given as it came.

mod wire;

use super::aws::caller;
use super::request::given;
use super::{changes, set};
use crate::answer::Answer;
use crate::rejection::IntegrateRejection;
use crate::route::Routed;
use crate::trail::Trail;
use crate::{Body, Call, Destination, Gateway, headers};
use bytes::Bytes;
use http::HeaderName;
use postern_plan::SubtypePlan;
use postern_template::Payload;
use wire::Asked;

impl Gateway {
    pub(super) async fn subtype(
        &self,
        plan: &SubtypePlan,
        mut routed: Routed,
        trail: &mut Trail,
    ) -> Result<Answer, IntegrateRejection> {
        let body = if plan.reads_the_body() {
            changes::held(&mut routed).await?
        } else {
            Bytes::new()
        };
        let (asked, region) = asked(plan, &body, &routed, trail)?;
        let Asked {
            method,
            path,
            mut headers,
            body,
        } = asked;
        let trace_id = HeaderName::from_static("x-amzn-trace-id");
        set(&mut headers, trace_id, &trail.trace_id);
        let call = Call {
            destination: Destination::Service {
                name: plan.service.to_owned(),
                region: region.unwrap_or_else(|| self.settings.region.clone()),
                path,
                caller: caller(&plan.credentials, &routed)?,
            },
            method,
            headers,
            body: body.into(),
            timeout: plan.timeout,
        };
        let (head, body) = self.call_service(call, false, trail).await?;
        let mut answered = headers::PASSED.apply(&head.headers);
        // The service's own ids and checksums are not the client's business.
        let names: Vec<_> = answered.keys().cloned().collect();
        for name in names.iter().filter(|name| is_the_services(name)) {
            answered.remove(name);
        }
        Ok(Answer {
            status: head.status,
            headers: answered,
            body: Body::Full(body),
            traced: false,
            may_be_packed: true,
        })
    }
}

/// What the service is asked, and in which region where the owner says that.
fn asked(
    plan: &SubtypePlan,
    body: &[u8],
    routed: &Routed,
    trail: &Trail,
) -> Result<(Asked, Option<String>), IntegrateRejection> {
    let text = String::from_utf8_lossy(body);
    let payload = Payload::new(&text);
    let given = given(routed, trail, &payload);
    let valued = plan.parameters.iter().map(|parameter| {
        let value = changes::filled(&parameter.value, &given);
        (parameter.name, parameter.form, value)
    });
    // What is not there is not told: the service says what it lacks.
    let parameters: Vec<_> = valued.filter(|(.., value)| !value.is_empty()).collect();
    let asked = wire::asked(plan.protocol, &parameters);
    let region = plan.region.as_ref();
    let region = region.map(|region| changes::filled(region, &given));
    Ok((
        asked.map_err(IntegrateRejection::Configuration)?,
        region.filter(|region| !region.is_empty()),
    ))
}

fn is_the_services(name: &HeaderName) -> bool {
    let name = name.as_str();
    name.starts_with("x-amz-") || name.starts_with("x-amzn-") || matches!(name, "date" | "server")
}
