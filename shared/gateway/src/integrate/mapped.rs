//! The values of parameter mappings.

use crate::headers;
use crate::route::Routed;
use crate::trail::Trail;
use percent_encoding::percent_decode_str;
use postern_plan::Source;
use std::borrow::Cow;

/// The value of a source. A mapping whose source is absent is skipped.
pub(super) fn value<'v>(
    source: &'v Source,
    routed: &'v Routed,
    trail: &'v Trail,
) -> Option<Cow<'v, str>> {
    match source {
        Source::Static(text) => Some(Cow::Borrowed(text)),
        Source::Header(name) => {
            headers::last(&routed.request.headers, name).filter(|_| !is_hidden(name))
        }
        Source::MultiHeader(name) => {
            let values = routed
                .request
                .headers
                .get_all(name)
                .iter()
                .map(headers::text);
            joined(values.filter(|_| !is_hidden(name)))
        }
        Source::Query(name) => routed.query.last(name).map(Cow::Borrowed),
        Source::MultiQuery(name) => joined(routed.query.all(name).map(Cow::Borrowed)),
        Source::Path(name) => routed
            .path_parameters
            .get(name)
            .map(|raw| percent_decode_str(raw).decode_utf8_lossy()),
        Source::StageVariable(name) => routed
            .variables
            .get(name)
            .map(|value| Cow::Borrowed(value.as_str())),
        Source::Context(name) => trail.context(name),
    }
}

fn is_hidden(name: &str) -> bool {
    http::HeaderName::try_from(name).is_ok_and(|name| headers::is_hidden_from_integrations(&name))
}

fn joined<'v>(values: impl Iterator<Item = Cow<'v, str>>) -> Option<Cow<'v, str>> {
    let values: Vec<_> = values.collect();
    (!values.is_empty()).then(|| values.join(",").into())
}
