//! The policy of an API: who may call it, whatever its methods ask for.

use postern_definition::ApiId;
use postern_policy::{Kind, Policy};

/// `None` where the API has no policy. The error says what is wrong with it, and where.
pub(crate) fn compile(
    api: &ApiId,
    policy: Option<&str>,
    region: &str,
    account: &str,
) -> Result<Option<Policy>, String> {
    let Some(text) = policy.filter(|text| !text.trim().is_empty()) else {
        return Ok(None);
    };
    let arn = format!("arn:aws:execute-api:{region}:{account}:{api}");
    let kind = Kind::Resource {
        api_arn: Some(&arn),
    };
    Policy::compile(text, kind)
        .map(Some)
        .map_err(|error| error.to_string())
}
