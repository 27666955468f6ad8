//! A holder on a port of this machine, a backend that does what the test says, and a client that sends bytes as they are.

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use postern_grip::{CONTENT_TYPE, Closing, Event, Events};
use postern_holder::{Backend, BackendError, Holder, Settings, Trouble};
use postern_store::SystemClock;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

/// Long enough for a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) type Answer = Result<Response<Bytes>, BackendError>;

/// What the backend does with a request's events.
pub(crate) type Script = dyn Fn(&Request<Bytes>, &[Event]) -> Answer + Send + Sync;

pub(crate) struct Scripted {
    script: Box<Script>,
    /// How long it takes for every answer but the one to OPEN.
    delay: Duration,
    requests: Mutex<Vec<Request<Bytes>>>,
    at_once: AtomicUsize,
    pub(crate) most_at_once: AtomicUsize,
}

#[async_trait]
impl Backend for Scripted {
    async fn events(&self, request: Request<Bytes>) -> Answer {
        let at_once = self.at_once.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_at_once.fetch_max(at_once, Ordering::SeqCst);
        let events = events(&request);
        self.requests.lock().unwrap().push(request.clone());
        if !events.contains(&Event::Open) {
            tokio::time::sleep(self.delay).await;
        }
        let answer = (self.script)(&request, &events);
        self.at_once.fetch_sub(1, Ordering::SeqCst);
        answer
    }
}

pub(crate) fn events(request: &Request<Bytes>) -> Vec<Event> {
    Events::new(request.body().clone())
        .collect::<Result<_, _>>()
        .unwrap()
}

pub(crate) fn answer(events: &[Event]) -> Response<Bytes> {
    let mut body = Vec::new();
    for event in events {
        event.write(&mut body);
    }
    let answer = Response::builder().header("content-type", CONTENT_TYPE);
    answer.body(body.into()).unwrap()
}

/// Sends everything back but DISCONNECT.
pub(crate) fn echo(_: &Request<Bytes>, events: &[Event]) -> Answer {
    let mut events = events.to_vec();
    events.retain(|event| *event != Event::Disconnect);
    Ok(answer(&events))
}

/// Accepts, and has nothing to say.
pub(crate) fn mute(_: &Request<Bytes>, events: &[Event]) -> Answer {
    let mut events = events.to_vec();
    events.retain(|event| *event == Event::Open);
    Ok(answer(&events))
}

/// Accepts, subscribes to `ch` by GRIP, and has nothing to say.
pub(crate) fn listens(_: &Request<Bytes>, events: &[Event]) -> Answer {
    if events.contains(&Event::Open) {
        return Ok(grip(&[
            Event::Open,
            text(r#"c:{"type":"subscribe","channel":"ch"}"#),
        ]));
    }
    Ok(answer(&[]))
}

pub(crate) fn grip(events: &[Event]) -> Response<Bytes> {
    let mut answer = answer(events);
    let value = "grip".parse().unwrap();
    answer
        .headers_mut()
        .insert("sec-websocket-extensions", value);
    answer
}

pub(crate) fn status(status: u16) -> Response<Bytes> {
    let mut answer = Response::new(Bytes::from_static(b"no"));
    *answer.status_mut() = StatusCode::from_u16(status).unwrap();
    answer
}

pub(crate) fn text(content: &str) -> Event {
    Event::Text(content.to_owned().into())
}

pub(crate) fn close(code: u16, reason: &str) -> Event {
    Event::Close(Some(Closing::new(code, reason).unwrap()))
}

pub(crate) struct Bench {
    pub(crate) holder: Holder,
    pub(crate) backend: Arc<Scripted>,
    pub(crate) troubles: Arc<Mutex<Vec<Trouble>>>,
    address: SocketAddr,
    publishers: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
}

impl Bench {
    pub(crate) async fn start(
        settings: Settings,
        script: impl Fn(&Request<Bytes>, &[Event]) -> Answer + Send + Sync + 'static,
    ) -> Self {
        Self::start_slow(settings, Duration::ZERO, script).await
    }

    pub(crate) async fn start_slow(
        settings: Settings,
        delay: Duration,
        script: impl Fn(&Request<Bytes>, &[Event]) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let backend = Arc::new(Scripted {
            script: Box::new(script),
            delay,
            requests: Mutex::default(),
            at_once: AtomicUsize::default(),
            most_at_once: AtomicUsize::default(),
        });
        let troubles = Arc::new(Mutex::new(Vec::new()));
        let told = troubles.clone();
        let holder = Holder::watched(
            settings,
            backend.clone(),
            Arc::new(SystemClock),
            Some(Arc::new(move |_, trouble| {
                told.lock().unwrap().push(trouble.clone());
            })),
        );
        let clients = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let publishers = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let bench = Self {
            holder: holder.clone(),
            backend,
            troubles,
            address: clients.local_addr().unwrap(),
            publishers: publishers.local_addr().unwrap(),
            stop: Some(stop),
        };
        let stopped = async {
            let _ = stopped.await;
        };
        tokio::spawn(async move {
            postern_holder::serve(holder, clients, publishers, stopped, PATIENCE).await
        });
        bench
    }

    pub(crate) fn stop(&mut self) {
        drop(self.stop.take());
    }

    pub(crate) async fn connect(&self) -> Client {
        let (client, head) = self.shake("/chat?user=7").await;
        assert!(head.starts_with("HTTP/1.1 101"), "{head}");
        client
    }

    /// A handshake, and the head of what it is answered with.
    pub(crate) async fn shake(&self, target: &str) -> (Client, String) {
        let mut client = self.ask(target).await;
        let head = client.head().await;
        (client, head)
    }

    /// A handshake that is not waited for.
    pub(crate) async fn ask(&self, target: &str) -> Client {
        let mut client = Client {
            stream: TcpStream::connect(self.address).await.unwrap(),
        };
        client.stream.set_nodelay(true).unwrap();
        let request = format!(
            "GET {target} HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        client.stream.write_all(request.as_bytes()).await.unwrap();
        client
    }

    /// The status of a request to the publish endpoint, and its body.
    pub(crate) async fn publish(&self, head: &str, body: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(self.publishers).await.unwrap();
        let request = format!(
            "{head}\r\nHost: x\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let status = answer.get(9..12).and_then(|status| status.parse().ok());
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        (status.unwrap(), body.to_owned())
    }

    /// The events of every request so far.
    pub(crate) fn heard(&self) -> Vec<Vec<Event>> {
        let requests = self.backend.requests.lock().unwrap();
        requests.iter().map(events).collect()
    }

    /// A header of every request so far.
    pub(crate) fn header(&self, name: &str) -> Vec<String> {
        let requests = self.backend.requests.lock().unwrap();
        let value = |request: &Request<Bytes>| {
            let value = request.headers().get(name);
            value
                .map_or("-", |value| value.to_str().unwrap())
                .to_owned()
        };
        requests.iter().map(value).collect()
    }

    /// Waits until no socket is left, and returns what the backend has heard after OPEN, joined.
    pub(crate) async fn heard_to_the_end(&self) -> Vec<Event> {
        eventually(|| self.holder.sockets() == 0).await;
        self.heard().into_iter().flatten().skip(1).collect()
    }
}

pub(crate) async fn eventually(claim: impl Fn() -> bool) {
    let waiting = async {
        while !claim() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting)
        .await
        .expect("it became true in time");
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) first: u8,
    pub(crate) payload: Vec<u8>,
}

pub(crate) struct Client {
    pub(crate) stream: TcpStream,
}

impl Client {
    async fn head(&mut self) -> String {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(self.stream.read_u8().await.unwrap());
        }
        String::from_utf8(head).unwrap()
    }

    pub(crate) async fn send(&mut self, first: u8, payload: impl AsRef<[u8]>) {
        let payload = payload.as_ref();
        let mut frame = vec![first];
        match payload.len() {
            len @ ..=125 => frame.push(0x80 | len as u8),
            len => {
                frame.push(0xff);
                frame.extend_from_slice(&(len as u64).to_be_bytes());
            }
        }
        // A mask of zeros leaves the payload as it is.
        frame.extend_from_slice(&[0; 4]);
        frame.extend_from_slice(payload);
        // The other side may have closed already.
        let _ = self.stream.write_all(&frame).await;
    }

    pub(crate) async fn say(&mut self, text: impl AsRef<[u8]>) {
        self.send(0x81, text).await;
    }

    /// The next frame, or nothing at the connection's end.
    pub(crate) async fn receive(&mut self) -> Option<Frame> {
        tokio::time::timeout(PATIENCE, self.frame())
            .await
            .expect("a frame or the end comes in time")
    }

    async fn frame(&mut self) -> Option<Frame> {
        let first = self.stream.read_u8().await.ok()?;
        let len = match self.stream.read_u8().await.ok()? {
            126 => u64::from(self.stream.read_u16().await.ok()?),
            127 => self.stream.read_u64().await.ok()?,
            len => u64::from(len),
        };
        let mut payload = vec![0; len as usize];
        self.stream.read_exact(&mut payload).await.ok()?;
        Some(Frame { first, payload })
    }

    pub(crate) async fn receive_text(&mut self) -> String {
        let frame = self.receive().await.expect("a frame comes");
        assert_eq!(frame.first, 0x81, "{frame:?}");
        String::from_utf8(frame.payload).unwrap()
    }

    /// Waits for a Close frame, and returns its code and reason; 1005 is none, 1006 the end of the connection without one.
    pub(crate) async fn closed(&mut self) -> (u16, String) {
        loop {
            match self.receive().await {
                None => return (1006, String::new()),
                Some(Frame {
                    first: 0x88,
                    payload,
                }) => {
                    let Some((code, reason)) = payload.split_first_chunk::<2>() else {
                        return (1005, String::new());
                    };
                    let reason = String::from_utf8(reason.to_vec()).unwrap();
                    return (u16::from_be_bytes(*code), reason);
                }
                Some(_) => {}
            }
        }
    }

    /// Answers the holder's Close as a client should.
    pub(crate) async fn close_back(&mut self, code: u16) {
        self.send(0x88, code.to_be_bytes()).await;
        assert_eq!(self.receive().await, None, "the holder hangs up");
    }
}
