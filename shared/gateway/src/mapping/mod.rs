//! The values of parameter mappings, and what they are read from.
//!
//! A mapping reads from a message, the request on the way in or the integration's answer on the way out, from that message's
//! body, and from what holds for both: the stage's variables and what has been observed so far.

mod body;
mod expression;
mod inputs;

pub(crate) use body::MalformedBody;
pub(crate) use expression::key_of;
pub(crate) use inputs::TemplateInputs;

use crate::spelling::usual;
use crate::trail::Trail;
use crate::{Query, Spelling, headers};
use http::HeaderMap;
use percent_encoding::percent_decode_str;
use postern_definition::Map;
use postern_plan::Source;
use postern_template::Payload;
use std::borrow::Cow;

/// All that a mapping may read.
pub(crate) struct Given<'g> {
    pub(crate) message: Message<'g>,
    pub(crate) body: &'g Payload<'g>,
    pub(crate) variables: &'g Map<String>,
    pub(crate) trail: &'g Trail,
}

/// What headers, and for a request query and path, are taken from.
#[derive(Clone, Copy)]
pub(crate) enum Message<'m> {
    Request {
        headers: &'m HeaderMap,
        spelling: &'m Spelling,
        query: &'m Query,
        /// Without the stage.
        whole_path: &'m str,
        /// As the values stand in the path, still percent-encoded.
        path: &'m Map<String>,
        /// Whether the `Authorization` header is a signature, which is for the gateway alone.
        is_signed: bool,
    },
    Answer {
        headers: &'m HeaderMap,
    },
}

/// What a source has: one value, or several of the same name.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Values<'v> {
    One(Cow<'v, str>),
    Many(Vec<Cow<'v, str>>),
}

impl<'v> Values<'v> {
    fn of(mut all: Vec<Cow<'v, str>>) -> Option<Self> {
        match all.len() {
            0 | 1 => all.pop().map(Self::One),
            _ => Some(Self::Many(all)),
        }
    }

    /// For a place that holds one value.
    pub(crate) fn joined(self) -> Cow<'v, str> {
        match self {
            Self::One(value) => value,
            Self::Many(values) => values.join(",").into(),
        }
    }

    /// For a place that may be repeated.
    pub(crate) fn into_vec(self) -> Vec<Cow<'v, str>> {
        match self {
            Self::One(value) => vec![value],
            Self::Many(values) => values,
        }
    }
}

impl Given<'_> {
    /// What the source has. A mapping whose source is absent or empty is skipped, which is `None`.
    pub(crate) fn values<'v>(
        &'v self,
        source: &'v Source,
    ) -> Result<Option<Values<'v>>, MalformedBody> {
        let found = match source {
            Source::Static(text) => Some(Values::One(Cow::Borrowed(text.as_str()))),
            Source::Header(name) => self.message.header(name).map(Values::One),
            Source::MultiHeader(name) => {
                let values = Values::of(self.message.headers(name));
                values.map(|values| Values::One(values.joined()))
            }
            Source::Query(name) => self.message.query(name).map(Values::One),
            Source::MultiQuery(name) => Values::of(self.message.all_of_query(name)),
            Source::Path(name) => self.message.path(name).map(Values::One),
            Source::WholePath => self.message.whole_path().map(Values::One),
            Source::Params(name) => self.message.parameter(name).map(Values::One),
            Source::Body(path) => body::part(self.body, path)?.map(Values::One),
            Source::StageVariable(name) => self
                .variables
                .get(name)
                .map(|value| Values::One(Cow::Borrowed(value))),
            Source::Context(name) => self.trail.context(name).map(Values::One),
        };
        Ok(found.filter(|values| !matches!(values, Values::One(value) if value.is_empty())))
    }
}

impl<'m> Message<'m> {
    fn map(self) -> &'m HeaderMap {
        match self {
            Self::Request { headers, .. } | Self::Answer { headers } => headers,
        }
    }

    fn headers(self, name: &str) -> Vec<Cow<'m, str>> {
        if self.hides(name) {
            return Vec::new();
        }
        self.map().get_all(name).iter().map(headers::text).collect()
    }

    /// Whether nobody behind the gateway is shown a header.
    fn hides(self, name: &str) -> bool {
        match self {
            Self::Request { is_signed, .. } => {
                headers::is_hidden_name(name)
                    || is_signed && name.eq_ignore_ascii_case("authorization")
            }
            Self::Answer { .. } => false,
        }
    }

    /// The names of all headers that are shown, as the client wrote them.
    pub(crate) fn header_names(self) -> impl Iterator<Item = Cow<'m, str>> {
        let shown = self
            .map()
            .keys()
            .filter(move |name| !self.hides(name.as_str()));
        shown.map(move |name| -> Cow<'m, str> {
            match self {
                Self::Request { spelling, .. } => spelling.of_name(name),
                Self::Answer { .. } => usual(name),
            }
        })
    }

    /// The last value counts.
    pub(crate) fn header(self, name: &str) -> Option<Cow<'m, str>> {
        self.headers(name).pop()
    }

    pub(crate) fn query(self, name: &str) -> Option<Cow<'m, str>> {
        match self {
            Self::Request { query, .. } => query.last(name).map(Cow::Borrowed),
            Self::Answer { .. } => None,
        }
    }

    fn all_of_query(self, name: &str) -> Vec<Cow<'m, str>> {
        match self {
            Self::Request { query, .. } => {
                let pairs = query.pairs().iter().filter(|(n, _)| n == name);
                pairs
                    .map(|(_, value)| Cow::Borrowed(value.as_str()))
                    .collect()
            }
            Self::Answer { .. } => Vec::new(),
        }
    }

    pub(crate) fn path(self, name: &str) -> Option<Cow<'m, str>> {
        match self {
            Self::Request { path, .. } => path
                .get(name)
                .map(|raw| percent_decode_str(raw).decode_utf8_lossy()),
            Self::Answer { .. } => None,
        }
    }

    fn whole_path(self) -> Option<Cow<'m, str>> {
        match self {
            Self::Request { whole_path, .. } => Some(Cow::Borrowed(whole_path)),
            Self::Answer { .. } => None,
        }
    }

    /// Path, then query string, then header.
    pub(crate) fn parameter(self, name: &str) -> Option<Cow<'m, str>> {
        self.path(name)
            .or_else(|| self.query(name))
            .or_else(|| self.header(name))
    }
}
