//! WebSocket APIs on the wire: what a holder of sockets asks of its backend, and what backends ask of open connections.
//!
//! ```text
//! client <-> holder  -- WebSocket-over-HTTP -->  Sockets  -->  Line (the request line of `gateway`)
//!               ^ publishing                       |
//!               +------------------------------  Connections  <-- POST, GET, DELETE /{stage}/@connections/{id}
//! ```
//!
//! [`Sockets`] answers one request of a holder at a time, and keeps nothing: what is known of a connection travels with the
//! holder's requests, under a seal, so that a message reads nothing from the store. The [`Registry`] is for everybody else: it
//! says which connections there are, and is written at the connect, at most once a minute, and at the end. A connection's id says
//! which holder has its socket, so that whoever wants to send needs one read, which says that it is open, and one call.
//!
//! What a message means is the line's business; what a frame looks like is the holder's.

mod connections;
mod holders;
mod id;
mod keys;
mod limits;
mod line;
mod registry;
mod remote;
mod settings;
mod sockets;
mod state;

pub use connections::Connections;
pub use holders::{Holders, PublishFailure, Reached};
pub use id::{ConnectionId, Tag};
pub use keys::{KeyError, Keys};
pub use limits::Limits;
pub use line::Line;
pub use postern_gateway::socket::{Accepted, Connection, Managed};
pub use registry::{Ended, Record, Registry};
pub use remote::{HolderList, RemoteHolders, SettingError};
pub use settings::Settings;
pub use sockets::Sockets;

use postern_gateway::Journal;
use postern_store::{Clock, Table};
use std::sync::Arc;

/// What both [`Sockets`] and [`Connections`] work with.
#[derive(Clone)]
pub struct World {
    pub line: Arc<dyn Line>,
    pub holders: Arc<dyn Holders>,
    /// The connections table.
    pub table: Arc<dyn Table>,
    pub clock: Arc<dyn Clock>,
    pub journal: Arc<dyn Journal>,
    pub limits: Limits,
}
