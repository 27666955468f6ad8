//! HTTP and WebSocket APIs themselves.

mod cors;
mod quick_create;
mod settings;

pub(super) use settings::checked as checked_api;

use super::address::AtApi;
use super::missing;
use super::parts::api as found;
use crate::definitions::{ApiKind, ApiRecord, Edit};
use crate::paging::{Items, Tokens};
use crate::rest::rest_apis::remove_all;
use crate::rest::tags;
use crate::routed::deployments;
use crate::wire::{Choice, Failure, Part, Violations, iso8601};
use crate::{Management, ids};
use postern_definition::rest::IpAddressType;
use postern_definition::routed::{Api, HTTP_ROUTE_SELECTION, ProtocolType};
use postern_definition::{ApiId, Map};
use postern_store::decode;
use serde::{Deserialize, Serialize};
use settings::Settings;

const API_KEY_SELECTION: &str = "$request.header.x-api-key";

/// What an API is created with and keeps.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateApi {
    name: String,
    protocol_type: String,
    tags: Option<Map<String>>,
}

impl Part for CreateApi {}
impl Part for Tokens {}

/// An API as clients see it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ApiView {
    api_endpoint: String,
    #[serde(flatten)]
    api: Api,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    import_info: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
}

impl ApiView {
    pub(crate) fn new(service: &Management, api: Api) -> Self {
        Self {
            api_endpoint: endpoint(service, &api),
            api,
            import_info: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// Of an API that a document made, with what the document says in vain.
    pub(super) fn imported(
        service: &Management,
        api: Api,
        import_info: Vec<String>,
        warnings: Vec<String>,
    ) -> Self {
        Self {
            import_info,
            warnings,
            ..Self::new(service, api)
        }
    }
}

fn endpoint(service: &Management, api: &Api) -> String {
    let scheme = match api.protocol_type {
        ProtocolType::Http => "https",
        ProtocolType::Websocket => "wss",
    };
    format!("{scheme}://{}", host(service, &api.api_id))
}

/// Where an API answers by itself.
pub(super) fn host(service: &Management, api: &ApiId) -> String {
    format!("{api}.execute-api.{}.amazonaws.com", service.region())
}

/// An API as it begins, before anything is said of it but its name.
pub(super) fn new(service: &Management, id: ApiId, name: &str, protocol: ProtocolType) -> Api {
    Api {
        api_id: id,
        name: name.to_owned(),
        protocol_type: protocol,
        description: None,
        version: None,
        route_selection_expression: match protocol {
            ProtocolType::Http => HTTP_ROUTE_SELECTION.to_owned(),
            ProtocolType::Websocket => String::new(),
        },
        api_key_selection_expression: API_KEY_SELECTION.to_owned(),
        cors_configuration: None,
        created_date: iso8601(service.now()),
        disable_execute_api_endpoint: false,
        disable_schema_validation: None,
        ip_address_type: IpAddressType::Ipv4,
        tags: Map::new(),
    }
}

pub(crate) async fn create(
    service: &Management,
    (input, settings): &(CreateApi, Settings),
) -> Result<ApiView, Failure> {
    let protocol = match input.protocol_type.as_str() {
        "HTTP" => ProtocolType::Http,
        "WEBSOCKET" => ProtocolType::Websocket,
        _ => {
            return Err(Failure::bad_request(
                "Invalid protocol specified. Must be one of [HTTP, WEBSOCKET]",
            ));
        }
    };
    let id = ids::random(ids::LONG).into();
    let mut api = new(service, id, &input.name, protocol);
    api.tags = tags::given(input.tags.as_ref())?;
    settings.apply(&mut api)?;
    let quick = settings.quick_create(&api)?;
    let mut edit = service.new_api(api.clone());
    if let Some(quick) = quick {
        quick.make(&mut edit).await?;
        deployments::follow(&mut edit).await?;
    }
    if !edit.commit().await? {
        return Err(Failure::concurrent());
    }
    Ok(ApiView::new(service, api))
}

pub(crate) async fn list(service: &Management, tokens: &Tokens) -> Result<Items<ApiView>, Failure> {
    let page = tokens
        .paging()
        .page(service.definitions(), Api::APIS, "")
        .await?;
    let views =
        page.try_map(|item| Ok(ApiView::new(service, decode::<ApiRecord<Api>>(&item)?.api)));
    Ok(views?.into())
}

pub(super) async fn read(service: &Management, id: &ApiId) -> Result<Api, Failure> {
    let found = service.definitions().api_of::<Api>(id).await?;
    let (record, _) = found.ok_or_else(|| missing::api(service, id))?;
    Ok(record.api)
}

pub(crate) async fn get(service: &Management, at: &AtApi) -> Result<ApiView, Failure> {
    let api = read(service, &at.api_id).await?;
    Ok(ApiView::new(service, api))
}

pub(crate) async fn update(
    edit: &mut Edit<'_, Api>,
    (_, settings): &(AtApi, Settings),
) -> Result<ApiView, Failure> {
    let service = edit.service();
    let before = found(edit)?;
    let mut after = before.clone();
    settings.apply(&mut after)?;
    if let Some(quick) = settings.quick_create(&after)? {
        quick.change(edit).await?;
    }
    if after != before {
        edit.record_mut(|| missing::api(service, &before.api_id))?
            .api = after.clone();
    }
    Ok(ApiView::new(service, after))
}

pub(crate) async fn delete_cors(edit: &mut Edit<'_, Api>, _: &AtApi) -> Result<(), Failure> {
    let service = edit.service();
    let api = found(edit)?;
    if api.cors_configuration.is_some() {
        let missing = || missing::api(service, &api.api_id);
        edit.record_mut(missing)?.api.cors_configuration = None;
    }
    Ok(())
}

pub(crate) async fn delete(service: &Management, at: &AtApi) -> Result<(), Failure> {
    remove_all::<Api>(service, &at.api_id, "Api").await
}

impl Part for Settings {
    fn constraints(&self, violations: &mut Violations) {
        let kind: Option<&Choice<IpAddressType>> = self.ip_address_type.as_ref();
        violations.choice("ipAddressType", kind);
    }
}
