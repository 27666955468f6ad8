//! Routing rules: which API a domain name chooses by the headers and the path of a request.
//!
//! ```text
//! domainname#{domain}   routingrule#{priority}   the rule; priorities lie in the order in which they are tried
//!                       ruleid#{id}              its priority
//! ```

use super::{mapping, missing};
use crate::Management;
use crate::definitions::{Change, Record};
use crate::paging::Tokens;
use crate::rest::base_path_mappings::{is_path_byte, mapped_key, touched_api};
use crate::rest::domain_names::{AtDomain, find as find_domain};
use crate::wire::{Failure, Part};
use crate::{ids, limits};
use postern_definition::routed::{
    MatchHeader, ProtocolType, RoutingRule, RoutingRuleAction, RoutingRuleCondition,
};
use postern_plan::account::{ROUTING_RULES, domain_name_key, mapping_partition, routing_rule_key};
use postern_plan::stage_key;
use postern_store::{Key, decode};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

const PRIORITY_MAX: i64 = 1_000_000;
const HEADER_NAME_CHARS: usize = 40;
const CONTAINED_CHARS: usize = 40;
const VALUE_CHARS: usize = 128;
const HEADERS_MAX: usize = 2;
/// Headers that a rule cannot look at, beside those that are not an owner's to change.
const UNUSABLE: [&str; 4] = ["x-apigw-api-id", "x-restapi", "host", ""];

#[derive(Debug, Deserialize)]
pub(crate) struct Given {
    actions: Vec<RoutingRuleAction>,
    conditions: Vec<RoutingRuleCondition>,
    priority: i64,
}

#[derive(Debug, Deserialize)]
pub(crate) struct AtRule {
    #[serde(flatten)]
    domain: AtDomain,
    #[serde(rename = "routingRuleId")]
    id: String,
}

impl Part for Given {}
impl Part for AtRule {}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Rules {
    routing_rules: Vec<RoutingRule>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

fn rule_id_key(domain: &str, id: &str) -> Key {
    Key::new(mapping_partition(domain), format!("ruleid#{id}"))
}

fn refused(what: impl Into<String>) -> Failure {
    Failure::bad_request(what)
}

impl Given {
    /// The rule that it makes, if it may be so.
    fn rule(&self, id: &str, arn: String) -> Result<RoutingRule, Failure> {
        let priority = u32::try_from(self.priority)
            .ok()
            .filter(|_| (1..=PRIORITY_MAX).contains(&self.priority))
            .ok_or_else(|| {
                refused(format!(
                    "Invalid priority specified: {}. It must be between 1 and {PRIORITY_MAX}",
                    self.priority
                ))
            })?;
        if self.actions.len() != 1 {
            return Err(refused("Exactly one action must be specified."));
        }
        checked_conditions(&self.conditions)?;
        Ok(RoutingRule {
            routing_rule_id: id.to_owned(),
            routing_rule_arn: arn,
            priority,
            conditions: self.conditions.clone(),
            actions: self.actions.clone(),
        })
    }
}

fn checked_conditions(conditions: &[RoutingRuleCondition]) -> Result<(), Failure> {
    let (mut headers, mut paths) = (0, 0);
    for condition in conditions {
        match (&condition.match_headers, &condition.match_base_paths) {
            (Some(matched), None) => {
                headers += 1;
                let [header] = matched.any_of.as_slice() else {
                    return Err(refused("matchHeaders.anyOf must have exactly one value."));
                };
                checked_header(header)?;
            }
            (None, Some(matched)) => {
                paths += 1;
                let [path] = matched.any_of.as_slice() else {
                    return Err(refused("matchBasePaths.anyOf must have exactly one value."));
                };
                let is_segment =
                    |segment: &str| !segment.is_empty() && segment.bytes().all(is_path_byte);
                if path.len() >= VALUE_CHARS || !path.split('/').all(is_segment) {
                    return Err(refused(format!("Invalid base path specified: {path}")));
                }
            }
            _ => {
                return Err(refused(
                    "A condition must have either matchHeaders or matchBasePaths.",
                ));
            }
        }
    }
    if headers > HEADERS_MAX || paths > 1 {
        return Err(refused(format!(
            "A routing rule can have at most {HEADERS_MAX} matchHeaders conditions and one matchBasePaths condition."
        )));
    }
    Ok(())
}

fn checked_header(matched: &MatchHeader) -> Result<(), Failure> {
    let name = matched.header.to_ascii_lowercase();
    let is_token = |text: &str| {
        text.bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~/".contains(&b))
    };
    let is_unusable = UNUSABLE.contains(&name.as_str()) || mapping::is_reserved(&name);
    if is_unusable || name.len() >= HEADER_NAME_CHARS || name.contains('*') || !is_token(&name) {
        return Err(refused(format!(
            "Invalid header specified: {}. It cannot be used in a routing rule",
            matched.header
        )));
    }
    let glob = &matched.value_glob;
    let (start, end) = (glob.starts_with('*'), glob.len() > 1 && glob.ends_with('*'));
    let text = glob.strip_prefix('*').unwrap_or(glob);
    let text = text.strip_suffix('*').unwrap_or(text);
    let too_long = glob.len() >= VALUE_CHARS || start && end && text.len() >= CONTAINED_CHARS;
    if glob.is_empty() || too_long || text.contains('*') || !is_token(text) {
        return Err(refused(format!(
            "Invalid value glob specified: {glob}. It can begin and end with *, and have no * between"
        )));
    }
    Ok(())
}

/// Notes a rule, if what it leads to is there.
async fn save(
    change: &mut Change<'_>,
    at: &AtDomain,
    before: Option<&RoutingRule>,
    rule: &RoutingRule,
) -> Result<(), Failure> {
    let domain = find_domain(change, &at.known_as()).await?;
    let known_as = domain.known_as();
    let key = routing_rule_key(&known_as, rule.priority);
    let is_kept = before.is_some_and(|before| before.priority == rule.priority);
    if !is_kept && change.sees(&key).await? {
        return Err(Failure::conflict(format!(
            "A routing rule with priority {} already exists for this domain name",
            rule.priority
        )));
    }
    if let Some(before) = before {
        remove(change, &known_as, before);
    }
    for action in &rule.actions {
        let target = &action.invoke_api;
        match touched_api(change, &target.api_id).await? {
            None => return Err(missing::api(change.service(), &target.api_id)),
            Some(Some(ProtocolType::Websocket)) => {
                return Err(refused(
                    "A routing rule cannot invoke an API with a protocol type of WEBSOCKET",
                ));
            }
            Some(_) => {}
        }
        if !change
            .sees(&stage_key(&target.api_id, &target.stage))
            .await?
        {
            return Err(refused("Invalid stage identifier specified"));
        }
        change.put(noted(&known_as, rule, action), &());
    }
    change.touch::<IgnoredAny>(&domain.key()).await?;
    change.put(
        rule_id_key(&known_as, &rule.routing_rule_id),
        &rule.priority,
    );
    change.put(key, rule);
    Ok(())
}

/// The note of a rule with the API that it leads to.
fn noted(domain: &str, rule: &RoutingRule, action: &RoutingRuleAction) -> Key {
    let by = format!("{ROUTING_RULES}{}", rule.routing_rule_id);
    mapped_key(domain, &action.invoke_api.api_id, &by)
}

/// Notes that a rule is to be gone.
pub(crate) fn remove(change: &mut Change<'_>, domain: &str, rule: &RoutingRule) {
    change.delete(routing_rule_key(domain, rule.priority));
    change.delete(rule_id_key(domain, &rule.routing_rule_id));
    for action in &rule.actions {
        change.delete(noted(domain, rule, action));
    }
}

pub(crate) async fn create(
    change: &mut Change<'_>,
    (at, given): &(AtDomain, Given),
) -> Result<RoutingRule, Failure> {
    let service = change.service();
    let known_as = at.known_as();
    find_domain(change, &known_as).await?;
    let id = ids::random(ids::SHORT);
    let arn = format!(
        "arn:aws:apigateway:{}:{}:/domainnames/{known_as}/routingrules/{id}",
        service.region(),
        service.account()
    );
    let rule = given.rule(&id, arn)?;
    let max = service.limits().routing_rules_per_domain_name;
    let most = usize::try_from(max).unwrap_or(usize::MAX);
    let partition = mapping_partition(&known_as);
    let definitions = change.definitions();
    if max != u64::MAX
        && !definitions
            .fewer_than(most, &partition, ROUTING_RULES)
            .await?
    {
        limits::check(max, max, "routing rules", "domain name")?;
    }
    save(change, at, None, &rule).await?;
    Ok(rule)
}

async fn find(change: &mut Change<'_>, at: &AtRule) -> Result<RoutingRule, Failure> {
    let known_as = at.domain.known_as();
    find_domain(change, &known_as).await?;
    let priority = change.read::<u32>(&rule_id_key(&known_as, &at.id)).await?;
    let priority = priority.ok_or_else(missing::routing_rule)?;
    let found = change.read(&routing_rule_key(&known_as, priority)).await?;
    found.ok_or_else(missing::routing_rule)
}

pub(crate) async fn get(service: &Management, at: &AtRule) -> Result<RoutingRule, Failure> {
    let definitions = service.definitions();
    let known_as = at.domain.known_as();
    if !definitions.exists(&domain_name_key(&known_as)).await? {
        return Err(missing::domain_name());
    }
    let priority: Option<u32> = definitions.get(&rule_id_key(&known_as, &at.id)).await?;
    let priority = priority.ok_or_else(missing::routing_rule)?;
    let found = definitions
        .get(&routing_rule_key(&known_as, priority))
        .await?;
    found.ok_or_else(missing::routing_rule)
}

pub(crate) async fn list(
    service: &Management,
    (at, tokens): &(AtDomain, Tokens),
) -> Result<Rules, Failure> {
    let definitions = service.definitions();
    let known_as = at.known_as();
    if !definitions.exists(&domain_name_key(&known_as)).await? {
        return Err(missing::domain_name());
    }
    let paging = tokens.paging();
    let partition = mapping_partition(&known_as);
    let page = paging.page(definitions, &partition, ROUTING_RULES).await?;
    let page = page.try_map(|item| Ok(decode(&item)?))?;
    Ok(Rules {
        routing_rules: page.items,
        next_token: page.position,
    })
}

pub(crate) async fn put(
    change: &mut Change<'_>,
    (at, given): &(AtRule, Given),
) -> Result<RoutingRule, Failure> {
    let before = find(change, at).await?;
    let rule = given.rule(&at.id, before.routing_rule_arn.clone())?;
    if rule != before {
        save(change, &at.domain, Some(&before), &rule).await?;
    }
    Ok(rule)
}

pub(crate) async fn delete(change: &mut Change<'_>, at: &AtRule) -> Result<(), Failure> {
    let rule = find(change, at).await?;
    remove(change, &at.domain.known_as(), &rule);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_condition_has_a_plain_name_and_a_glob_with_stars_at_its_ends() {
        for (header, value_glob, holds) in [
            ("Hello", "World", true),
            ("Accept", "image/webp", true),
            ("Pet", "Dog-*", true),
            ("Pet", "*-Bella", true),
            ("Pet", "*Be*", true),
            ("Pet", "D*g", false),
            ("Pet", "", false),
            ("Pe*", "Dog", false),
            ("Authorization", "x", false),
            ("X-Amzn-Trace-Id", "x", false),
            ("access-control-allow-origin", "x", false),
            (&"h".repeat(40), "x", false),
            ("Pet", &"x".repeat(128), false),
        ] {
            let matched = MatchHeader {
                header: header.to_owned(),
                value_glob: value_glob.to_owned(),
            };
            let checked = checked_header(&matched).is_ok();
            assert_eq!(checked, holds, "{header}: {value_glob}");
        }
    }
}
