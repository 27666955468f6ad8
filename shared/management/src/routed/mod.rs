//! HTTP and WebSocket APIs: the operations of apigatewayv2 2018-11-29, a module for each resource.
//!
//! Where a REST API has the same thing, its rules are in `rest` and used from there. A change of what an API is made of is
//! deployed, in the same transaction, to the stages that ask for it: see `deployments`.

pub(crate) mod api_mappings;
pub(crate) mod apis;
pub(crate) mod authorizers;
pub(crate) mod deployments;
pub(crate) mod domain_names;
pub(crate) mod integration_responses;
pub(crate) mod integrations;
pub(crate) mod models;
pub(crate) mod openapi;
pub(crate) mod route_responses;
pub(crate) mod routes;
pub(crate) mod routing_rules;
pub(crate) mod stages;
pub(crate) mod vpc_links;

mod address;
mod given;
mod mapping;
mod missing;
mod names;
mod parts;
