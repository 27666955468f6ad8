//! Opening a folder: what was stored is there again, and what cannot be opened says why.

use crate::time::TestClock;
use postern_store::{Add, Condition, Consistency, Embedded, Key, OpenError, Query, Store, Write};
use std::path::Path;
use tempfile::TempDir;

fn open(dir: &Path) -> Result<Store, OpenError> {
    Embedded::open(dir, TestClock::at(1_800_000_000))
}

fn refusal(dir: &Path) -> String {
    let Err(error) = open(dir) else {
        panic!("`{}` opened", dir.display());
    };
    error.to_string().replace(&dir.display().to_string(), "DIR")
}

fn write(key: &Key) -> Write {
    Write::put(key.clone(), "body", Condition::Absent)
}

#[tokio::test]
async fn what_was_stored_is_there_when_opened_again() {
    let dir = TempDir::new().unwrap();
    let key = Key::new("p", "s");
    let store = open(dir.path()).unwrap();
    store.definitions.write(write(&key)).await.unwrap();
    let add = Add {
        key: key.clone(),
        by: vec![("a".to_owned(), 3)],
        within: Vec::new(),
        expires_at: Some(1_900_000_000),
    };
    store.definitions.add(add).await.unwrap();
    let before = store.definitions.get(&key, Consistency::Strong).await;
    drop(store);
    let store = open(dir.path()).unwrap();
    let after = store.definitions.get(&key, Consistency::Strong).await;
    assert!(after.as_ref().unwrap().is_some());
    assert_eq!(after, before);
}

#[tokio::test]
async fn the_four_tables_are_apart() {
    let store = Embedded::memory(TestClock::at(1)).unwrap();
    let key = Key::new("p", "s");
    let tables = [
        &store.definitions,
        &store.usage,
        &store.cache,
        &store.connections,
    ];
    for (index, table) in tables.iter().enumerate() {
        let generations = tables.map(|table| table.generation());
        // Absent, although the tables before have it.
        table.write(write(&key)).await.unwrap();
        for (other, table) in tables.iter().enumerate() {
            assert_eq!(
                table.generation() != generations[other],
                other == index,
                "{other} after a write to {index}"
            );
        }
    }
    let query = Query {
        partition: "p".to_owned(),
        prefix: String::new(),
        after: None,
        limit: 10,
    };
    for table in tables {
        assert_eq!(table.query(query.clone()).await.unwrap().items.len(), 1);
    }
}

#[test]
fn a_folder_that_is_missing_is_made() {
    let dir = TempDir::new().unwrap();
    let deep = dir.path().join("a/b");
    open(&deep).unwrap();
    assert!(deep.join("postern.redb").is_file());
}

#[test]
fn a_folder_in_use_is_refused_until_it_is_free() {
    let dir = TempDir::new().unwrap();
    let store = open(dir.path()).unwrap();
    // One table holds it open as all do.
    let table = store.cache.clone();
    drop(store);
    assert_eq!(
        refusal(dir.path()),
        "the folder `DIR` is in use by another Postern: stop that one, or choose another folder for this one"
    );
    drop(table);
    assert!(open(dir.path()).is_ok());
}

#[test]
fn a_folder_that_cannot_be_used_says_why() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("file");
    std::fs::write(&file, "").unwrap();
    assert_eq!(
        refusal(&file),
        "the folder `DIR` cannot be used: File exists (os error 17); choose a folder that this user can write"
    );
}

#[test]
fn a_file_that_is_no_store_says_what_to_do() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("postern.redb");
    drop(open(dir.path()).unwrap());
    let whole = std::fs::read(&file).unwrap();
    let mut other_version = whole.clone();
    other_version[64] = 99;
    other_version[192] = 99;
    for bytes in [
        b"text".as_slice(),
        &vec![7; 100_000],
        &whole[..100],
        &whole[..5_000],
        &[&whole[..320], &vec![255; 100_000]].concat(),
        &other_version,
    ] {
        std::fs::write(&file, bytes).unwrap();
        let refusal = refusal(dir.path());
        assert!(
            refusal.starts_with("the file `DIR/postern.redb` cannot be read: "),
            "{refusal}"
        );
        assert!(
            refusal.ends_with(
                "; if another version of Postern wrote it, use that one, else move the file away and start with an empty store"
            ),
            "{refusal}"
        );
        assert_eq!(std::fs::read(&file).unwrap(), bytes, "it is left as it is");
    }
}

/// The database sets the length of a new file before it writes its first bytes, and a kill may come between.
#[test]
fn a_file_whose_making_was_cut_short_is_made_anew() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("postern.redb");
    for bytes in [0, 5, 1_000_000] {
        std::fs::write(&file, vec![0; bytes]).unwrap();
        open(dir.path()).unwrap();
    }
}
