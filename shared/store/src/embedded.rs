//! The engine for one process on one machine: a laptop, a test, CI.
//!
//! All four tables lie in one file of a transactional database. Reads look at the last commit and wait for nobody; writes
//! go through one thread (see [`writer`]), and are on the disk before they are answered.

mod batch;
mod layout;
mod reader;
#[cfg(test)]
mod tests;
mod value;
mod writer;

use crate::{
    Add, Batch, Clock, Consistency, Item, Key, Query, Store, StoreError, Table, Write, validate,
};
use async_trait::async_trait;
use batch::Work;
use layout::{EXPIRIES, TableId};
use redb::backends::InMemoryBackend;
use redb::{Builder, Database, DatabaseError, ReadableDatabase, StorageError, TableError};
use std::collections::BTreeMap;
use std::fs::{File, TryLockError};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use writer::{Generations, Writer};

const FILE_NAME: &str = "postern.redb";
/// What every file of the database begins with is this long.
const MARK_BYTES: u64 = 9;
/// Small, because the whole process is to idle in 20 MiB after a busy hour too, and twice this came to be resident when it
/// was measured. What is not in this cache is in the system's, microseconds away.
const CACHE_BYTES: usize = 4 << 20;

/// Opens stores that live in this process.
pub struct Embedded;

impl Embedded {
    /// Opens the store in a folder, or makes both. One process at a time can have it open.
    pub fn open(dir: &Path, clock: Arc<dyn Clock>) -> Result<Store, OpenError> {
        let file = dir.join(FILE_NAME);
        let why_not = |error| OpenError::from_database(dir, &file, error);
        let io = |error: std::io::Error| why_not(error.into());
        std::fs::create_dir_all(dir).map_err(io)?;
        let is_new = !file.exists();
        discard_unfinished(&file).map_err(why_not)?;
        let database = builder().create(&file).map_err(why_not)?;
        if is_new {
            sync_names(dir).map_err(io)?;
        }
        store(database, clock, &file)
    }

    /// A store that is gone when it is dropped.
    pub fn memory(clock: Arc<dyn Clock>) -> Result<Store, OpenError> {
        let place = Path::new("memory");
        let database = builder()
            .create_with_backend(InMemoryBackend::new())
            .map_err(|error| OpenError::damaged(place, &error))?;
        store(database, clock, place)
    }
}

/// Why a store did not open.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    #[error(
        "the folder `{}` is in use by another Postern: stop that one, or choose another folder for this one",
        dir.display()
    )]
    InUse { dir: PathBuf },
    #[error(
        "the folder `{}` cannot be used: {reason}; choose a folder that this user can write",
        dir.display()
    )]
    Io { dir: PathBuf, reason: String },
    #[error(
        "the file `{}` cannot be read: {reason}; if another version of Postern wrote it, use that one, \
         else move the file away and start with an empty store",
        file.display()
    )]
    Damaged { file: PathBuf, reason: String },
    #[error("the store cannot start its thread: {reason}")]
    Thread { reason: String },
}

impl OpenError {
    fn from_database(dir: &Path, file: &Path, error: DatabaseError) -> Self {
        match error {
            DatabaseError::DatabaseAlreadyOpen => Self::InUse {
                dir: dir.to_owned(),
            },
            DatabaseError::Storage(StorageError::Io(error))
                if !matches!(
                    error.kind(),
                    ErrorKind::InvalidData | ErrorKind::UnexpectedEof
                ) =>
            {
                Self::Io {
                    dir: dir.to_owned(),
                    reason: error.to_string(),
                }
            }
            other => Self::damaged(file, &other),
        }
    }

    fn damaged(file: &Path, error: &dyn std::error::Error) -> Self {
        Self::Damaged {
            file: file.to_owned(),
            reason: error.to_string(),
        }
    }
}

/// Empties a file whose making was cut short: the database writes its first bytes last, so a file that begins with zeros
/// never held anything. Under the database's own lock, or it might be one that is being made right now.
fn discard_unfinished(file: &Path) -> Result<(), DatabaseError> {
    let mut file = match File::options().read(true).write(true).open(file) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        file => file?,
    };
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(DatabaseError::DatabaseAlreadyOpen),
        Err(TryLockError::Error(error)) => return Err(error.into()),
    }
    let mut beginning = Vec::new();
    Read::by_ref(&mut file)
        .take(MARK_BYTES)
        .read_to_end(&mut beginning)?;
    if beginning.iter().all(|byte| *byte == 0) {
        file.set_len(0)?;
    }
    file.unlock()?;
    Ok(())
}

fn builder() -> Builder {
    let mut builder = Builder::new();
    builder.set_cache_size(CACHE_BYTES);
    builder
}

fn store(database: Database, clock: Arc<dyn Clock>, place: &Path) -> Result<Store, OpenError> {
    make_tables(&database).map_err(|error| OpenError::damaged(place, &error))?;
    let database = Arc::new(database);
    let generations = Arc::new(Generations::default());
    let writer = Writer::start(
        Arc::clone(&database),
        Arc::clone(&generations),
        Arc::clone(&clock),
    )
    .map_err(|error| OpenError::Thread {
        reason: error.to_string(),
    })?;
    let engine = Arc::new(Engine {
        writer,
        generations,
        clock,
        database,
    });
    let table = |id| -> Arc<dyn Table> {
        Arc::new(EmbeddedTable {
            id,
            engine: Arc::clone(&engine),
        })
    };
    Ok(Store {
        definitions: table(TableId::Definitions),
        usage: table(TableId::Usage),
        cache: table(TableId::Cache),
        connections: table(TableId::Connections),
    })
}

/// Makes the tables that are missing, so that reads find them. Where none is, nothing is written: opening is quick.
fn make_tables(database: &Database) -> Result<(), redb::Error> {
    if has_tables(database)? {
        return Ok(());
    }
    let transaction = database.begin_write()?;
    for table in TableId::ALL {
        transaction.open_table(table.items())?;
    }
    transaction.open_table(EXPIRIES)?;
    transaction.commit()?;
    Ok(())
}

fn has_tables(database: &Database) -> Result<bool, redb::Error> {
    let exists = |opened: Result<(), TableError>| match opened {
        Ok(()) => Ok(true),
        Err(TableError::TableDoesNotExist(_)) => Ok(false),
        Err(error) => Err(error),
    };
    let transaction = database.begin_read()?;
    for table in TableId::ALL {
        if !exists(transaction.open_table(table.items()).map(drop))? {
            return Ok(false);
        }
    }
    Ok(exists(transaction.open_table(EXPIRIES).map(drop))?)
}

/// The names of a new file and a new folder are on the disk only when the folders that list them are.
#[cfg(unix)]
fn sync_names(dir: &Path) -> std::io::Result<()> {
    let dir = dir.canonicalize()?;
    File::open(&dir)?.sync_all()?;
    match dir.parent() {
        Some(parent) => File::open(parent)?.sync_all(),
        None => Ok(()),
    }
}

/// Elsewhere folders cannot be opened as files, and their file systems look after the names.
#[cfg(not(unix))]
fn sync_names(_: &Path) -> std::io::Result<()> {
    Ok(())
}

/// What the four tables share. The writer comes first: it ends before the database closes.
struct Engine {
    writer: Writer,
    generations: Arc<Generations>,
    clock: Arc<dyn Clock>,
    database: Arc<Database>,
}

struct EmbeddedTable {
    id: TableId,
    engine: Arc<Engine>,
}

impl EmbeddedTable {
    fn now(&self) -> u64 {
        self.engine.clock.now().as_secs()
    }
}

#[async_trait]
impl Table for EmbeddedTable {
    async fn get(&self, key: &Key, _: Consistency) -> Result<Option<Item>, StoreError> {
        validate::key(key)?;
        reader::get(&self.engine.database, self.id, key, self.now())
    }

    async fn query(&self, query: Query) -> Result<Batch, StoreError> {
        validate::query(&query)?;
        reader::query(&self.engine.database, self.id, &query, self.now())
    }

    async fn write(&self, write: Write) -> Result<(), StoreError> {
        validate::write(&write)?;
        let work = Work::Write(vec![write]);
        self.engine.writer.ask(self.id, work).await.map(drop)
    }

    async fn transact(&self, writes: Vec<Write>) -> Result<(), StoreError> {
        validate::transaction(&writes)?;
        let work = Work::Write(writes);
        self.engine.writer.ask(self.id, work).await.map(drop)
    }

    async fn add(&self, add: Add) -> Result<BTreeMap<String, i64>, StoreError> {
        validate::add(&add)?;
        self.engine.writer.ask(self.id, Work::Add(add)).await
    }

    fn generation(&self) -> Option<u64> {
        Some(self.engine.generations[self.id.index()].load(Ordering::Acquire))
    }
}
