//! The request to an integration that is no proxy: the body that its template or its content handling makes.

use super::collect;
use super::parameters::Parameters;
use crate::content::Payload;
use crate::mapping::{BodyText, Given};
use crate::rejection::IntegrateRejection;
use crate::route::Routed;
use crate::trail::Trail;
use crate::{Body, headers};
use bytes::Bytes;
use postern_plan::{RequestMapping, RequestTemplates, TemplateChoice};

/// A request as its templates and mappings make it.
pub(super) struct Prepared {
    pub(super) body: Bytes,
    pub(super) parameters: Parameters,
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
    let choice = requests.choose(&content_type);
    if matches!(choice, TemplateChoice::Refused) {
        return Err(IntegrateRejection::UnsupportedMediaType(content_type));
    }
    let body = collect(body).await?;
    let is_binary = headers::is_binary(&routed.api().binary_media_types, &content_type);
    let payload = Payload::of_request(body, is_binary, requests.content_handling)
        .map_err(|error| IntegrateRejection::Configuration(error.to_string()))?;
    let parameters = match mapping {
        None => Parameters::default(),
        Some(mapping) => Parameters::map(mapping, &given(routed, trail, &payload.bytes), routed)?,
    };
    let TemplateChoice::Template(template) = choice else {
        return Ok(Prepared {
            body: payload.bytes,
            parameters,
            is_passed_through: true,
        });
    };
    if !payload.is_text {
        return Err(IntegrateRejection::Configuration(
            "Unable to transform request: the body is binary".to_owned(),
        ));
    }
    let text = template.text();
    if text.contains(['$', '#']) {
        return Err(IntegrateRejection::Configuration(
            "the request template uses the template language, which this version does not run"
                .to_owned(),
        ));
    }
    Ok(Prepared {
        body: Bytes::from(text.to_owned()),
        parameters,
        is_passed_through: false,
    })
}

/// What a mapping of the request reads from.
pub(super) fn given<'g>(routed: &'g Routed, trail: &'g Trail, body: &'g [u8]) -> Given<'g> {
    Given {
        message: routed.message(),
        body: BodyText::new(body),
        variables: &routed.variables,
        trail,
    }
}
