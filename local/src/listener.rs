//! The port: connections in, and a stop that lets what is under way finish.

use crate::front::{Connection, Front};
use crate::spelling::Ear;
use crate::tls::Tls;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use postern_gateway::Journal;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// How long requests that are under way may take once Postern is told to stop.
const STOP_WITHIN: Duration = Duration::from_secs(5);
/// After a failure to accept, such as too many open files: time for some to close.
const ACCEPT_AGAIN_AFTER: Duration = Duration::from_millis(50);

/// Where connections come in. The second, where there is one, is for TLS.
pub(crate) struct Listeners {
    pub(crate) plain: TcpListener,
    pub(crate) tls: Option<(TcpListener, Arc<Tls>)>,
}

pub(crate) async fn listen(
    Listeners { plain, tls }: Listeners,
    front: Front,
    faults: Arc<dyn Journal>,
) -> std::io::Result<()> {
    let front = Arc::new(front);
    // What is under way holds a receiver of it.
    let stop = watch::Sender::new(());
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    loop {
        tokio::select! {
            accepted = plain.accept() => match accepted {
                Ok((stream, _)) => if let Some(through) = through(&stream, "http") {
                    serve(stream, through, front.clone(), stop.subscribe());
                },
                Err(_) => tokio::time::sleep(ACCEPT_AGAIN_AFTER).await,
            },
            (accepted, tls) = accept(tls.as_ref()) => match accepted {
                Ok((stream, _)) => {
                    let (front, stopping, faults) = (front.clone(), stop.subscribe(), faults.clone());
                    tokio::spawn(async move {
                        let Some(mut through) = through(&stream, "https") else {
                            return;
                        };
                        match tls.accept(stream).await {
                            Ok((stream, certificate)) => {
                                through.certificate = certificate;
                                serve(stream, through, front, stopping);
                            }
                            Err(Some(fault)) => faults.fault(&fault),
                            Err(None) => {}
                        }
                    });
                }
                Err(_) => tokio::time::sleep(ACCEPT_AGAIN_AFTER).await,
            },
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
        }
    }
    drop((plain, tls));
    // Whoever is not done by then is cut off.
    stop.send_replace(());
    let requests = tokio::time::timeout(STOP_WITHIN, stop.closed());
    let _ = tokio::join!(requests, front.held.shut_down(STOP_WITHIN));
    Ok(())
}

/// The next connection that wants TLS. Without a listener for them, none ever comes.
async fn accept(
    tls: Option<&(TcpListener, Arc<Tls>)>,
) -> (std::io::Result<(TcpStream, SocketAddr)>, Arc<Tls>) {
    match tls {
        Some((listener, tls)) => (listener.accept().await, tls.clone()),
        None => std::future::pending().await,
    }
}

/// A connection that is gone already has no addresses, and nobody to answer to.
fn through(stream: &TcpStream, scheme: &'static str) -> Option<Connection> {
    let (peer, own) = (stream.peer_addr().ok()?, stream.local_addr().ok()?);
    let _ = stream.set_nodelay(true);
    Some(Connection {
        peer,
        own,
        scheme,
        certificate: None,
    })
}

fn serve(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    through: Connection,
    front: Arc<Front>,
    mut stopping: watch::Receiver<()>,
) {
    let through = Arc::new(through);
    let ear = Ear::default();
    let stream = ear.on(stream);
    let service = service_fn(move |request| {
        let (front, through, spelling) = (front.clone(), through.clone(), ear.next());
        // Apart from the connection: a request that was taken is answered and recorded also where its client has gone.
        async move { tokio::spawn(async move { front.answer(request, &through, spelling).await }).await }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .max_buf_size(64 << 10)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    tokio::spawn(async move {
        let mut connection = pin!(connection);
        // What ends a connection early is the client's doing, and concerns no one else.
        tokio::select! {
            outcome = &mut connection => drop(outcome),
            _ = stopping.changed() => {
                connection.as_mut().graceful_shutdown();
                drop(connection.await);
            }
        }
        drop(stopping);
    });
}
