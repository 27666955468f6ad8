//! The port: connections in, and a stop that lets what is under way finish.

use crate::front::Front;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{SignalKind, signal};

/// How long requests that are under way may take once Postern is told to stop.
const STOP_WITHIN: Duration = Duration::from_secs(5);
/// After a failure to accept, such as too many open files: time for some to close.
const ACCEPT_AGAIN_AFTER: Duration = Duration::from_millis(50);

pub(crate) async fn listen(listener: TcpListener, front: Front) -> std::io::Result<()> {
    let front = Arc::new(front);
    let connections = GracefulShutdown::new();
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => serve(stream, front.clone(), &connections),
                Err(_) => tokio::time::sleep(ACCEPT_AGAIN_AFTER).await,
            },
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
        }
    }
    drop(listener);
    // Whoever is not done by then is cut off.
    let _ = tokio::time::timeout(STOP_WITHIN, connections.shutdown()).await;
    Ok(())
}

fn serve(stream: TcpStream, front: Arc<Front>, connections: &GracefulShutdown) {
    // A connection that is gone already has no addresses, and nobody to answer to.
    let (Ok(peer), Ok(own)) = (stream.peer_addr(), stream.local_addr()) else {
        return;
    };
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| {
        let front = front.clone();
        // Apart from the connection: a request that was taken is answered and recorded also where its client has gone.
        async move { tokio::spawn(async move { front.answer(request, peer, own).await }).await }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .max_buf_size(64 << 10)
        .serve_connection(TokioIo::new(stream), service);
    let connection = connections.watch(connection);
    // What ends a connection early is the client's doing, and concerns no one else.
    tokio::spawn(async move { drop(connection.await) });
}
