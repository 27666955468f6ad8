//! Lists, page by page.
//!
//! A page costs a bounded number of store calls however much the account holds, and a position stays good while items
//! come and go: it is the last item's place, not a count.

use crate::definitions::Definitions;
use crate::wire::Failure;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use postern_store::{Item, Query};
use serde::{Deserialize, Serialize};

const LIMIT_DEFAULT: usize = 25;
const LIMIT_MAX: usize = 500;
const MAX_RESULTS_DEFAULT: usize = 100;

/// How a client asks for a page.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Paging {
    position: Option<String>,
    /// Text, for a limit that makes no sense is not refused.
    limit: Option<String>,
    /// Of lists that are longer unless told otherwise.
    #[serde(skip)]
    usual: Option<usize>,
}

/// How a client of HTTP and WebSocket APIs asks for a page.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Tokens {
    next_token: Option<String>,
    max_results: Option<String>,
}

impl Tokens {
    pub(crate) fn paging(&self) -> Paging {
        Paging {
            position: self.next_token.clone(),
            limit: self.max_results.clone(),
            usual: Some(MAX_RESULTS_DEFAULT),
        }
    }
}

/// A page as lists of HTTP and WebSocket APIs have it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Items<T> {
    pub(crate) items: Vec<T>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_token: Option<String>,
}

impl<T> From<Page<T>> for Items<T> {
    fn from(page: Page<T>) -> Self {
        Self {
            items: page.items,
            next_token: page.position,
        }
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct Page<T> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) position: Option<String>,
    #[serde(rename = "item")]
    pub(crate) items: Vec<T>,
}

impl<T> Page<T> {
    /// A list that is never paged.
    pub(crate) fn whole(items: Vec<T>) -> Self {
        Self {
            position: None,
            items,
        }
    }

    /// Without what is not wanted. A page may be short for it, and is not the last for that.
    pub(crate) fn filter(mut self, wanted: impl FnMut(&T) -> bool) -> Self {
        self.items.retain(wanted);
        self
    }

    pub(crate) fn try_map<U>(
        self,
        f: impl FnMut(T) -> Result<U, Failure>,
    ) -> Result<Page<U>, Failure> {
        Ok(Page {
            position: self.position,
            items: self.items.into_iter().map(f).collect::<Result<_, _>>()?,
        })
    }
}

impl Paging {
    fn limit(&self) -> usize {
        self.limit
            .as_deref()
            .and_then(|limit| limit.parse::<i64>().ok())
            .and_then(|limit| usize::try_from(limit).ok())
            .filter(|limit| *limit > 0)
            .map_or(self.usual.unwrap_or(LIMIT_DEFAULT), |limit| {
                limit.min(LIMIT_MAX)
            })
    }

    /// The page of a short list that is at hand, sorted.
    pub(crate) fn page_of(&self, mut all: Vec<String>) -> Result<Page<String>, Failure> {
        if let Some(position) = self.position.as_deref().filter(|text| !text.is_empty()) {
            let after = decode(position)?;
            all.retain(|one| *one > after);
        }
        let more = all.len() > self.limit();
        all.truncate(self.limit());
        let position = all.last().filter(|_| more).map(|last| encode(last));
        Ok(Page {
            position,
            items: all,
        })
    }

    /// The page of a partition's items whose sort keys begin with a prefix.
    pub(crate) async fn page(
        &self,
        definitions: Definitions<'_>,
        partition: &str,
        prefix: &str,
    ) -> Result<Page<Item>, Failure> {
        self.page_where(definitions, partition, prefix, |_| Ok(true))
            .await
    }

    /// As [`Paging::page`], of those that are wanted. Only for kinds of which an API has a bounded number, for it may read all.
    pub(crate) async fn page_where(
        &self,
        definitions: Definitions<'_>,
        partition: &str,
        prefix: &str,
        wanted: impl Fn(&Item) -> Result<bool, Failure>,
    ) -> Result<Page<Item>, Failure> {
        let limit = self.limit();
        let mut after = self
            .position
            .as_deref()
            .filter(|position| !position.is_empty())
            .map(|position| decode(position).map(|place| format!("{prefix}{place}")))
            .transpose()?;
        let mut items: Vec<Item> = Vec::new();
        // One more than the page holds tells whether there is another page.
        while items.len() <= limit {
            let batch = definitions
                .query(Query {
                    partition: partition.to_owned(),
                    prefix: prefix.to_owned(),
                    after,
                    limit: limit + 1,
                })
                .await?;
            for item in batch.items {
                if wanted(&item)? {
                    items.push(item);
                }
            }
            after = batch.next;
            if after.is_none() {
                break;
            }
        }
        let more = items.len() > limit;
        items.truncate(limit);
        let position = items
            .last()
            .filter(|_| more)
            .and_then(|last| last.key.sort.strip_prefix(prefix))
            .map(encode);
        Ok(Page { position, items })
    }
}

fn encode(place: &str) -> String {
    URL_SAFE_NO_PAD.encode(place)
}

fn decode(position: &str) -> Result<String, Failure> {
    URL_SAFE_NO_PAD
        .decode(position)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .filter(|place| place.len() <= 1_024)
        .ok_or_else(|| Failure::bad_request("Invalid position specified"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_that_makes_no_sense_is_not_refused() {
        for (limit, expected) in [
            (None, 25),
            (Some("1"), 1),
            (Some("500"), 500),
            (Some("501"), 500),
            (Some("0"), 25),
            (Some("-1"), 25),
            (Some("many"), 25),
            (Some("99999999999999999999"), 25),
        ] {
            let paging = Paging {
                position: None,
                limit: limit.map(str::to_owned),
                usual: None,
            };
            assert_eq!(paging.limit(), expected, "{limit:?}");
        }
    }

    #[test]
    fn a_position_is_opaque_and_comes_back() {
        assert_eq!(decode(&encode("a1#b2")).unwrap(), "a1#b2");
        for bad in ["%", "_w", &encode(&"x".repeat(1_100))] {
            assert_eq!(
                decode(bad).unwrap_err().message,
                "Invalid position specified"
            );
        }
    }
}
