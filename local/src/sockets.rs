//! `postern sockets`: WebSockets held for a Postern elsewhere.

use crate::command_line::Sockets;
use crate::dev::{Failure, bind};
use postern_holder::{Holder, HttpBackend, Signing};
use postern_store::SystemClock;
use std::future::pending;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};

pub(crate) fn run(options: Sockets) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(hold(options))
}

async fn hold(options: Sockets) -> Result<(), Failure> {
    let backend = HttpBackend::new(&options.backend)
        .map_err(|error| Failure::Settings(format!("--backend: {error}")))?;
    let clients = bind(options.listen).await?;
    let publishers = bind(options.control).await?;
    let name = options.name.clone().unwrap_or_else(own_address);
    let mut settings = options.limits.settings();
    settings.signing = Some(Signing {
        key: options.key.first().clone(),
        others: options.key.others().to_vec(),
        issuer: name.clone(),
    });
    settings.publish_needs_token = true;
    println!(
        "Postern holds WebSockets as `{name}`.

  Clients     ws://{}
  Publishing  http://{}/publish/
  Backend     {}
",
        clients.local_addr()?,
        publishers.local_addr()?,
        options.backend,
    );
    let holder = Holder::watched(
        settings,
        Arc::new(backend),
        Arc::new(SystemClock),
        Some(Arc::new(|id, trouble| eprintln!("{id}: {trouble}"))),
    );
    let within = Duration::from_secs(options.stop_within);
    let left = postern_holder::serve(holder, clients, publishers, told_to_stop(), within).await;
    if left > 0 {
        eprintln!("{left} sockets were cut off");
    }
    Ok(())
}

async fn told_to_stop() {
    let either = async {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        std::io::Result::Ok(())
    };
    if either.await.is_err() {
        pending::<()>().await;
    }
}

/// The address that others reach this machine by: the one that it would send from. Nothing is sent.
fn own_address() -> String {
    let elsewhere = SocketAddr::from(([192, 0, 2, 1], 9));
    let address = UdpSocket::bind(("0.0.0.0", 0)).and_then(|socket| {
        socket.connect(elsewhere)?;
        socket.local_addr()
    });
    address.map_or_else(
        |_| "127.0.0.1".to_owned(),
        |address| address.ip().to_string(),
    )
}
