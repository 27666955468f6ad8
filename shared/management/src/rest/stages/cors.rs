//! CORS of a whole stage, which AWS does not have: how it is patched, under `/postern`, where no path of AWS's can come to be.

use crate::patch::{Patch, REMOVE, REPLACE, Row};
use crate::wire::Failure;
use postern_definition::rest::{Cors, Stage, VERBS};

/// Of one list.
const ENTRIES_MAX: usize = 100;
const ENTRY_BYTES_MAX: usize = 256;
const MAX_AGE: std::ops::RangeInclusive<i32> = -1..=86_400;

pub(super) const ALL: Row<Stage> = Row::new("/postern/cors", REMOVE, |stage, _| {
    stage.postern.cors = Cors::default();
    Ok(())
});

pub(super) const ALLOW_ORIGINS: Row<Stage> =
    Row::new("/postern/cors/allowOrigins", REPLACE, |stage, patch| {
        stage.postern.cors.allow_origins = list(patch, is_origin, "`*` or scheme://host:port")?;
        Ok(())
    });

pub(super) const ALLOW_METHODS: Row<Stage> =
    Row::new("/postern/cors/allowMethods", REPLACE, |stage, patch| {
        let is_verb = |entry: &str| entry == "*" || (VERBS.contains(&entry) && entry != "ANY");
        stage.postern.cors.allow_methods = list(patch, is_verb, "a method, or `*` for all")?;
        Ok(())
    });

pub(super) const ALLOW_HEADERS: Row<Stage> =
    Row::new("/postern/cors/allowHeaders", REPLACE, |stage, patch| {
        stage.postern.cors.allow_headers = list(patch, is_token, "a header's name, or `*`")?;
        Ok(())
    });

pub(super) const EXPOSE_HEADERS: Row<Stage> =
    Row::new("/postern/cors/exposeHeaders", REPLACE, |stage, patch| {
        stage.postern.cors.expose_headers = list(patch, is_token, "a header's name, or `*`")?;
        Ok(())
    });

pub(super) const MAX_AGE_SECONDS: Row<Stage> =
    Row::new("/postern/cors/maxAge", REPLACE, |stage, patch| {
        stage.postern.cors.max_age = match patch.optional() {
            None => None,
            Some(text) => Some(
                text.parse()
                    .ok()
                    .filter(|age| MAX_AGE.contains(age))
                    .ok_or_else(|| {
                        Failure::bad_request(
                            "Invalid maxAge specified, must be between -1 and 86400",
                        )
                    })?,
            ),
        };
        Ok(())
    });

pub(super) const ALLOW_CREDENTIALS: Row<Stage> =
    Row::new("/postern/cors/allowCredentials", REPLACE, |stage, patch| {
        stage.postern.cors.allow_credentials = patch.boolean().then_some(true);
        Ok(())
    });

/// What must hold when all is patched.
pub(super) fn checked(stage: &Stage) -> Result<(), Failure> {
    let cors = &stage.postern.cors;
    if cors.allow_credentials == Some(true) && cors.allows_all() {
        return Err(Failure::bad_request(
            "allow-credentials is not supported if 'allow-origin' is *",
        ));
    }
    Ok(())
}

/// The entries of a comma-separated value. An empty value is an empty list.
pub(super) fn list(
    patch: &Patch<'_>,
    fits: impl Fn(&str) -> bool,
    form: &str,
) -> Result<Vec<String>, Failure> {
    let entries = patch.text().split(',').map(str::trim);
    let entries: Vec<_> = entries.filter(|entry| !entry.is_empty()).collect();
    if entries.len() > ENTRIES_MAX {
        return Err(Failure::bad_request(format!(
            "Invalid value for {}: it has {} entries, and at most {ENTRIES_MAX} are allowed",
            patch.path,
            entries.len()
        )));
    }
    let wrong = |entry: &&&str| entry.len() > ENTRY_BYTES_MAX || !fits(entry);
    if let Some(wrong) = entries.iter().find(wrong) {
        return Err(Failure::bad_request(format!(
            "Invalid value for {}: {wrong}. Each entry must be {form}, of at most {ENTRY_BYTES_MAX} characters",
            patch.path
        )));
    }
    Ok(entries.into_iter().map(str::to_owned).collect())
}

fn is_origin(entry: &str) -> bool {
    if entry == "*" || entry == "null" {
        return true;
    }
    let Some((scheme, host)) = entry.split_once("://") else {
        return false;
    };
    let in_scheme = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    let in_host = |byte: u8| {
        byte.is_ascii_alphanumeric()
            || matches!(byte, b'-' | b'.' | b'_' | b':' | b'[' | b']' | b'*')
    };
    !scheme.is_empty()
        && scheme.bytes().all(in_scheme)
        && !host.is_empty()
        && host.bytes().all(in_host)
        && host.matches('*').count() <= 1
}

fn is_token(entry: &str) -> bool {
    entry
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}
