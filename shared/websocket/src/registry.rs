//! Which connections are open, for whoever is not their holder.
//!
//! A connection has an item from its `$connect` to its end. It expires some time after the last sign of life, so that nothing
//! stays of a holder that died with all its sockets. Whoever takes the item away tells the API of the end: so it is told once.

use crate::{Connection, Limits};
use postern_store::{Clock, Condition, Consistency, Key, StoreError, Table, Write, decode, encode};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;

/// A connection that is used is written about no oftener.
pub(crate) const TOUCH_EVERY: Duration = Duration::from_mins(1);
/// Longer than what a sign of life may be late: a touch is up to a minute behind.
const EXPIRES_AFTER_IDLE: Duration = Duration::from_mins(3);
/// How long a closed connection is remembered, for its holder to tell that the socket has ended.
const CLOSED_FOR: Duration = Duration::from_mins(5);

const OPEN: &str = "open";
const CLOSED: &str = "closed";

#[derive(Clone)]
pub struct Registry {
    table: Arc<dyn Table>,
    clock: Arc<dyn Clock>,
    limits: Limits,
}

/// An open connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    pub connection: Connection,
    /// When it was last used, to within a minute. Since 1970.
    pub active_at: Duration,
}

/// Who ended a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Whoever asks is the first to know.
    Now,
    /// A DELETE of @connections, and whoever asks is the first to know that the socket is gone.
    Deleted,
    /// Somebody who has told the API of it, or the connection was never there.
    Before,
}

impl Registry {
    pub fn new(table: Arc<dyn Table>, clock: Arc<dyn Clock>, limits: Limits) -> Self {
        Self {
            table,
            clock,
            limits,
        }
    }

    pub async fn open(&self, connection: &Connection) -> Result<(), StoreError> {
        self.table
            .write(self.put(connection, Condition::Absent))
            .await
    }

    /// Says that a connection is used. Returns whether it is still open: one that has ended stays so.
    pub async fn touch(&self, connection: &Connection) -> Result<bool, StoreError> {
        let put = self.put(connection, Condition::Present);
        taken(self.table.write(put).await)
    }

    pub async fn find(&self, id: &str) -> Result<Option<Record>, StoreError> {
        // A backend may send as soon as its `$connect` is over, from anywhere.
        let item = self.table.get(&key(id, OPEN), Consistency::Strong).await?;
        item.as_ref().map(decode).transpose()
    }

    /// Closes a connection whose socket is there yet. Returns whether it was open.
    pub async fn close(&self, id: &str) -> Result<bool, StoreError> {
        let closed = Write::Put {
            key: key(id, CLOSED),
            body: encode(&()),
            expires_at: Some((self.clock.now() + CLOSED_FOR).as_secs()),
            condition: Condition::Always,
        };
        let open = Write::delete(key(id, OPEN), Condition::Present);
        taken(self.table.transact(vec![open, closed]).await)
    }

    /// Takes away a connection whose socket is gone.
    pub async fn end(&self, id: &str) -> Result<Ended, StoreError> {
        for (sort, ended) in [(OPEN, Ended::Now), (CLOSED, Ended::Deleted)] {
            let delete = Write::delete(key(id, sort), Condition::Present);
            if taken(self.table.write(delete).await)? {
                return Ok(ended);
            }
        }
        Ok(Ended::Before)
    }

    fn put(&self, connection: &Connection, condition: Condition) -> Write {
        let now = self.clock.now();
        let record = Record {
            connection: connection.clone(),
            active_at: now,
        };
        let idle = now.saturating_add(self.limits.idle);
        let life = (connection.connected_at).saturating_add(self.limits.life);
        let end = idle.min(life).saturating_add(EXPIRES_AFTER_IDLE);
        Write::Put {
            key: key(&connection.id, OPEN),
            body: encode(&record),
            expires_at: Some(end.as_secs()),
            condition,
        }
    }
}

/// By its id alone, which is random: so connections are spread however busy one API is.
fn key(id: &str, sort: &str) -> Key {
    Key::new(id, sort)
}

/// Whether the condition held.
fn taken(outcome: Result<(), StoreError>) -> Result<bool, StoreError> {
    match outcome {
        Ok(()) => Ok(true),
        Err(StoreError::ConditionFailed { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use postern_gateway::socket::ConnectionCaller;
    use postern_store::Embedded;
    use std::sync::atomic::{AtomicU64, Ordering};

    #[derive(Default)]
    struct Still(AtomicU64);

    impl Clock for Still {
        fn now(&self) -> Duration {
            Duration::from_secs(self.0.load(Ordering::SeqCst))
        }
    }

    fn connection(id: &str) -> Connection {
        Connection {
            id: id.to_owned(),
            api: "a1".into(),
            stage: "dev".into(),
            domain_name: "localhost".to_owned(),
            connected_at: Duration::from_secs(1_000),
            source_ip: "127.0.0.1".to_owned(),
            user_agent: None,
            caller: ConnectionCaller::default(),
        }
    }

    fn registry() -> (Registry, Arc<Still>) {
        let clock = Arc::new(Still(1_000.into()));
        let table = Embedded::memory(clock.clone()).unwrap().connections;
        (
            Registry::new(table, clock.clone(), Limits::default()),
            clock,
        )
    }

    #[tokio::test]
    async fn an_end_is_told_once_and_no_touch_undoes_it() {
        let (registry, _) = registry();
        let one = connection("one");
        assert_eq!(registry.end("one").await, Ok(Ended::Before));
        assert_eq!(registry.touch(&one).await, Ok(false));
        registry.open(&one).await.unwrap();
        assert!(registry.open(&one).await.is_err());
        assert_eq!(registry.touch(&one).await, Ok(true));
        assert_eq!(registry.find("one").await.unwrap().unwrap().connection, one);
        assert_eq!(registry.end("one").await, Ok(Ended::Now));
        assert_eq!(registry.end("one").await, Ok(Ended::Before));
        assert_eq!(registry.touch(&one).await, Ok(false));
        assert_eq!(registry.find("one").await, Ok(None));
    }

    #[tokio::test]
    async fn who_deletes_leaves_the_end_to_the_holder() {
        let (registry, _) = registry();
        let one = connection("one");
        registry.open(&one).await.unwrap();
        assert_eq!(registry.close("one").await, Ok(true));
        assert_eq!(registry.close("one").await, Ok(false));
        assert_eq!(registry.touch(&one).await, Ok(false));
        assert_eq!(registry.find("one").await, Ok(None));
        assert_eq!(registry.end("one").await, Ok(Ended::Deleted));
        assert_eq!(registry.end("one").await, Ok(Ended::Before));
    }

    #[tokio::test]
    async fn a_connection_that_gives_no_sign_of_life_is_forgotten() {
        let (registry, clock) = registry();
        let one = connection("one");
        registry.open(&one).await.unwrap();
        for (second, touches, is_there) in [
            (1_600, false, true),
            (1_779, true, true),
            (2_500, false, true),
            (2_559, false, false),
            // What has expired is not brought back.
            (2_560, true, false),
        ] {
            clock.0.store(second, Ordering::SeqCst);
            if touches {
                assert_eq!(registry.touch(&one).await, Ok(is_there), "{second}");
            }
            let found = registry.find("one").await.unwrap();
            assert_eq!(found.is_some(), is_there, "{second}");
        }
    }
}
