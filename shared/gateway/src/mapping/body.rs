//! A body as parameter mappings read it: all of its text, or a part of the document in it.

use postern_plan::BodyPath;
use postern_template::Payload;
use std::borrow::Cow;

/// A body that begins as JSON does and does not go on so.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the body is malformed JSON")]
pub struct MalformedBody;

pub(super) fn part<'v>(
    body: &'v Payload<'_>,
    path: &BodyPath,
) -> Result<Option<Cow<'v, str>>, MalformedBody> {
    let path = match path {
        BodyPath::Whole => return Ok(Some(Cow::Borrowed(body.text()))),
        BodyPath::Part(path) => path,
    };
    if let Some(found) = body.mapped(&path.path).map_err(|_| MalformedBody)? {
        return Ok(Some(found.into()));
    }
    let Some(rest) = &path.in_error_message else {
        return Ok(None);
    };
    let message = Payload::new(body.text());
    let message = postern_template::jsonpath::Path::compile("$.errorMessage")
        .ok()
        .and_then(|error| message.mapped(&error).ok()?);
    // A message that is no document has no parts.
    let found = message.and_then(|text| Payload::new(&text).mapped(rest).ok()?);
    Ok(found.map(Cow::Owned))
}
