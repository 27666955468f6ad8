//! ExportApi: an HTTP API as it is, or as a stage serves it, as a document.

use crate::Management;
use crate::routed::address::AtApi;
use crate::routed::apis::{self, host};
use crate::routed::{missing, parts};
use crate::wire::{Failure, Part, document};
use bytes::Bytes;
use http::Response;
use postern_definition::routed::{Api, DEFAULT_KEY, Definition};
use postern_definition::{DeploymentId, StageName};
use postern_openapi::{Format, HttpExportOptions, export_http, exported_http_version};
use postern_plan::DeployedError;
use postern_plan::routed::Frozen;
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ExportApi {
    specification: String,
    output_type: Option<String>,
    export_version: Option<String>,
    include_extensions: Option<bool>,
    stage_name: Option<StageName>,
}

impl Part for ExportApi {}

pub(crate) async fn export(
    service: &Management,
    (at, input): &(AtApi, ExportApi),
) -> Result<Response<Bytes>, Failure> {
    if !input.specification.eq_ignore_ascii_case("OAS30") {
        return Err(Failure::bad_request(format!(
            "No API exporter for type '{}'",
            input.specification
        )));
    }
    let format = match input.output_type.as_deref() {
        Some("JSON") => Format::Json,
        Some("YAML") => Format::Yaml,
        other => {
            return Err(Failure::bad_request(format!(
                "Invalid outputType specified: {}. Valid options are JSON,YAML",
                other.unwrap_or("null")
            )));
        }
    };
    if let Some(other) = input.export_version.as_deref().filter(|v| *v != "1.0") {
        return Err(Failure::bad_request(format!(
            "Invalid exportVersion specified: {other}. Valid options are 1.0"
        )));
    }
    let api = apis::read(service, &at.api_id).await?;
    parts::http_only(&api, "Export")?;
    let stage = input
        .stage_name
        .as_ref()
        .filter(|name| !name.as_str().is_empty());
    let definition = match stage {
        None => latest(service, api).await?,
        Some(name) => {
            let found = service.definitions().routed_stage(&at.api_id, name).await?;
            let stage = found.ok_or_else(missing::stage)?;
            let deployment = stage.deployment_id.ok_or_else(|| {
                Failure::bad_request(format!("Nothing is deployed to the stage {name}"))
            })?;
            deployed(service, at, &deployment).await?
        }
    };
    let base_path = stage.map_or("", StageName::as_str);
    let options = HttpExportOptions {
        format,
        extensions: input.include_extensions.unwrap_or(true),
        host: &host(service, &at.api_id),
        base_path: if base_path == DEFAULT_KEY {
            ""
        } else {
            base_path
        },
        exported_at: service.now(),
    };
    let text = export_http(&definition, &options);
    let (content_type, ending) = match format {
        Format::Json => ("application/octet-stream", "json"),
        Format::Yaml => ("application/yaml", "yaml"),
    };
    let version = exported_http_version(&definition, service.now());
    document(text, content_type, &format!("oas30_{version}.{ending}"))
}

/// The API as it is now.
async fn latest(service: &Management, api: Api) -> Result<Definition, Failure> {
    let mut edits = service.edits_in::<Api>(&api.api_id).await;
    edits.begin().await?.definition_to_be(api).await
}

async fn deployed(
    service: &Management,
    at: &AtApi,
    deployment: &DeploymentId,
) -> Result<Definition, Failure> {
    let unreadable = |error: DeployedError| Failure::internal(error.to_string());
    Frozen::load(service.table(), &at.api_id, deployment)
        .await
        .map_err(unreadable)?
        .definition()
        .await
        .map_err(unreadable)
}
