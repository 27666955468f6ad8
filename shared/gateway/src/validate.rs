//! Is it well formed? Required parameters first, then the body against its model, as the method's validator asks for.
//!
//! Only a body that is checked, or that the execution log is to show, is held in memory: all others stream on.

use crate::admit::{Admitted, Caller};
use crate::execution_log::Steps;
use crate::held::{check_length, collect};
use crate::mapping::{Given, key_of};
use crate::rejection::ValidateRejection;
use crate::route::Routed;
use crate::trail::Trail;
use crate::{Body, Gateway, headers};
use bytes::Bytes;
use postern_plan::{Expression, IntegrationPlan, ParameterLocation, RequiredParameter, Validation};
use postern_template::Payload;

/// A request that its method can take.
pub(crate) struct Validated {
    pub(crate) routed: Routed,
    pub(crate) caller: Caller,
}

impl Gateway {
    pub(crate) async fn validate(
        &self,
        admitted: Admitted,
        trail: &mut Trail,
    ) -> Result<Validated, ValidateRejection> {
        let Admitted {
            mut routed, caller, ..
        } = admitted;
        check_length(&routed.request.headers).map_err(ValidateRejection::Body)?;
        trail.log_start(&routed);
        if trail.log.wants_data() {
            let body = held(&mut routed).await?;
            trail.log.requested(&routed, &body);
        }
        let plan = routed.plan.clone();
        if let Some(validation) = &plan.validation {
            check_parameters(validation, &routed)?;
            check_body(validation, &mut routed, trail).await?;
        }
        Ok(Validated { routed, caller })
    }
}

/// What chooses the model of a message.
fn key_of_message(expression: &Expression, routed: &Routed, trail: &Trail) -> String {
    let text = routed.message_text();
    let given = Given {
        message: routed.message(),
        body: &Payload::new(&text),
        variables: &routed.variables,
        trail,
    };
    key_of(expression, &given, None)
}

/// The body, which from now on is in memory.
async fn held(routed: &mut Routed) -> Result<Bytes, ValidateRejection> {
    let body = std::mem::replace(&mut routed.request.body, Body::empty());
    let body = collect(body).await.map_err(ValidateRejection::Body)?;
    routed.request.body = Body::Full(body.clone());
    Ok(body)
}

fn check_parameters(validation: &Validation, routed: &Routed) -> Result<(), ValidateRejection> {
    let missing = validation
        .parameters
        .iter()
        .filter(|parameter| is_missing(parameter, routed));
    let missing: Vec<_> = missing.map(|parameter| parameter.name.clone()).collect();
    if missing.is_empty() {
        Ok(())
    } else {
        Err(ValidateRejection::MissingParameters(missing))
    }
}

/// What is blank counts as missing.
fn is_missing(parameter: &RequiredParameter, routed: &Routed) -> bool {
    let RequiredParameter { location, name } = parameter;
    let is_blank = |value: &str| value.trim().is_empty();
    match location {
        ParameterLocation::Header => {
            headers::last(&routed.request.headers, name).is_none_or(|value| is_blank(&value))
        }
        ParameterLocation::Path => routed
            .path_parameters
            .get(name)
            .is_none_or(|value| is_blank(value)),
        ParameterLocation::Query => routed.query.last(name).is_none_or(is_blank),
    }
}

async fn check_body(
    validation: &Validation,
    routed: &mut Routed,
    trail: &Trail,
) -> Result<(), ValidateRejection> {
    let content_type = headers::content_type(&routed.request.headers);
    let content_type = match &validation.chosen_by {
        None => content_type,
        Some(expression) => key_of_message(expression, routed, trail),
    };
    let Some(model) = validation.model(&content_type) else {
        if validation.chosen_by.is_none() {
            return Ok(());
        }
        // A message that no model is for fits none.
        let reason = format!("[no model for `{content_type}`]");
        return Err(ValidateRejection::InvalidBody {
            content_type,
            reason,
            traced: false,
        });
    };
    let body = held(routed).await?;
    model
        .check(&body)
        .map_err(|reason| ValidateRejection::InvalidBody {
            content_type,
            reason,
            traced: match &routed.plan.integration {
                IntegrationPlan::Lambda(_) => true,
                IntegrationPlan::Aws(aws, _) => aws.invokes,
                _ => false,
            },
        })
}
