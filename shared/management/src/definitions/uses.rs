//! Which parts of APIs use something that belongs to the account, so that it is not deleted under them.
//!
//! A part that comes to use something notes it, in the transaction that makes it so, and moves the revision of what it uses: a
//! deletion under way at that moment fails and looks again. Nobody takes a note back; whoever wants to delete asks of each
//! whether it still holds, and clears away those that do not.

use super::{Change, Edit};
use crate::wire::Failure;
use postern_definition::ApiId;
use postern_store::{Condition, Item, Key, Query, Write};
use serde::{Deserialize, Serialize};

/// Notes looked at in one deletion; the rest is looked at in the next.
const NOTES_MAX: usize = 90;

/// A part of an API: a stage by its name, a method as `{resource}:{verb}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Use {
    pub(crate) api: ApiId,
    pub(crate) part: String,
}

fn partition(used: &Key) -> String {
    format!("uses#{}#{}", used.partition, used.sort)
}

impl Edit<'_> {
    /// Notes that a part of the API uses something. Says whether that is there.
    pub(crate) async fn uses(&mut self, used: &Key, part: String) -> Result<bool, Failure> {
        let Some(item) = self.definitions().item(used).await? else {
            return Ok(false);
        };
        let api = self.id().clone();
        let note = Key::new(partition(used), format!("{api}#{part}"));
        let condition = Condition::Revision(item.revision);
        self.note(vec![Write::put(item.key, item.body, condition)]);
        self.put(note, &Use { api, part });
        Ok(true)
    }
}

impl Change<'_> {
    /// Who is noted to use something.
    pub(crate) async fn users(&self, used: &Key) -> Result<Vec<Item>, Failure> {
        let noted = self.definitions().query(Query {
            partition: partition(used),
            prefix: String::new(),
            after: None,
            limit: NOTES_MAX,
        });
        Ok(noted.await?.items)
    }
}
