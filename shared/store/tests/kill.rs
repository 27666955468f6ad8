//! What was acknowledged is there after a kill, at whatever moment, and nothing is there by half.
//!
//! The program runs itself as the one that writes, and kills it; that is why it has a `main` of its own.

#![expect(clippy::unwrap_used, reason = "all of this is a test")]

use postern_store::{Add, Condition, Consistency, Embedded, Key, Store, SystemClock, Table, Write};
use std::collections::BTreeMap;
use std::io::{Read, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;

const CHILD: &str = "--write-until-killed-in";
const WRITERS: usize = 8;
const ROUNDS: u32 = 16;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, flag, dir] = arguments.as_slice()
        && flag == CHILD
    {
        return write_until_killed(Path::new(dir)).await;
    }
    // One folder lives through every other kill; the rest are killed while they are made.
    let kept = TempDir::new().unwrap();
    let mut acknowledged = 0;
    let mut slowest = Duration::ZERO;
    for round in 0..ROUNDS {
        let fresh = TempDir::new().unwrap();
        let (dir, millis) = if round % 2 == 0 {
            (kept.path(), rand::random_range(1..200))
        } else {
            (fresh.path(), rand::random_range(0..12))
        };
        let seen = kill_a_writer(dir, Duration::from_millis(millis));
        let start = Instant::now();
        let store = open(dir);
        slowest = slowest.max(start.elapsed());
        check(&store, &seen).await;
        acknowledged += seen.values().map(|told| told.count).sum::<u64>();
    }
    assert!(acknowledged > 0, "no writer came to write");
    println!(
        "{ROUNDS} kills, {acknowledged} acknowledged writes found, slowest opening {slowest:?}"
    );
}

fn open(dir: &Path) -> Store {
    Embedded::open(dir, Arc::new(SystemClock)).unwrap()
}

fn item(writer: usize, n: u64) -> Key {
    Key::new(format!("writer {writer}"), format!("{n:08}"))
}

fn last(writer: usize) -> Key {
    Key::new(format!("writer {writer}"), "last")
}

/// How many each writer has written, as the store says.
async fn written(table: &dyn Table, writer: usize) -> u64 {
    let last = table.get(&last(writer), Consistency::Strong).await.unwrap();
    last.map_or(0, |item| {
        std::str::from_utf8(&item.body).unwrap().parse().unwrap()
    })
}

/// Each write is an item, the number of items so far, and a counter; it is told when all of it is acknowledged.
async fn write_until_killed(dir: &Path) {
    let store = open(dir);
    let mut tasks = tokio::task::JoinSet::new();
    for writer in 0..WRITERS {
        let table = store.usage.clone();
        tasks.spawn(async move {
            for n in written(&*table, writer).await.. {
                let body = format!("{n}").repeat(100);
                let writes = vec![
                    Write::put(item(writer, n), body, Condition::Absent),
                    Write::put(last(writer), (n + 1).to_string(), Condition::Always),
                ];
                table.transact(writes).await.unwrap();
                let add = Add {
                    key: Key::new("counters", format!("{writer}")),
                    by: vec![("written".to_owned(), 1)],
                    within: Vec::new(),
                    expires_at: None,
                };
                let counted = table.add(add).await.unwrap()["written"];
                let mut out = std::io::stdout().lock();
                writeln!(out, "{writer} {} {counted}", n + 1).unwrap();
                out.flush().unwrap();
            }
        });
    }
    tasks.join_all().await;
}

/// What a writer was last told: how many items there are, and what its counter is.
#[derive(Clone, Copy, Default)]
struct Told {
    count: u64,
    counted: u64,
}

/// What each writer was told, where it was told anything.
fn kill_a_writer(dir: &Path, after: Duration) -> BTreeMap<usize, Told> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .arg(CHILD)
        .arg(dir)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = child.stdout.take().unwrap();
    let reader = std::thread::spawn(move || {
        let mut text = String::new();
        out.read_to_string(&mut text).unwrap();
        text
    });
    std::thread::sleep(after);
    child.kill().unwrap();
    child.wait().unwrap();
    let text = reader.join().unwrap();
    // The kill may have cut the last line.
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    let mut seen = BTreeMap::new();
    for line in whole.lines() {
        let numbers: Vec<u64> = line.split(' ').map(|n| n.parse().unwrap()).collect();
        let told = Told {
            count: numbers[1],
            counted: numbers[2],
        };
        seen.insert(numbers[0] as usize, told);
    }
    seen
}

async fn check(store: &Store, seen: &BTreeMap<usize, Told>) {
    for writer in 0..WRITERS {
        let count = written(&*store.usage, writer).await;
        let told = seen.get(&writer).copied().unwrap_or_default();
        assert!(
            count >= told.count,
            "writer {writer} was told {}, and {count} are there",
            told.count
        );
        for n in 0..=count {
            let item = store
                .usage
                .get(&item(writer, n), Consistency::Strong)
                .await
                .unwrap();
            let body = item.map(|item| item.body);
            let expected = (n < count).then(|| n.to_string().repeat(100).into());
            assert_eq!(body, expected, "writer {writer}, item {n} of {count}");
        }
        let key = Key::new("counters", format!("{writer}"));
        let counters = store.usage.get(&key, Consistency::Strong).await.unwrap();
        let counted = counters.map_or(0, |item| item.counters["written"]);
        let counted = u64::try_from(counted).unwrap();
        // A kill between the items and the counter leaves the counter behind, but never behind what was told.
        assert!(
            (told.counted..=count).contains(&counted),
            "writer {writer} was told {}, {counted} are counted, {count} there",
            told.counted
        );
    }
}
