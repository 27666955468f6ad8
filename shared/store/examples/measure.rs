//! Measures the embedded engine in a folder that does not exist yet: `cargo run --example measure -- FOLDER [ITEMS]`.
//!
//! How long opening takes (new, closed well, killed), how long a write takes alone and among 64, and the memory.

use postern_store::{
    Add, Condition, Consistency, Embedded, Key, Query, Store, SystemClock, Table, Write,
};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

type Failure = Box<dyn std::error::Error>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().collect();
    let dir = Path::new(arguments.get(1).ok_or("name a folder")?);
    let items = arguments.get(2).map_or(Ok(1_000), |items| items.parse())?;
    if arguments.get(3).is_some() {
        // The child: writes until it is killed.
        let store = open(dir)?;
        loop {
            write(&*store.usage, "killed", 500).await?;
        }
    }
    if dir.exists() {
        return Err("the folder must not exist yet".into());
    }

    timed("open new", || open(dir))?;
    let store = timed("open empty", || open(dir))?;
    report("memory idle", &memory());
    fill(&store, items).await?;
    drop(store);
    let store = timed("open after a good close", || open(dir))?;
    report("memory after opening", &memory());
    drop(store);
    kill_a_writer(dir, items)?;
    let store = timed("open after a kill", || open(dir))?;

    let mut alone = Vec::new();
    for _ in 0..500 {
        let start = Instant::now();
        write(&*store.usage, "alone", 500).await?;
        alone.push(start.elapsed());
    }
    alone.sort();
    report("a write alone, median", &format!("{:?}", alone[250]));
    report("a write alone, 99 of 100", &format!("{:?}", alone[495]));
    concurrently(&store, "64 writers, 500 bytes", |table, n| async move {
        write(&*table, &format!("many{n}"), 500).await
    })
    .await?;
    concurrently(&store, "64 adders, one item", |table, _| async move {
        add(&*table).await
    })
    .await?;
    let start = Instant::now();
    for n in 0..10_000 {
        let key = Key::new(format!("p{}", n % 50), format!("{:06}", n % items));
        store.usage.get(&key, Consistency::Strong).await?;
    }
    report("a read", &format!("{:?}", start.elapsed() / 10_000));
    report("memory busy", &memory());
    report(
        "file",
        &format!(
            "{} kB",
            std::fs::metadata(dir.join("postern.redb"))?.len() / 1_000
        ),
    );
    timed("close", || -> Result<(), Failure> {
        drop(store);
        Ok(())
    })
}

fn open(dir: &Path) -> Result<Store, Failure> {
    Ok(Embedded::open(dir, Arc::new(SystemClock))?)
}

async fn write(table: &dyn Table, sort: &str, bytes: usize) -> Result<(), Failure> {
    let write = Write::put(Key::new("p", sort), vec![7; bytes], Condition::Always);
    Ok(table.write(write).await?)
}

async fn add(table: &dyn Table) -> Result<(), Failure> {
    let add = Add {
        key: Key::new("p", "counter"),
        by: vec![("a".to_owned(), 1)],
        within: Vec::new(),
        expires_at: None,
    };
    table.add(add).await?;
    Ok(())
}

async fn fill(store: &Store, items: usize) -> Result<(), Failure> {
    for start in (0..items).step_by(100) {
        let writes = (start..items.min(start + 100))
            .map(|n| {
                let key = Key::new(format!("p{}", n % 50), format!("{n:06}"));
                Write::put(key, vec![7; 2_000], Condition::Always)
            })
            .collect();
        store.usage.transact(writes).await?;
    }
    let query = Query {
        partition: "p0".to_owned(),
        prefix: String::new(),
        after: None,
        limit: 10,
    };
    store.usage.query(query).await?;
    Ok(())
}

fn kill_a_writer(dir: &Path, items: usize) -> Result<(), Failure> {
    let mut child = Command::new(std::env::current_exe()?)
        .arg(dir)
        .args([&items.to_string(), "child"])
        .stdin(Stdio::null())
        .spawn()?;
    std::thread::sleep(Duration::from_secs(1));
    child.kill()?;
    child.wait()?;
    Ok(())
}

async fn concurrently<F>(
    store: &Store,
    what: &str,
    each: impl Fn(Arc<dyn Table>, usize) -> F + Copy + Send + 'static,
) -> Result<(), Failure>
where
    F: Future<Output = Result<(), Failure>> + Send,
{
    const EACH: u32 = 100;
    let start = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..64 {
        let table = store.usage.clone();
        tasks.spawn(async move {
            for _ in 0..EACH {
                each(table.clone(), n)
                    .await
                    .map_err(|error| error.to_string())?;
            }
            Ok::<_, String>(())
        });
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    let per_second = f64::from(64 * EACH) / start.elapsed().as_secs_f64();
    report(what, &format!("{per_second:.0} a second"));
    Ok(())
}

fn timed<T>(what: &str, act: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    let start = Instant::now();
    let result = act()?;
    report(what, &format!("{:?}", start.elapsed()));
    Ok(result)
}

fn report(what: &str, value: &str) {
    println!("{what:30} {value}");
}

/// What the system counts as resident, where it tells.
fn memory() -> String {
    std::fs::read_to_string("/proc/self/status")
        .ok()
        .and_then(|status| {
            let line = status.lines().find(|line| line.starts_with("VmRSS"))?;
            Some(
                line.split_whitespace()
                    .skip(1)
                    .collect::<Vec<_>>()
                    .join(" "),
            )
        })
        .unwrap_or_else(|| "unknown".to_owned())
}
