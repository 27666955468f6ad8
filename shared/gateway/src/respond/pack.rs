//! Packing of answers, for an API that has compression on and a client that takes it.

use crate::answer::Answer;
use crate::coding::Coding;
use crate::held::buffered;
use crate::rejection::IntegrateRejection;
use crate::trail::Trail;
use crate::{Body, headers};
use http::HeaderValue;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH};

/// `least` is how long a body must be.
pub(crate) async fn pack(
    mut answer: Answer,
    least: Option<u32>,
    trail: &Trail,
) -> Result<Answer, IntegrateRejection> {
    let Some(least) = least.filter(|_| answer.may_be_packed && trail.verb != "HEAD") else {
        return Ok(answer);
    };
    let accepted = trail
        .client
        .as_ref()
        .and_then(|client| headers::last(&client.headers, "accept-encoding"));
    let coding = accepted.and_then(|accepted| Coding::accepted(&accepted));
    let Some(coding) = coding.filter(|_| !answer.headers.contains_key(CONTENT_ENCODING)) else {
        return Ok(answer);
    };
    let body = buffered(answer.body).await?;
    if body.is_empty() || body.len() < least as usize {
        answer.body = Body::Full(body);
        return Ok(answer);
    }
    answer.headers.remove(CONTENT_LENGTH);
    let name = HeaderValue::from_static(coding.name());
    answer.headers.insert(CONTENT_ENCODING, name);
    answer.body = Body::Full(coding.pack(&body));
    Ok(answer)
}
