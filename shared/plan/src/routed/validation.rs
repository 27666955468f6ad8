//! What a route asks of what comes to it: beyond AWS of requests too, which the service knows of WebSocket APIs alone.
//!
//! Models are chosen among by the content type of a request, as REST APIs have it, and by an expression of a message.

use super::Frozen;
use crate::validation::NeededModels;
use crate::{DeployedError, Expression, Validation};
use postern_definition::Map;
use postern_definition::routed::{CONNECT_KEY, Route};

impl Frozen {
    /// What a route asks of requests, or of messages and the handshake.
    pub(crate) async fn validation(
        &self,
        route: &Route,
    ) -> Result<Option<Validation>, DeployedError> {
        let is_http = self.api().is_http();
        let parameters = route.request_parameters.iter().flatten();
        let parameters: Map<bool> = parameters
            .filter(|_| is_http || route.route_key == CONNECT_KEY)
            .map(|(key, constraints)| (key.clone(), constraints.required))
            .collect();
        let chosen_by = route.model_selection_expression.as_deref();
        let chosen_by = chosen_by.filter(|expression| !expression.is_empty());
        let mut bodies = Vec::new();
        if is_http || chosen_by.is_some() {
            for (key, name) in route.request_models.iter().flatten() {
                let mut needed = NeededModels::of(&self.api().api_id, name);
                while let Some(next) = needed.next() {
                    let model = self.model(&next).await?;
                    needed.add(&next, model.map(|model| model.schema));
                }
                let key = if is_http {
                    key.to_ascii_lowercase()
                } else {
                    key.clone()
                };
                bodies.push((key, needed.compile()));
            }
        }
        let chosen_by = chosen_by.map(Expression::parse);
        Ok(Validation::of_route(&parameters, bodies, chosen_by))
    }
}
