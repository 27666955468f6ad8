//! GetExport: what a stage serves, as a document.

use crate::Management;
use crate::rest::address::AtStage;
use crate::rest::documentation::versions;
use crate::rest::missing;
use crate::wire::{Failure, Part, document};
use bytes::Bytes;
use http::Response;
use postern_definition::Map;
use postern_definition::rest::Definition;
use postern_openapi::{Dialect, ExportOptions, Extensions, Format, exported_version};
use postern_plan::{DeployedError, FrozenRest};
use serde::Deserialize;

#[derive(Deserialize)]
pub(crate) struct GetExport {
    export_type: String,
    accepts: Option<String>,
    #[serde(default)]
    parameters: Map<String>,
}

impl Part for GetExport {}

pub(crate) async fn export(
    service: &Management,
    (at, input): &(AtStage, GetExport),
) -> Result<Response<Bytes>, Failure> {
    let definitions = service.definitions();
    let api = &at.restapi_id;
    let dialect = Dialect::parse(&input.export_type).map_err(Failure::bad_request)?;
    let format = match input.accepts.as_deref() {
        Some(accepts) if accepts.contains("yaml") => Format::Yaml,
        _ => Format::Json,
    };
    let stage = definitions.stage(api, &at.stage_name).await?;
    let exists = definitions.api(api).await?.is_some();
    let stage = stage.filter(|_| exists).ok_or_else(missing::stage)?;
    let deployment = definitions.deployment(api, &stage.deployment_id).await?;
    let deployment = deployment.ok_or_else(missing::stage)?;
    let mut definition = deployed(service, at, &stage.deployment_id).await?;
    if let Some(version) = &stage.documentation_version {
        definition.documentation_parts = versions::frozen_parts(definitions, api, version).await?;
    }
    let options = ExportOptions {
        dialect,
        format,
        extensions: input
            .parameters
            .get("extensions")
            .map(|names| Extensions::parse(names))
            .unwrap_or_default(),
        host: &format!("{api}.execute-api.{}.amazonaws.com", service.region()),
        stage: at.stage_name.as_str(),
        deployed_at: deployment.created_date,
        documentation_version: stage.documentation_version.as_deref(),
    };
    let text = postern_openapi::export(&definition, &options).map_err(Failure::bad_request)?;
    let (content_type, ending) = match format {
        Format::Json => ("application/octet-stream", "json"),
        Format::Yaml => ("application/yaml", "yaml"),
    };
    let version = exported_version(&definition, deployment.created_date);
    let name = format!("{}_{version}.{ending}", dialect.name());
    document(text, content_type, &name)
}

async fn deployed(
    service: &Management,
    at: &AtStage,
    deployment: &postern_definition::DeploymentId,
) -> Result<Definition, Failure> {
    let unreadable = |error: DeployedError| Failure::internal(error.to_string());
    FrozenRest::load(service.table(), &at.restapi_id, deployment)
        .await
        .map_err(unreadable)?
        .definition()
        .await
        .map_err(unreadable)
}
