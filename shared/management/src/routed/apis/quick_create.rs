//! Quick create: a target alone makes an API that answers.
//!
//! From the target come an integration, a route to it, and the stage `$default` to which every change is deployed; what the
//! service made so it calls managed.

use crate::definitions::{Edit, INTEGRATION, ROUTE, part_key, route_key_key};
use crate::routed::{integrations, parts, routes, stages};
use crate::wire::Failure;
use postern_definition::rest::IntegrationType;
use postern_definition::routed::{Api, DEFAULT_KEY, Integration, Route};

pub(super) struct QuickCreate {
    target: Option<String>,
    route_key: Option<String>,
    credentials_arn: Option<String>,
}

impl QuickCreate {
    pub(super) fn of(
        api: &Api,
        target: Option<&str>,
        route_key: Option<&str>,
        credentials_arn: Option<&str>,
    ) -> Result<Option<Self>, Failure> {
        let given = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
        let quick = Self {
            target: given(target),
            route_key: given(route_key),
            credentials_arn: given(credentials_arn),
        };
        if quick.target.is_none() && quick.route_key.is_none() && quick.credentials_arn.is_none() {
            return Ok(None);
        }
        parts::http_only(api, "Quick create")?;
        Ok(Some(quick))
    }

    /// Makes all of it in an API that is being made.
    pub(super) async fn make(&self, edit: &mut Edit<'_, Api>) -> Result<(), Failure> {
        let Some(target) = &self.target else {
            return Err(Failure::bad_request(
                "Target is a required parameter for quick create: RouteKey and CredentialsArn are only used with it",
            ));
        };
        let api = parts::api(edit)?;
        let mut integration = integrations::new(&api);
        integration.api_gateway_managed = true;
        aim(&mut integration, target);
        integration
            .credentials_arn
            .clone_from(&self.credentials_arn);
        let integration = integrations::checked(&api, integration)?;
        let key = self.route_key.as_deref().unwrap_or(DEFAULT_KEY);
        let mut route = routes::new(key);
        route.api_gateway_managed = true;
        route.target = Some(format!("integrations/{}", integration.integration_id));
        routes::checked_key(&api, key)?;
        edit.create(
            part_key(&api.api_id, INTEGRATION, &integration.integration_id),
            &integration,
        );
        edit.create(part_key(&api.api_id, ROUTE, &route.route_id), &route);
        edit.create(route_key_key(&api.api_id, key), &route.route_id);
        let mut stage = stages::new(DEFAULT_KEY, edit.service().now());
        stage.api_gateway_managed = true;
        stage.auto_deploy = Some(true);
        stages::put(edit, &stage).await
    }

    /// Changes what quick create once made.
    pub(super) async fn change(&self, edit: &mut Edit<'_, Api>) -> Result<(), Failure> {
        let none = || {
            Failure::bad_request(
                "Target, RouteKey and CredentialsArn can only be updated for an API that was created with quick create",
            )
        };
        let api = parts::api(edit)?;
        if self.target.is_some() || self.credentials_arn.is_some() {
            let integrations: Vec<Integration> = edit.kind_to_be(INTEGRATION).await?;
            let managed = integrations.into_iter().find(|i| i.api_gateway_managed);
            let mut integration = managed.ok_or_else(none)?;
            if let Some(target) = &self.target {
                aim(&mut integration, target);
            }
            if self.credentials_arn.is_some() {
                integration
                    .credentials_arn
                    .clone_from(&self.credentials_arn);
            }
            let integration = integrations::checked(&api, integration)?;
            let key = part_key(&api.api_id, INTEGRATION, &integration.integration_id);
            edit.put(key, &integration);
        }
        if let Some(key) = &self.route_key {
            let all: Vec<Route> = edit.kind_to_be(ROUTE).await?;
            let managed = all.into_iter().find(|route| route.api_gateway_managed);
            let before = managed.ok_or_else(none)?;
            let mut after = before.clone();
            after.route_key.clone_from(key);
            routes::replace(edit, &api, &before, &after).await?;
        }
        Ok(())
    }
}

/// Points an integration at a URL, or at a function.
fn aim(integration: &mut Integration, target: &str) {
    let is_function = target.starts_with("arn:");
    let (kind, method, version) = if is_function {
        (IntegrationType::AwsProxy, "POST", "2.0")
    } else {
        (IntegrationType::HttpProxy, "ANY", "1.0")
    };
    integration.integration_type = kind;
    integration.integration_uri = Some(target.to_owned());
    integration.integration_method = Some(method.to_owned());
    integration.payload_format_version = Some(version.to_owned());
}
