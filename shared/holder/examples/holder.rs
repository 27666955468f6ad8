//! A holder to try out and to test: `holder [NAME=VALUE]...`. It prints the two addresses it listens on and stops on SIGTERM.
//!
//! `backend` is a URL, or `echo` for one in this process that sends every message back; `clients` and `publishers` are the
//! addresses to listen on; the rest are settings, in bytes and milliseconds: see `set`.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "it is a program that prints"
)]

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use postern_grip::{CONTENT_TYPE, Event, Events, SharedKey};
use postern_holder::{Backend, BackendError, Holder, HttpBackend, Pings, Settings, Signing};
use postern_store::SystemClock;
use std::error::Error;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

/// Sends every message back.
struct Echo;

#[async_trait]
impl Backend for Echo {
    async fn events(&self, request: Request<Bytes>) -> Result<Response<Bytes>, BackendError> {
        let mut body = Vec::with_capacity(request.body().len());
        for event in Events::new(request.into_body()) {
            let event = event.map_err(|error| BackendError::Failed(error.to_string()))?;
            if !matches!(event, Event::Disconnect) {
                event.write(&mut body);
            }
        }
        let answer = Response::builder().header("content-type", CONTENT_TYPE);
        answer
            .body(body.into())
            .map_err(|error| BackendError::Failed(error.to_string()))
    }
}

struct Options {
    settings: Settings,
    backend: Arc<dyn Backend>,
    clients: String,
    publishers: String,
    stop_within: Duration,
}

impl Options {
    fn read() -> Result<Self, Box<dyn Error>> {
        let mut options = Self {
            settings: Settings::default(),
            backend: Arc::new(Echo),
            clients: "127.0.0.1:0".to_owned(),
            publishers: "127.0.0.1:0".to_owned(),
            stop_within: Duration::from_secs(10),
        };
        for argument in std::env::args().skip(1) {
            let (name, value) = argument
                .split_once('=')
                .ok_or_else(|| format!("`{argument}` is not NAME=VALUE"))?;
            options
                .set(name, value)
                .map_err(|error| format!("`{argument}`: {error}"))?;
        }
        Ok(options)
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), Box<dyn Error>> {
        let limits = &mut self.settings.limits;
        match name {
            "backend" if value == "echo" => self.backend = Arc::new(Echo),
            "backend" => self.backend = Arc::new(HttpBackend::new(value)?),
            "clients" => value.clone_into(&mut self.clients),
            "publishers" => value.clone_into(&mut self.publishers),
            "stop-within" => self.stop_within = milliseconds(value)?,
            "key" => {
                self.settings.signing = Some(Signing {
                    key: SharedKey::new(value.as_bytes()),
                    others: Vec::new(),
                    issuer: "holder".to_owned(),
                });
            }
            "publish-needs-token" => self.settings.publish_needs_token = value.parse()?,
            "forward-pings" if value.parse()? => self.settings.pings = Pings::Forwarded,
            "message-bytes" => limits.message_bytes_max = number(value)?,
            "frame-bytes" => limits.frame_bytes_max = number(value)?,
            "unsent-bytes" => limits.unsent_bytes_max = number(value)?,
            "unanswered-bytes" => limits.unanswered_bytes_max = number(value)?,
            "publish-bytes" => limits.publish_bytes_max = number(value)?,
            "sockets" => limits.sockets_max = number(value)?,
            "idle" => limits.idle = milliseconds(value)?,
            "life" => limits.life = milliseconds(value)?,
            "close-wait" => limits.close_wait = milliseconds(value)?,
            "backend-timeout" => limits.backend_timeout = milliseconds(value)?,
            _ => return Err("there is no such option".into()),
        }
        Ok(())
    }
}

fn number(value: &str) -> Result<usize, <usize as FromStr>::Err> {
    value.parse()
}

fn milliseconds(value: &str) -> Result<Duration, <u64 as FromStr>::Err> {
    value.parse().map(Duration::from_millis)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::read()?;
    let clients = TcpListener::bind(&options.clients).await?;
    let publishers = TcpListener::bind(&options.publishers).await?;
    println!("{} {}", clients.local_addr()?, publishers.local_addr()?);
    let holder = Holder::watched(
        options.settings,
        options.backend,
        Arc::new(SystemClock),
        Some(Arc::new(|id, trouble| eprintln!("{id}: {trouble}"))),
    );
    let mut terminate = signal(SignalKind::terminate())?;
    let stop = async {
        terminate.recv().await;
    };
    let left = postern_holder::serve(holder, clients, publishers, stop, options.stop_within).await;
    println!("{left} sockets left");
    Ok(())
}
