//! What an answer is found by: the hash of everything in which two requests must agree to get the same.

use super::applies::Applies;
use super::everyone;
use crate::mapping::{Given, MalformedBody, Values};
use crate::route::Routed;
use crate::trail::Trail;
use postern_plan::{Authorization, Source, ToldApart};
use postern_template::Payload;
use ring::digest::{Context, SHA256};
use std::borrow::Cow;
use std::fmt::Write as _;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key(pub(super) [u8; 32]);

impl Key {
    /// Of a method of a REST API, nothing that it does not name as a key parameter, neither path nor query, header, body or
    /// caller, is in it: the service has it so.
    ///
    /// The body is only looked at where [`postern_plan::CachePlan::reads_the_body`].
    pub(super) fn of(
        account: &str,
        applies: &Applies,
        routed: &Routed,
        body: &[u8],
        trail: &Trail,
    ) -> Result<Self, MalformedBody> {
        let live = &routed.live;
        let mut parts = Parts::default();
        parts.add(account.as_bytes());
        parts.add(live.api.as_str().as_bytes());
        parts.add(live.name.as_str().as_bytes());
        // A stage that was deleted and made anew, or flushed, has none of its former answers.
        parts.add(live.cache.stage_created_at.as_bytes());
        parts.number(live.flushes.data);
        parts.add(routed.deployed.id().as_str().as_bytes());
        parts.number(applies.encrypted.into());
        parts.add(applies.plan.namespace.as_bytes());
        parts.add(routed.request.method.as_str().as_bytes());
        let text = String::from_utf8_lossy(body);
        let payload = Payload::new(&text);
        let given = Given {
            message: routed.message(),
            body: &payload,
            variables: &routed.variables,
            trail,
        };
        match &applies.plan.told_apart {
            ToldApart::ByParameters(parameters) => {
                for parameter in parameters {
                    parts.add(parameter.name.as_bytes());
                    parts.add_all(&values(&parameter.source, routed, &given)?);
                }
            }
            ToldApart::ByRequest { headers } => {
                everyone::add(&mut parts, headers, routed, body, trail);
                if let Authorization::Authorizer(authorizer) = &routed.plan.authorization {
                    for source in authorizer.sources() {
                        parts.add_all(&values(source, routed, &given)?);
                    }
                }
            }
        }
        Ok(parts.key())
    }

    /// The partition of the cache table that holds the answer.
    pub(super) fn partition(&self) -> String {
        let mut partition = String::with_capacity(7 + 2 * self.0.len());
        partition.push_str("answer#");
        for byte in self.0 {
            let _ = write!(partition, "{byte:02x}");
        }
        partition
    }
}

/// Every value that a source has, as it came.
///
/// The service is said to look at the first alone. A backend may look at another, so that whoever repeats a parameter would
/// choose the answer that others get: here all of them count, also those that mappings are not shown.
fn values<'v>(
    source: &'v Source,
    routed: &'v Routed,
    given: &'v Given<'_>,
) -> Result<Vec<Cow<'v, [u8]>>, MalformedBody> {
    Ok(match source {
        Source::Header(name) | Source::MultiHeader(name) => {
            let values = routed.request.headers.get_all(name.as_str()).iter();
            values.map(|value| value.as_bytes().into()).collect()
        }
        Source::Query(name) | Source::MultiQuery(name) => {
            let values = routed.query.all(name);
            values.map(|value| value.as_bytes().into()).collect()
        }
        Source::Path(name) => {
            let value = routed.path_parameters.get(name);
            value
                .map(|value| value.as_bytes().into())
                .into_iter()
                .collect()
        }
        source => {
            let values = given.values(source)?.map(Values::into_vec);
            let values = values.into_iter().flatten();
            values
                .map(|value| value.into_owned().into_bytes().into())
                .collect()
        }
    })
}

/// Parts of a key, each with its length, so that no two lists of parts read the same.
pub(super) struct Parts(Context);

impl Default for Parts {
    fn default() -> Self {
        Self(Context::new(&SHA256))
    }
}

impl Parts {
    pub(super) fn add(&mut self, part: &[u8]) {
        self.number(part.len() as u64);
        self.0.update(part);
    }

    /// With their number, so that none is not one that is empty, and two are not one with a comma.
    pub(super) fn add_all<P: AsRef<[u8]>>(&mut self, parts: &[P]) {
        self.number(parts.len() as u64);
        for part in parts {
            self.add(part.as_ref());
        }
    }

    fn number(&mut self, number: u64) {
        self.0.update(&number.to_be_bytes());
    }

    fn key(self) -> Key {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(self.0.finish().as_ref());
        Key(bytes)
    }
}
