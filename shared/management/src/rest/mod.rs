//! REST APIs: the operations of apigateway 2015-07-09, a module for each resource.

pub(crate) mod access_associations;
pub(crate) mod account;
pub(crate) mod api_keys;
pub(crate) mod authorizers;
pub(crate) mod base_path_mappings;
pub(crate) mod client_certificates;
pub(crate) mod deployments;
pub(crate) mod documentation;
pub(crate) mod domain_names;
pub(crate) mod gateway_responses;
pub(crate) mod integration_responses;
pub(crate) mod integrations;
pub(crate) mod method_responses;
pub(crate) mod methods;
pub(crate) mod models;
pub(crate) mod openapi;
pub(crate) mod request_validators;
pub(crate) mod resources;
pub(crate) mod rest_apis;
pub(crate) mod sdks;
pub(crate) mod stages;
pub(crate) mod tags;
pub(crate) mod test_invoke;
pub(crate) mod usage_plans;
pub(crate) mod vpc_links;

mod address;
mod endpoints;
mod mapping;
mod maps;
pub(crate) mod missing;
pub(crate) mod names;
mod parts;
pub(crate) mod users;
mod uses;
