//! A backend of holders to test them with: `line ADDRESS:PORT KEY HOLDERS [NAME=SECONDS]...`. Instead of APIs it has a small line of its own,
//! and an embedded store in memory.
//!
//! A handshake with `?refuse=403` is refused with that; of the subprotocols that a client offers it takes the first. It sends back every message but
//! `quiet`, after as many milliseconds as `slow 100` says; `id` is answered with the connection's id. `GET /told` tells what happened,
//! a line each, and `/{stage}/@connections/{id}` is there, open to everybody. `idle=5` and `life=60` are its limits.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "it is a program that prints"
)]

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use postern_egress::{Egress, Options};
use postern_gateway::socket::ConnectionCaller;
use postern_gateway::{Arrival, Body, Clock, Journal, Spelling, SystemClock};
use postern_store::Embedded;
use postern_websocket::{
    Accepted, Connection, Connections, HolderList, Keys, Limits, Line, Managed, RemoteHolders,
    Sockets, World,
};
use std::convert::Infallible;
use std::error::Error;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::TcpListener;

#[derive(Default)]
struct Small(Mutex<String>);

impl Small {
    fn tell(&self, line: &str) {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        told.push_str(line);
        told.push('\n');
    }

    fn told(&self) -> String {
        let told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        told.clone()
    }
}

#[async_trait]
impl Line for Small {
    async fn connect(&self, arrival: Arrival, id: &str) -> Result<Accepted, Response<Body>> {
        let query = arrival.query.unwrap_or_default();
        if let Some(status) = query.strip_prefix("refuse=") {
            let mut refusal = Response::new(Body::from(r#"{"message":"Forbidden"}"#));
            *refusal.status_mut() = status.parse().unwrap_or(StatusCode::FORBIDDEN);
            return Err(refusal);
        }
        self.tell(&format!(
            "connect {id} {} {} {query}",
            arrival.path, arrival.source_ip
        ));
        let mut headers = HeaderMap::new();
        let offered = arrival.headers.get("sec-websocket-protocol");
        let first = offered.and_then(|offered| offered.to_str().ok()?.split(',').next());
        if let Some(first) = first.and_then(|first| first.trim().parse().ok()) {
            headers.insert("sec-websocket-protocol", first);
        }
        let agent = arrival.headers.get("user-agent");
        Ok(Accepted {
            connection: Connection {
                id: id.to_owned(),
                api: "line".into(),
                stage: "dev".into(),
                domain_name: arrival.host,
                connected_at: SystemClock.now(),
                source_ip: arrival.source_ip,
                user_agent: agent.and_then(|agent| agent.to_str().ok().map(str::to_owned)),
                caller: ConnectionCaller::default(),
            },
            headers,
        })
    }

    async fn message(&self, connection: &Connection, text: Bytes) -> Option<Bytes> {
        let said = String::from_utf8_lossy(&text);
        let shown: String = said.chars().take(40).collect();
        self.tell(&format!("message {} {shown}", connection.id));
        if let Some(wait) = said.strip_prefix("slow ") {
            let wait = wait.parse().unwrap_or_default();
            tokio::time::sleep(Duration::from_millis(wait)).await;
        }
        match &*said {
            "quiet" => None,
            "id" => Some(connection.id.clone().into()),
            _ => Some(text),
        }
    }

    async fn disconnected(&self, connection: &Connection, code: u16, reason: &str) {
        self.tell(&format!("disconnected {} {code} {reason}", connection.id));
    }

    fn sent(&self, _: &Connection) {}

    async fn manage(&self, arrival: Arrival) -> Result<Managed, Response<Body>> {
        let id = arrival.path.rsplit('/').next().unwrap_or_default();
        Ok(Managed {
            api: "line".into(),
            stage: "dev".into(),
            connection_id: id.replace("%3D", "="),
            method: arrival.method,
            body: arrival.body.collect(usize::MAX).await.unwrap_or_default(),
        })
    }
}

struct Stderr;

impl Journal for Stderr {
    fn request(&self, _: &str, _: &str) {}
    fn metrics(&self, _: &str) {}
    fn execution(&self, _: &str) {}
    fn fault(&self, line: &str) {
        eprintln!("{line}");
    }
}

struct Backend {
    small: Arc<Small>,
    sockets: Sockets,
    connections: Connections,
}

impl Backend {
    async fn answer(&self, request: Request<Incoming>, peer: SocketAddr) -> Response<Full<Bytes>> {
        let (head, body) = request.into_parts();
        let path = head.uri.path().to_owned();
        if path == "/told" && head.method == Method::GET {
            return Response::new(Full::from(self.small.told()));
        }
        let client = (head.headers.get("x-forwarded-for")).and_then(|list| {
            let list = list.to_str().ok()?;
            list.rsplit(',').next().map(|last| last.trim().to_owned())
        });
        let host = head.headers.get("host").and_then(|host| host.to_str().ok());
        let arrival = Arrival {
            method: head.method,
            host: host.unwrap_or_default().to_owned(),
            query: head.uri.query().map(str::to_owned),
            headers: head.headers,
            body: Body::stream(body),
            proven: None,
            source_ip: client.unwrap_or_else(|| peer.ip().to_string()),
            spelling: Spelling::default(),
            scheme: "http",
            port: 80,
            client_certificate: None,
            vpc: None,
            path,
        };
        if arrival.path.contains("connections/") {
            let (head, body) = self.connections.answer(arrival).await.into_parts();
            let body = body.collect(usize::MAX).await;
            return Response::from_parts(head, Full::new(body.unwrap_or_default()));
        }
        self.sockets.answer(arrival).await.map(Full::new)
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut words = std::env::args().skip(1);
    let mut word = |what: &str| words.next().ok_or_else(|| format!("{what} is missing"));
    let address = word("ADDRESS:PORT")?;
    let keys: Keys = word("KEY")?.parse()?;
    let holders: HolderList = word("HOLDERS")?.parse()?;
    let mut limits = Limits::default();
    for setting in words {
        match setting.split_once('=') {
            Some(("idle", seconds)) => limits.idle = Duration::from_secs(seconds.parse()?),
            Some(("life", seconds)) => limits.life = Duration::from_secs(seconds.parse()?),
            _ => return Err(format!("`{setting}` is not understood").into()),
        }
    }
    let clock = Arc::new(SystemClock);
    let small = Arc::new(Small::default());
    let egress = Arc::new(Egress::new(&Options::default()));
    let world = World {
        line: small.clone(),
        holders: Arc::new(RemoteHolders::new(
            holders,
            keys.clone(),
            egress,
            clock.clone(),
        )),
        table: Embedded::memory(clock.clone())?.connections,
        clock,
        journal: Arc::new(Stderr),
        limits,
    };
    let backend = Arc::new(Backend {
        small,
        sockets: Sockets::new(world.clone(), keys),
        connections: Connections::new(world),
    });
    let listener = TcpListener::bind(address).await?;
    println!("{}", listener.local_addr()?);
    loop {
        let (stream, peer) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let backend = backend.clone();
        let service = service_fn(move |request| {
            let backend = backend.clone();
            async move { Ok::<_, Infallible>(backend.answer(request, peer).await) }
        });
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}
