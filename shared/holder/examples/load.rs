//! Clients for a holder that runs on this machine, to measure it.
//!
//! - `load idle ADDRESS PID COUNT [TARGET]`: opens so many sockets that then say nothing, and tells what the process `PID` takes for each.
//! - `load echo ADDRESS COUNT RATE SECONDS [TARGET]`: so many sockets, each saying `RATE` messages a second to a backend that echoes,
//!   at the path `TARGET`; tells what was lost, what came out of order, and how long messages took.
//! - `load backend ADDRESS`: a backend over HTTP that echoes, for the holder.

#![allow(clippy::print_stdout, reason = "it is a program that prints")]

use http::{HeaderValue, Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use postern_grip::CONTENT_TYPE;
use std::error::Error;
use std::fmt::Write as _;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior};

type Failure = Box<dyn Error + Send + Sync>;

/// Handshakes at once.
const OPENING_MAX: usize = 64;
const TARGET: &str = "/chat?user=7";
/// Bytes of a frame that comes back: two of head, and `{"n":"..."}` with number and time in hexadecimal.
const FRAME_BYTES: usize = 42;

async fn connect(address: &str, target: &str) -> Result<TcpStream, Failure> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    // As long as a browser's.
    let mut request = format!(
        "GET {target} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
    );
    for number in 0..8 {
        let _ = write!(request, "X-Header-{number}: {}\r\n", "v".repeat(60));
    }
    request.push_str("\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    if !head.starts_with(b"HTTP/1.1 101") {
        return Err(String::from_utf8_lossy(&head).into_owned().into());
    }
    Ok(stream)
}

async fn connect_many(
    address: &str,
    target: &str,
    count: usize,
) -> Result<Vec<TcpStream>, Failure> {
    let mut streams = Vec::with_capacity(count);
    let mut opening = JoinSet::new();
    for _ in 0..count {
        if opening.len() == OPENING_MAX
            && let Some(opened) = opening.join_next().await
        {
            streams.push(opened??);
        }
        let (address, target) = (address.to_owned(), target.to_owned());
        opening.spawn(async move { connect(&address, &target).await });
    }
    while let Some(opened) = opening.join_next().await {
        streams.push(opened??);
    }
    Ok(streams)
}

/// Bytes of a process that are in memory.
fn resident_bytes(pid: &str) -> Result<usize, Failure> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next());
    Ok(kilobytes.ok_or("no VmRSS")?.parse::<usize>()? << 10)
}

async fn idle(address: &str, target: &str, pid: &str, count: usize) -> Result<(), Failure> {
    // What the process takes for its first sockets, such as threads, is not a socket's.
    let first = connect_many(address, target, 10).await?;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let before = resident_bytes(pid)?;
    let begun = Instant::now();
    let streams = connect_many(address, target, count).await?;
    let opened = begun.elapsed();
    tokio::time::sleep(Duration::from_secs(2)).await;
    let after = resident_bytes(pid)?;
    println!(
        "{count} idle sockets in {opened:.1?}: {} KB before, {} KB after, {} bytes each",
        before >> 10,
        after >> 10,
        after.saturating_sub(before) / count
    );
    drop((first, streams));
    Ok(())
}

/// What one socket saw.
#[derive(Default)]
struct Seen {
    sent: u64,
    received: u64,
    disordered: u64,
    micros: Vec<u64>,
}

async fn talk(
    mut stream: TcpStream,
    rate: u32,
    seconds: u64,
    origin: Instant,
) -> Result<Seen, Failure> {
    let mut seen = Seen::default();
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / rate);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let count = u64::from(rate) * seconds;
    let mut frame = [0; FRAME_BYTES];
    let mut filled = 0;
    let give_up = Instant::now() + Duration::from_secs(seconds + 10);
    while seen.received < count {
        tokio::select! {
            _ = ticks.tick(), if seen.sent < count => {
                // Number and time, masked with zeros.
                let mut message = vec![0x81, 0xa8, 0, 0, 0, 0];
                let micros = origin.elapsed().as_micros();
                message.extend_from_slice(format!(r#"{{"n":"{:016x}{micros:016x}"}}"#, seen.sent).as_bytes());
                stream.write_all(&message).await?;
                seen.sent += 1;
            }
            read = stream.read(&mut frame[filled..]) => {
                filled += read?;
                if filled < frame.len() {
                    continue;
                }
                filled = 0;
                let number = |at: usize| {
                    let digits = std::str::from_utf8(&frame[at..at + 16]).unwrap_or_default();
                    u64::from_str_radix(digits, 16).unwrap_or(u64::MAX)
                };
                if number(8) != seen.received {
                    seen.disordered += 1;
                }
                let now = origin.elapsed().as_micros() as u64;
                seen.micros.push(now.saturating_sub(number(24)));
                seen.received += 1;
            }
            () = tokio::time::sleep_until(give_up) => break,
        }
    }
    Ok(seen)
}

async fn echo(
    address: &str,
    target: &str,
    count: usize,
    rate: u32,
    seconds: u64,
) -> Result<(), Failure> {
    let origin = Instant::now();
    let mut talking = JoinSet::new();
    for stream in connect_many(address, target, count).await? {
        talking.spawn(talk(stream, rate, seconds, origin));
    }
    let mut all = Seen::default();
    while let Some(seen) = talking.join_next().await {
        let seen = seen??;
        all.sent += seen.sent;
        all.received += seen.received;
        all.disordered += seen.disordered;
        all.micros.extend(seen.micros);
    }
    all.micros.sort_unstable();
    let at = |share: f64| {
        let index = (all.micros.len() as f64 * share) as usize;
        let micros = all.micros.get(index).copied().unwrap_or_default();
        Duration::from_micros(micros)
    };
    println!(
        "{count} sockets at {rate}/s for {seconds} s: {} sent, {} lost, {} out of order; p50 {:.1?}, p99 {:.1?}, most {:.1?}",
        all.sent,
        all.sent - all.received,
        all.disordered,
        at(0.5),
        at(0.99),
        at(0.999_999),
    );
    Ok(())
}

/// What a holder sends is, but for its end, what an echo answers.
async fn backend(address: &str) -> Result<(), Failure> {
    let listener = TcpListener::bind(address).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let service = service_fn(|request: Request<Incoming>| async move {
            let body = request.into_body().collect().await?.to_bytes();
            let mut answer = Response::new(Full::new(body));
            let events = HeaderValue::from_static(CONTENT_TYPE);
            answer.headers_mut().insert("content-type", events);
            Ok::<_, hyper::Error>(answer)
        });
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["idle", address, pid, count] => idle(address, TARGET, pid, count.parse()?).await,
        ["idle", address, pid, count, target] => idle(address, target, pid, count.parse()?).await,
        ["echo", address, count, rate, seconds] => {
            echo(address, TARGET, count.parse()?, rate.parse()?, seconds.parse()?).await
        }
        ["echo", address, count, rate, seconds, target] => {
            echo(address, target, count.parse()?, rate.parse()?, seconds.parse()?).await
        }
        ["backend", address] => backend(address).await,
        _ => Err("load idle ADDRESS PID COUNT [TARGET] | load echo ADDRESS COUNT RATE SECONDS [TARGET] | load backend ADDRESS".into()),
    }
}
