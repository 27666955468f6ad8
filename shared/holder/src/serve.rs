//! A holder on two ports of its own: one for clients, one for who publishes. Programs that have a listener already hand its
//! requests to [`Holder`] themselves.

use crate::holder::{Arrival, Holder};
use http::header::CONNECTION;
use http::{HeaderValue, StatusCode};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::pin::pin;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};

/// How long a client may take to send the head of its request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// Bytes of a request's head.
const HEAD_BYTES_MAX: usize = 16 << 10;
/// After a failure to accept, such as too many open files: time for some to close.
const ACCEPT_AGAIN_AFTER: Duration = Duration::from_millis(50);

/// Serves until `stop`, then closes every socket and waits for that as long as `stop_within` says. What is published meanwhile
/// still arrives. Returns how many sockets were left.
pub async fn serve(
    holder: Holder,
    clients: TcpListener,
    publishers: TcpListener,
    stop: impl Future<Output = ()>,
    stop_within: Duration,
) -> usize {
    let publishing = async {
        loop {
            if let Some(stream) = accept(&publishers).await {
                tokio::spawn(publish(stream, holder.clone()));
            }
        }
    };
    let holding = async {
        let mut stop = pin!(stop);
        loop {
            tokio::select! {
                stream = accept(&clients) => if let Some(stream) = stream {
                    tokio::spawn(hold(stream, holder.clone()));
                },
                () = &mut stop => break,
            }
        }
        drop(clients);
        holder.shut_down(stop_within).await
    };
    tokio::select! {
        left = holding => left,
        () = publishing => 0,
    }
}

async fn accept(listener: &TcpListener) -> Option<TcpStream> {
    if let Ok((stream, _)) = listener.accept().await {
        let _ = stream.set_nodelay(true);
        Some(stream)
    } else {
        tokio::time::sleep(ACCEPT_AGAIN_AFTER).await;
        None
    }
}

async fn hold(stream: TcpStream, holder: Holder) {
    let peer = stream.peer_addr().ok().map(|address| address.ip());
    let service = service_fn(move |request| {
        let holder = holder.clone();
        let arrival = Arrival {
            peer,
            connection_id: None,
        };
        async move {
            let mut answer = holder.accept(request, arrival).await;
            if answer.status() != StatusCode::SWITCHING_PROTOCOLS {
                // Whoever was refused has nothing more to ask on this connection.
                let close = HeaderValue::from_static("close");
                answer.headers_mut().append(CONNECTION, close);
            }
            Ok::<_, Infallible>(answer)
        }
    });
    // What ends a connection early is the client's doing, and concerns no one else.
    let _ = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades()
        .await;
}

async fn publish(stream: TcpStream, holder: Holder) {
    let service = service_fn(move |request| {
        let holder = holder.clone();
        async move { Ok::<_, Infallible>(holder.publish(request).await) }
    });
    let _ = http1::Builder::new()
        .timer(TokioTimer::new())
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), service)
        .await;
}
