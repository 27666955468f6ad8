//! The request to an integration that is no proxy: the body that its template or its content handling makes.

use super::parameters::Parameters;
use crate::content::Content;
use crate::held::collect;
use crate::mapping::{Given, TemplateInputs, key_of};
use crate::rejection::IntegrateRejection;
use crate::route::Routed;
use crate::trail::Trail;
use crate::{Body, headers};
use bytes::Bytes;
use postern_plan::{ChosenBy, RequestMapping, RequestTemplates, TemplateChoice};
use postern_template::{Overrides, Payload};
use std::borrow::Cow;

/// A request as its templates and mappings make it.
pub(super) struct Prepared {
    pub(super) body: Bytes,
    pub(super) parameters: Parameters,
    /// What the template wrote, also for the answer.
    pub(super) overrides: Overrides,
    /// Whether the client's own body goes on, not what a template made.
    pub(super) is_passed_through: bool,
}

/// In the service's order: choose the template, convert the body, map parameters, run the template.
pub(super) async fn prepare(
    requests: &RequestTemplates,
    mapping: Option<&RequestMapping>,
    routed: &mut Routed,
    trail: &mut Trail,
) -> Result<Prepared, IntegrateRejection> {
    let content_type = headers::content_type(&routed.request.headers);
    let body = std::mem::replace(&mut routed.request.body, Body::empty());
    let chosen = match &requests.chosen_by {
        ChosenBy::MediaType => Cow::Borrowed(content_type.as_str()),
        ChosenBy::Expression(expression) => {
            let text = routed.message_text();
            key_of(
                expression,
                &given(routed, trail, &Payload::new(&text)),
                None,
            )
            .into()
        }
    };
    let choice = requests.choose(&chosen);
    if matches!(choice, TemplateChoice::Refused) {
        return Err(IntegrateRejection::UnsupportedMediaType(
            chosen.into_owned(),
        ));
    }
    let body = collect(body).await?;
    let is_binary = headers::is_binary(&routed.api().binary_media_types, &content_type);
    let payload = Content::of_request(body, is_binary, requests.content_handling)
        .map_err(|error| IntegrateRejection::Configuration(error.to_string()))?;
    transform(&payload, &choice, mapping, routed, trail)
}

fn transform(
    payload: &Content,
    choice: &TemplateChoice<'_>,
    mapping: Option<&RequestMapping>,
    routed: &Routed,
    trail: &Trail,
) -> Result<Prepared, IntegrateRejection> {
    let text = String::from_utf8_lossy(&payload.bytes);
    let body = Payload::new(&text);
    let mut parameters = match mapping {
        None => Parameters::default(),
        Some(mapping) => Parameters::map(mapping, &given(routed, trail, &body), routed)?,
    };
    let TemplateChoice::Template(template) = choice else {
        return Ok(Prepared {
            body: payload.bytes.clone(),
            parameters,
            overrides: Overrides::default(),
            is_passed_through: true,
        });
    };
    if !payload.is_text {
        return Err(IntegrateRejection::Configuration(
            "Unable to transform request: the body is binary".to_owned(),
        ));
    }
    let inputs = TemplateInputs {
        request: routed.message(),
        variables: &routed.variables,
        trail,
    };
    let mut overrides = Overrides::default();
    let made = template
        .run(&inputs, &body, &mut overrides)
        .map_err(|error| {
            IntegrateRejection::Configuration(format!("Unable to transform request: {error}"))
        })?;
    parameters.override_by(&overrides.request);
    Ok(Prepared {
        body: made.into(),
        parameters,
        overrides,
        is_passed_through: false,
    })
}

/// What a mapping of the request reads from.
pub(super) fn given<'g>(routed: &'g Routed, trail: &'g Trail, body: &'g Payload<'g>) -> Given<'g> {
    Given {
        message: routed.message(),
        body,
        variables: &routed.variables,
        trail,
    }
}
