//! A line that sends messages back and writes down what it is told, holders that write down what they are to publish, and a clock
//! that stands still.

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, Method, Response};
use postern_gateway::socket::ConnectionCaller;
use postern_gateway::{Arrival, Body, Journal, Spelling};
use postern_grip::{Event, Events, Item, SharedKey};
use postern_store::{Clock, Embedded, Table};
use postern_websocket::{
    Accepted, Connection, Connections, Holders, Limits, Line, Managed, PublishFailure, Reached,
    Sockets, Tag, World,
};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub(crate) const KEY: &str = "a-key-of-the-tests";
pub(crate) const BEGIN: u64 = 1_795_256_446;

pub(crate) struct Still(AtomicU64);

impl Clock for Still {
    fn now(&self) -> Duration {
        Duration::from_secs(self.0.load(Ordering::SeqCst))
    }
}

/// Sends back what it hears, twice where it begins with `twice`, and nothing where it is `quiet`.
pub(crate) struct Echo {
    pub(crate) told: Mutex<Vec<String>>,
    clock: Arc<Still>,
}

impl Echo {
    fn tell(&self, told: String) {
        self.told.lock().unwrap().push(told);
    }
}

#[async_trait]
impl Line for Echo {
    async fn connect(&self, arrival: Arrival, id: &str) -> Result<Accepted, Response<Body>> {
        let names: Vec<_> = arrival
            .headers
            .keys()
            .map(http::HeaderName::as_str)
            .collect();
        self.tell(format!(
            "connect {} {} {}",
            arrival.method,
            arrival.path,
            names.join(",")
        ));
        if arrival.path.starts_with("/refused") {
            let mut refusal = Response::new(Body::from(r#"{"message":"Forbidden"}"#));
            *refusal.status_mut() = http::StatusCode::FORBIDDEN;
            return Err(refusal);
        }
        let mut headers = HeaderMap::new();
        headers.insert("sec-websocket-protocol", "chat1".parse().unwrap());
        headers.insert("content-type", "text/plain".parse().unwrap());
        let agent = arrival.query.as_deref().unwrap_or_default();
        Ok(Accepted {
            connection: Connection {
                id: id.to_owned(),
                api: "a1".into(),
                stage: "dev".into(),
                domain_name: arrival.host,
                connected_at: self.clock.now(),
                source_ip: arrival.source_ip,
                user_agent: Some(agent.to_owned()),
                caller: ConnectionCaller::default(),
            },
            headers,
        })
    }

    async fn message(&self, _: &Connection, text: Bytes) -> Option<Bytes> {
        let shown = String::from_utf8_lossy(&text[..text.len().min(20)]).into_owned();
        self.tell(format!("message {shown}"));
        (&*text != b"quiet").then_some(text)
    }

    async fn disconnected(&self, _: &Connection, code: u16, reason: &str) {
        self.tell(format!("disconnected {code} {reason}"));
    }

    fn sent(&self, _: &Connection) {
        self.tell("sent".to_owned());
    }

    async fn manage(&self, arrival: Arrival) -> Result<Managed, Response<Body>> {
        let mut parts = arrival.path.split('/').skip(1);
        let (stage, _, id) = (parts.next(), parts.next(), parts.next());
        Ok(Managed {
            api: "a1".into(),
            stage: stage.unwrap().into(),
            connection_id: id.unwrap().to_owned(),
            method: arrival.method,
            body: arrival.body.collect(usize::MAX).await.unwrap(),
        })
    }
}

/// Holders that are called `holder`, and do what they are told to.
pub(crate) struct Holding {
    pub(crate) published: Mutex<Vec<Item>>,
    pub(crate) outcome: Mutex<Result<Reached, PublishFailure>>,
}

#[async_trait]
impl Holders for Holding {
    fn tag(&self, name: &str) -> Option<Tag> {
        (name == "holder").then(|| Tag::of(name))
    }

    async fn publish(&self, _: Tag, items: Vec<Item>) -> Result<Reached, PublishFailure> {
        self.published.lock().unwrap().extend(items);
        self.outcome.lock().unwrap().clone()
    }
}

#[derive(Default)]
pub(crate) struct Faults(pub(crate) Mutex<Vec<String>>);

impl Journal for Faults {
    fn request(&self, _: &str, _: &str) {}
    fn metrics(&self, _: &str) {}
    fn execution(&self, _: &str) {}
    fn fault(&self, line: &str) {
        self.0.lock().unwrap().push(line.to_owned());
    }
}

pub(crate) struct Bench {
    pub(crate) sockets: Sockets,
    pub(crate) connections: Connections,
    pub(crate) line: Arc<Echo>,
    pub(crate) holders: Arc<Holding>,
    pub(crate) faults: Arc<Faults>,
    pub(crate) table: Arc<dyn Table>,
    clock: Arc<Still>,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let clock = Arc::new(Still(BEGIN.into()));
        let line = Arc::new(Echo {
            told: Mutex::default(),
            clock: clock.clone(),
        });
        let holders = Arc::new(Holding {
            published: Mutex::default(),
            outcome: Mutex::new(Ok(Reached::Somebody)),
        });
        let faults = Arc::new(Faults::default());
        let table = Embedded::memory(clock.clone()).unwrap().connections;
        let world = World {
            line: line.clone(),
            holders: holders.clone(),
            table: table.clone(),
            clock: clock.clone(),
            journal: faults.clone(),
            limits: Limits::default(),
        };
        Self {
            sockets: Sockets::new(world.clone(), KEY.parse().unwrap()),
            connections: Connections::new(world),
            line,
            holders,
            faults,
            table,
            clock,
        }
    }

    pub(crate) fn later(&self, seconds: u64) {
        self.clock.0.fetch_add(seconds, Ordering::SeqCst);
    }

    /// What the line was told since this was asked last.
    pub(crate) fn told(&self) -> Vec<String> {
        std::mem::take(&mut self.line.told.lock().unwrap())
    }

    pub(crate) fn published(&self) -> Vec<Item> {
        std::mem::take(&mut self.holders.published.lock().unwrap())
    }

    pub(crate) fn holder(&self) -> String {
        let hour = Duration::from_secs(3_600);
        SharedKey::new(KEY.as_bytes()).sign("holder", self.clock.now(), hour)
    }

    pub(crate) fn socket(&self, target: &str) -> Socket<'_> {
        Socket {
            bench: self,
            target: target.to_owned(),
            meta: HeaderMap::new(),
        }
    }

    /// A socket that has been opened.
    pub(crate) async fn open(&self, target: &str) -> Socket<'_> {
        let mut socket = self.socket(target);
        let answer = socket.send(&[Event::Open]).await;
        assert_eq!(answer.status(), 200);
        self.told();
        socket
    }

    pub(crate) async fn manage(
        &self,
        method: Method,
        id: &str,
        body: &str,
    ) -> (u16, HeaderMap, String) {
        let arrival = arrival(
            method,
            &format!("/dev/@connections/{id}"),
            &[],
            body.as_bytes(),
        );
        let (head, body) = self.connections.answer(arrival).await.into_parts();
        let body = body.collect(usize::MAX).await.unwrap();
        let body = String::from_utf8(body.to_vec()).unwrap();
        (head.status.as_u16(), head.headers, body)
    }
}

pub(crate) struct Socket<'b> {
    bench: &'b Bench,
    target: String,
    pub(crate) meta: HeaderMap,
}

impl Socket<'_> {
    /// Sends events as a holder does, and keeps what it is told to.
    pub(crate) async fn send(&mut self, events: &[Event]) -> Response<Bytes> {
        let mut body = Vec::new();
        for event in events {
            event.write(&mut body);
        }
        self.send_body(body).await
    }

    pub(crate) async fn send_body(&mut self, body: Vec<u8>) -> Response<Bytes> {
        let token = self.bench.holder();
        let mut arrival = arrival(
            Method::POST,
            &self.target,
            &[
                ("content-type", "application/websocket-events"),
                ("grip-sig", &token),
                ("grip-feature", "status"),
                ("connection-id", "socket-1"),
                ("sec-websocket-extensions", "grip"),
                ("accept", "application/websocket-events"),
                ("cookie", "a=b"),
            ],
            &body,
        );
        arrival.headers.extend(self.meta.clone());
        let answer = self.bench.sockets.answer(arrival).await;
        for (name, value) in answer.headers() {
            if let Some(name) = name.as_str().strip_prefix("set-") {
                let name = http::HeaderName::try_from(name).unwrap();
                self.meta.insert(name, value.clone());
            }
        }
        answer
    }

    /// The id of its connection, as its seal has it.
    pub(crate) fn id(&self) -> String {
        use base64::Engine as _;
        let sealed = self.meta["meta-connection"].to_str().unwrap();
        let (sealed, _) = sealed.split_once('.').unwrap();
        if let Some(id) = sealed.strip_prefix('*') {
            return id.to_owned();
        }
        let json = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(sealed);
        let connection: Connection = serde_json::from_slice(&json.unwrap()).unwrap();
        connection.id
    }
}

pub(crate) fn heard(answer: &Response<Bytes>) -> Vec<Event> {
    assert_eq!(answer.status(), 200);
    Events::new(answer.body().clone())
        .collect::<Result<_, _>>()
        .unwrap()
}

pub(crate) fn arrival(
    method: Method,
    target: &str,
    headers: &[(&'static str, &str)],
    body: &[u8],
) -> Arrival {
    let (path, query) = target
        .split_once('?')
        .map_or((target, None), |(path, query)| {
            (path, Some(query.to_owned()))
        });
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(*name, value.parse().unwrap());
    }
    Arrival {
        method,
        host: "a1.execute-api.localhost".to_owned(),
        path: path.to_owned(),
        query,
        headers: map,
        body: Body::from(Bytes::copy_from_slice(body)),
        proven: None,
        source_ip: "203.0.113.9".to_owned(),
        spelling: Spelling::default(),
        scheme: "http",
        port: 80,
        client_certificate: None,
        vpc: None,
    }
}
