//! ImportApiKeys: many keys from a file of comma-separated values.
//!
//! All rows are checked before the first key is made. A key of a value that there is already is changed to what its row says.

use super::create::{add, checked_value};
use super::{ApiKeyRecord, api_key_key, checked_description, checked_name};
use crate::Management;
use crate::definitions::{Change, Definitions};
use crate::ids;
use crate::rest::usage_plans;
use crate::wire::{Choice, Enumerated, Failure, Part, Violations};
use postern_definition::Map;
use postern_definition::rest::ApiKey;
use postern_plan::account::{Caller, caller_key, usage_plan_key};
use serde::{Deserialize, Serialize};

/// More than an account's keys.
const ROWS_MAX: usize = 20_000;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Csv;

impl Enumerated for Csv {
    const SET: &'static [(&'static str, Self)] = &[("csv", Self)];
}

#[derive(Deserialize)]
pub(crate) struct ImportApiKeys {
    #[serde(default)]
    body: String,
    format: Choice<Csv>,
    failonwarnings: Option<bool>,
}

impl Part for ImportApiKeys {
    fn constraints(&self, violations: &mut Violations) {
        violations.choice("format", Some(&self.format));
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct ApiKeyIds {
    ids: Vec<String>,
    warnings: Vec<String>,
}

/// A row of the file.
#[derive(Clone, PartialEq)]
struct Row {
    line: usize,
    name: String,
    value: String,
    description: Option<String>,
    enabled: bool,
    plans: Vec<String>,
}

pub(crate) async fn import(
    service: &Management,
    input: &ImportApiKeys,
) -> Result<ApiKeyIds, Failure> {
    let strict = input.failonwarnings == Some(true);
    let (rows, mut warnings) = rows(&input.body)?;
    let mut good = Vec::new();
    for row in rows {
        match wrong(service.definitions(), &row).await? {
            None => good.push(row),
            Some(reason) => warnings.push(format!("Line {}: {reason}", row.line)),
        }
    }
    if strict && !warnings.is_empty() {
        return Err(Failure::bad_request(format!(
            "Warnings found during import:\n\t{}",
            warnings.join("\n\t")
        )));
    }
    let mut ids = Vec::new();
    let mut made = Vec::new();
    for row in good {
        match store(service, &row).await {
            Ok((id, new)) => {
                if new {
                    made.push(id.clone());
                }
                ids.push(id);
            }
            Err(failure) if strict => {
                undo(service, made).await;
                return Err(failure);
            }
            Err(failure) if failure.is_ours() => return Err(failure),
            Err(failure) => warnings.push(format!("Line {}: {}", row.line, failure.message)),
        }
    }
    Ok(ApiKeyIds { ids, warnings })
}

/// What is wrong with a row, as far as can be told before it is stored.
async fn wrong(definitions: Definitions<'_>, row: &Row) -> Result<Option<String>, Failure> {
    let checked = checked_value(&row.value)
        .and_then(|()| checked_name(Some(&row.name)))
        .and_then(|()| checked_description(row.description.as_deref()));
    if let Err(failure) = checked {
        return Ok(Some(failure.message));
    }
    for plan in &row.plans {
        if !definitions.exists(&usage_plan_key(plan)).await? {
            return Ok(Some(format!("Invalid Usage Plan ID specified: {plan}")));
        }
    }
    Ok(None)
}

/// Stores a row's key. Says its id, and whether it is new.
async fn store(service: &Management, row: &Row) -> Result<(String, bool), Failure> {
    let mut changes = service.changes().await;
    loop {
        let mut change = changes.begin().await?;
        let outcome = put(&mut change, row).await?;
        if change.commit().await? {
            return Ok(outcome);
        }
    }
}

async fn put(change: &mut Change<'_>, row: &Row) -> Result<(String, bool), Failure> {
    let now = change.service().now();
    let known: Option<Caller> = change.read(&caller_key(&row.value)).await?;
    let (before, new) = if let Some(caller) = known {
        let record: Option<ApiKeyRecord> = change.read(&api_key_key(&caller.id)).await?;
        let record = record.ok_or_else(|| {
            Failure::internal(format!(
                "the API key `{}` has a value and no item",
                caller.id
            ))
        })?;
        (record, false)
    } else {
        let key = ApiKey {
            id: ids::random(ids::LONG),
            value: row.value.clone(),
            name: Some(row.name.clone()),
            customer_id: None,
            description: row.description.clone(),
            enabled: row.enabled,
            created_date: now,
            last_updated_date: now,
            stage_keys: Vec::new(),
            tags: Map::new(),
        };
        (add(change, &key).await?, true)
    };
    let mut after = before.clone();
    after.key.name = Some(row.name.clone()).filter(|name| !name.is_empty());
    after.key.description = row.description.clone();
    after.key.enabled = row.enabled;
    after.key.last_updated_date = now;
    for plan in &row.plans {
        if !after.plans.contains(plan) {
            after = usage_plans::joined(change, &after, plan).await?;
        }
    }
    change.replace(&before, &after);
    Ok((after.key.id, new))
}

/// Takes back what was made. Whoever has changed one of the keys meanwhile keeps it.
async fn undo(service: &Management, made: Vec<String>) {
    for id in made {
        let mut changes = service.changes().await;
        if let Ok(mut change) = changes.begin().await {
            let gone = super::remove(&mut change, &id).await;
            if gone.is_ok() {
                let _ = change.commit().await;
            }
        }
    }
}

/// The rows of a file, the later of two with the same value, and warnings of those that are none.
fn rows(file: &str) -> Result<(Vec<Row>, Vec<String>), Failure> {
    let mut lines = file
        .trim_start_matches('\u{feff}')
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty());
    let header = lines
        .next()
        .map(|(_, line)| cells(line))
        .unwrap_or_default();
    let column = |name: &str| {
        header
            .iter()
            .position(|cell| cell.eq_ignore_ascii_case(name))
    };
    let (Some(name), Some(value)) = (column("name"), column("key")) else {
        return Err(Failure::bad_request(
            "Invalid API Key file. The first line must name the columns Name and Key.",
        ));
    };
    let (description, enabled, plans) = (
        column("description"),
        column("enabled"),
        column("usageplanids"),
    );
    let mut rows: Vec<Row> = Vec::new();
    let mut warnings = Vec::new();
    for (index, line) in lines {
        if rows.len() == ROWS_MAX {
            return Err(Failure::bad_request(format!(
                "Invalid API Key file. It has more than {ROWS_MAX} keys."
            )));
        }
        let cells = cells(line);
        let cell = |column: Option<usize>| {
            let cell = column.and_then(|column| cells.get(column));
            cell.map(String::as_str).unwrap_or_default()
        };
        let enabled = match cell(enabled).to_ascii_lowercase().as_str() {
            "" | "true" => true,
            "false" => false,
            other => {
                warnings.push(format!(
                    "Line {}: Invalid value for Enabled: {other}",
                    index + 1
                ));
                continue;
            }
        };
        let row = Row {
            line: index + 1,
            name: cell(Some(name)).to_owned(),
            value: cell(Some(value)).to_owned(),
            description: Some(cell(description).to_owned()).filter(|text| !text.is_empty()),
            enabled,
            plans: cell(plans)
                .split(',')
                .map(|plan| plan.trim().to_owned())
                .filter(|plan| !plan.is_empty())
                .collect(),
        };
        rows.push(row);
    }
    // The later of two comes to stand where the earlier stood.
    let mut places: std::collections::HashMap<String, usize> = std::collections::HashMap::new();
    let mut distinct: Vec<Row> = Vec::new();
    for row in rows {
        match places.get(&row.value) {
            Some(&place) => distinct[place] = row,
            None => {
                places.insert(row.value.clone(), distinct.len());
                distinct.push(row);
            }
        }
    }
    Ok((distinct, warnings))
}

/// The trimmed cells of a line. A cell in quotes, of either kind, may have commas in it, and its own quote twice for one.
fn cells(line: &str) -> Vec<String> {
    let mut cells = Vec::new();
    let mut cell = String::new();
    let mut quote = None;
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        match quote {
            Some(open) if letter == open => {
                if letters.peek() == Some(&open) {
                    letters.next();
                    cell.push(open);
                } else {
                    quote = None;
                }
            }
            Some(_) => cell.push(letter),
            None if matches!(letter, '"' | '\'') && cell.trim().is_empty() => {
                cell.clear();
                quote = Some(letter);
            }
            None if letter == ',' => cells.push(std::mem::take(&mut cell).trim().to_owned()),
            None => cell.push(letter),
        }
    }
    cells.push(cell.trim().to_owned());
    cells
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_split_at_commas_outside_quotes() {
        for (line, expected) in [
            ("a,b", &["a", "b"][..]),
            (" a , \"b,c\" ,'d,e'", &["a", "b,c", "d,e"]),
            ("\"say \"\"no\"\"\",", &["say \"no\"", ""]),
            ("it's,x", &["it's", "x"]),
            ("\"open,", &["open,"]),
            ("", &[""]),
        ] {
            assert_eq!(cells(line), expected, "{line}");
        }
    }

    #[test]
    fn columns_come_in_any_order_and_the_later_of_two_rows_wins() {
        let file = "\u{feff}KEY,whatever, Name,enabled,UsagePlanIds\r\nk1,,n1,tRuE,\"p1, p2\"\n\nk2,,n2,false,\nk1,,n3,,\nk3,,n4,maybe,";
        let (rows, warnings) = rows(file).unwrap();
        let found: Vec<_> = rows
            .iter()
            .map(|row| {
                (
                    row.value.as_str(),
                    row.name.as_str(),
                    row.enabled,
                    row.plans.len(),
                    row.line,
                )
            })
            .collect();
        assert_eq!(found, [("k1", "n3", true, 0, 5), ("k2", "n2", false, 0, 4)]);
        assert_eq!(warnings, ["Line 6: Invalid value for Enabled: maybe"]);
        for bad in ["", "name\nx", "key,nom\nx,y"] {
            assert!(super::rows(bad).is_err(), "{bad}");
        }
    }
}
