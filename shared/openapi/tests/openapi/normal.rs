//! A definition up to its ids, and up to what OpenAPI cannot say.

use postern_definition::rest::{Definition, PathPart};
use serde_json::Value;
use std::collections::{BTreeSet, HashMap};

/// Names in the place of ids, everything in order, and nothing that an export leaves out: resources that lead to no method, and
/// the dialect of schemas. Parameters of paths are declared, as OpenAPI wants it.
pub(crate) fn normal(mut definition: Definition) -> Definition {
    let paths: HashMap<_, _> = definition
        .resources
        .iter()
        .map(|r| (r.id.clone(), r.path.clone()))
        .collect();
    let authorizers: HashMap<_, _> = definition
        .authorizers
        .iter()
        .map(|a| (a.id.clone(), a.name.clone()))
        .collect();
    let validators: HashMap<_, _> = definition
        .request_validators
        .iter()
        .map(|v| (v.id.clone(), v.name.clone().unwrap()))
        .collect();
    let mut needed: BTreeSet<String> = BTreeSet::from(["/".to_owned()]);
    for (resource, _) in &definition.methods {
        let path = &paths[resource];
        needed.extend(path.match_indices('/').map(|(at, _)| path[..at].to_owned()));
        needed.insert(path.clone());
    }

    definition.api.id = "".into();
    definition.api.created_date = 0;
    definition.api.root_resource_id = "/".into();
    definition.resources.retain(|r| needed.contains(&r.path));
    definition.resources.sort_by(|a, b| a.path.cmp(&b.path));
    for resource in &mut definition.resources {
        resource.id = resource.path.clone().into();
        if let Some(parent) = &mut resource.parent_id {
            *parent = paths[parent].clone().into();
        }
    }
    for (resource, method) in &mut definition.methods {
        let path = &paths[resource];
        if let Some(integration) = &mut method.method_integration
            && integration.cache_namespace == resource.as_str()
        {
            integration.cache_namespace.clone_from(path);
        }
        *resource = path.clone().into();
        if let Some(id) = &mut method.authorizer_id {
            *id = authorizers[id].clone();
        }
        if let Some(id) = &mut method.request_validator_id {
            *id = validators[id].clone();
        }
        for part in path.split('/') {
            if let Ok(PathPart::Parameter(name) | PathPart::Greedy(name)) = PathPart::parse(part) {
                let declared = method.request_parameters.get_or_insert_default();
                declared.insert(format!("method.request.path.{name}"), true);
            }
        }
    }
    definition
        .methods
        .sort_by_key(|(resource, method)| (resource.clone(), method.http_method.clone()));
    for authorizer in &mut definition.authorizers {
        authorizer.id.clear();
    }
    definition.authorizers.sort_by(|a, b| a.name.cmp(&b.name));
    for validator in &mut definition.request_validators {
        validator.id.clear();
    }
    definition
        .request_validators
        .sort_by(|a, b| a.name.cmp(&b.name));
    for model in &mut definition.models {
        model.id.clear();
        if let Some(schema) = &mut model.schema {
            let mut value: Value = serde_json::from_str(schema).unwrap();
            if let Some(members) = value.as_object_mut() {
                members.remove("$schema");
            }
            *schema = value.to_string();
        }
    }
    definition.models.sort_by(|a, b| a.name.cmp(&b.name));
    for part in &mut definition.documentation_parts {
        part.id.clear();
        let properties: Value = serde_json::from_str(&part.properties).unwrap();
        part.properties = properties.to_string();
    }
    definition.documentation_parts.sort_by_key(|part| {
        let at = part.location.clone();
        (at.kind, at.path, at.method, at.status_code, at.name)
    });
    definition
}
