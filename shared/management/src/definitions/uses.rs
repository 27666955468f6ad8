//! Which parts of APIs use something that belongs to the account, so that it is not deleted under them.
//!
//! A part that comes to use something notes it, in the transaction that makes it so, and moves the revision of what it uses: a
//! deletion under way at that moment fails and looks again. Nobody takes a note back; whoever wants to delete asks of each
//! whether it still holds, and clears away those that do not.

use super::{ApiKind, Definitions, Edit};
use crate::wire::Failure;
use postern_definition::ApiId;
use postern_store::{Condition, Key, Query, Write, decode, encode};
use serde::{Deserialize, Serialize};

/// Notes read at once.
const BATCH: usize = 100;

/// A part of an API: a stage by its name, a method as `{resource}:{verb}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Use {
    pub(crate) api: ApiId,
    pub(crate) part: String,
}

fn partition(used: &Key) -> String {
    format!("uses#{}#{}", used.partition, used.sort)
}

/// The note that a part of an API uses something.
fn note_of_use(used: &Key, api: &ApiId, part: String) -> Write {
    let key = Key::new(partition(used), format!("{api}#{part}"));
    let user = Use {
        api: api.clone(),
        part,
    };
    Write::put(key, encode(&user), Condition::Always)
}

impl<A: ApiKind> Edit<'_, A> {
    /// Notes that a part of the API uses something. Says whether that is there.
    pub(crate) async fn uses(&mut self, used: &Key, part: String) -> Result<bool, Failure> {
        self.uses_all(used, vec![part]).await
    }

    /// As [`Edit::uses`], for several parts.
    pub(crate) async fn uses_all(
        &mut self,
        used: &Key,
        parts: Vec<String>,
    ) -> Result<bool, Failure> {
        let Some(item) = self.definitions().item(used).await? else {
            return Ok(false);
        };
        let condition = Condition::Revision(item.revision);
        self.note(vec![Write::put(item.key, item.body, condition)]);
        let api = self.id().clone();
        let notes = parts.into_iter().map(|part| note_of_use(used, &api, part));
        self.note(notes.collect());
        Ok(true)
    }
}

impl Definitions<'_> {
    /// Some of those who are noted to use something, and where to go on.
    pub(crate) async fn users(
        self,
        used: &Key,
        after: Option<String>,
    ) -> Result<(Vec<(Key, Use)>, Option<String>), Failure> {
        let noted = self.query(Query {
            partition: partition(used),
            prefix: String::new(),
            after,
            limit: BATCH,
        });
        let batch = noted.await?;
        let users = batch.items.into_iter().map(|item| {
            let user = decode(&item)?;
            Ok((item.key, user))
        });
        Ok((users.collect::<Result<_, Failure>>()?, batch.next))
    }
}
