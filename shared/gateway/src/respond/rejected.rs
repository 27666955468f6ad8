//! Rejections, as the API's owner wants them answered: gateway responses.

use crate::gateway::Served;
use crate::gateway_response::DefaultAnswer;
use crate::mapping::{Given, Message};
use crate::trail::Trail;
use crate::{Body, Gateway, Query, Spelling, headers};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue};
use postern_definition::Map;
use postern_definition::rest::GatewayResponseType;
use postern_plan::{GatewayResponsePlan, Source};
use postern_template::Payload;

/// A rejection ready to be sent, but for what every answer carries.
pub(crate) struct Rejected {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Body,
}

impl Gateway {
    /// The built-in answer, or what the owner has made of it.
    ///
    /// Where the owner's cannot be read, the built-in one stands: a store that is away must not turn a refusal into another.
    pub(crate) async fn rejected(
        &self,
        answer: &DefaultAnswer,
        trail: &Trail,
        served: Option<&Served>,
    ) -> Rejected {
        // Changing the answer to a payload that is too large has no effect.
        let kind = answer
            .response_type
            .filter(|kind| *kind != GatewayResponseType::RequestTooLarge);
        if let (Some(kind), Some(served)) = (kind, served) {
            match served.deployed.gateway_response(kind).await {
                Ok(Some(plan)) => return customised(answer, plan, trail, served),
                Ok(None) => {}
                Err(error) => self.journal.fault(&format!(
                    "the API's gateway responses cannot be read: {error}"
                )),
            }
        }
        Rejected {
            status: answer.status,
            headers: HeaderMap::new(),
            body: Body::from(answer.body()),
        }
    }
}

fn customised(
    answer: &DefaultAnswer,
    plan: &GatewayResponsePlan,
    trail: &Trail,
    served: &Served,
) -> Rejected {
    let none = (HeaderMap::new(), Map::new());
    let client = trail.client.as_ref();
    let query = client.and_then(|client| client.query.as_deref());
    let query = query.map(Query::parse).unwrap_or_default();
    let request_headers = client.map_or(&none.0, |client| &client.headers);
    let given = Given {
        message: Message::Request {
            headers: request_headers,
            spelling: &Spelling::default(),
            query: &query,
            whole_path: &trail.path,
            path: trail.path_parameters.as_deref().unwrap_or(&none.1),
            is_signed: false,
        },
        body: &Payload::new(""),
        variables: &served.variables,
        trail,
    };
    let value = |source: &Source| match given.values(source) {
        Ok(Some(values)) => Some(values.joined().into_owned()),
        _ => None,
    };
    // As recorded: its quotes are escaped, so that it may stand between quotes, which are the template's own.
    let in_body = |source: &Source| match source {
        Source::Context(name) if name == "error.validationErrorString" => {
            let quoted = serde_json::Value::from(value(source)?).to_string();
            Some(quoted[1..quoted.len() - 1].to_owned())
        }
        _ => value(source),
    };
    let mut mapped = HeaderMap::new();
    for (name, source) in &plan.headers {
        let Some(value) = value(source) else { continue };
        if let (Ok(name), Ok(value)) = (
            HeaderName::try_from(name.as_str()),
            HeaderValue::from_bytes(value.as_bytes()),
        ) {
            mapped.insert(name, value);
        }
    }
    let mut answered = headers::MAPPED.apply(&mapped);
    let accepted = headers::first_accepted(request_headers);
    let body = match plan.template(accepted.as_deref()) {
        None => answer.body(),
        Some((content_type, template)) => {
            if let Ok(content_type) = HeaderValue::from_str(content_type) {
                answered.entry(CONTENT_TYPE).or_insert(content_type);
            }
            template.fill(in_body)
        }
    };
    Rejected {
        status: plan.status.unwrap_or(answer.status),
        headers: answered,
        body: Body::from(body),
    }
}
