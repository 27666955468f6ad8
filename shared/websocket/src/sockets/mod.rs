//! The backend of holders: one request with what has happened on a socket, one answer with what to do.

mod handshake;
mod refusal;
mod turn;

use crate::connections::DELETED;
use crate::state::{self, Kept, Times};
use crate::{Connection, ConnectionId, Ended, Keys, Registry, Tag, World};
use bytes::Bytes;
use handshake::handshake;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue, SEC_WEBSOCKET_EXTENSIONS};
use http::{Method, Response};
use postern_gateway::{Arrival, Body};
use postern_grip::{CONTENT_TYPE as EVENTS, Event, Events, Malformed};
use refusal::Refusal;
use turn::Turn;

/// Bytes of one request: what Lambda takes.
const REQUEST_BYTES_MAX: usize = 6 << 20;

pub struct Sockets {
    world: World,
    registry: Registry,
    keys: Keys,
}

/// What a request says of itself, once it is believed.
struct Asked {
    holder: Tag,
    /// The holder's own id of the socket.
    socket: String,
    events: Vec<Event>,
    /// What came after the events could not be read.
    malformed: Option<Malformed>,
}

impl Sockets {
    pub fn new(world: World, keys: Keys) -> Self {
        let registry = Registry::new(world.table.clone(), world.clock.clone(), world.limits);
        Self {
            world,
            registry,
            keys,
        }
    }

    /// Answers a request of a holder.
    pub async fn answer(&self, mut arrival: Arrival) -> Response<Bytes> {
        let asked = match self.believe(&mut arrival).await {
            Ok(asked) => asked,
            Err(refusal) => {
                if refusal.is_fault() {
                    self.world.journal.fault(&format!("sockets: {refusal}"));
                }
                return refusal.answer();
            }
        };
        if asked.events.first() == Some(&Event::Open) {
            return self.open(arrival, asked).await;
        }
        let times = Times::read(&arrival.headers);
        let connection = match state::kept(&arrival.headers, &asked.socket, &self.keys) {
            Some(Kept::Whole(connection)) => Some(*connection),
            Some(Kept::Stored(id)) => self.look_up(&id).await,
            None => None,
        };
        match connection {
            Some(connection) => Turn::new(self, &connection, times).take(asked).await,
            None => Turn::of_nobody(),
        }
    }

    async fn open(&self, arrival: Arrival, mut asked: Asked) -> Response<Bytes> {
        let id = ConnectionId::new(asked.holder).to_string();
        let accepted = match self.world.line.connect(handshake(arrival), &id).await {
            Ok(accepted) => accepted,
            Err(refusal) => return whole(refusal).await,
        };
        let connection = accepted.connection;
        if let Err(error) = self.registry.open(&connection).await {
            let told = format!("sockets: connection {id} cannot be written down: {error}");
            self.world.journal.fault(&told);
            // The API believes in a connection that nobody could ever send to.
            self.world.line.disconnected(&connection, 1006, "").await;
            return Refusal::Store.answer();
        }
        asked.events.remove(0);
        let socket = std::mem::take(&mut asked.socket);
        let times = Times::at(self.world.clock.now());
        let mut answer = Turn::new(self, &connection, times).opened(asked).await;
        let headers = answer.headers_mut();
        state::keep(headers, &connection, &socket, &self.keys);
        headers.insert(SEC_WEBSOCKET_EXTENSIONS, HeaderValue::from_static("grip"));
        for (name, value) in &accepted.headers {
            if *name != CONTENT_TYPE && *name != SEC_WEBSOCKET_EXTENSIONS {
                headers.append(name, value.clone());
            }
        }
        answer
    }

    /// Takes a request for a holder's, if it proves to be one.
    async fn believe(&self, arrival: &mut Arrival) -> Result<Asked, Refusal> {
        let header = |name: &str| arrival.headers.get(name)?.to_str().ok();
        let is_events = header("content-type").is_some_and(|kind| {
            let essence = kind.split(';').next().unwrap_or_default();
            essence.trim().eq_ignore_ascii_case(EVENTS)
        });
        if arrival.method != Method::POST || !is_events {
            return Err(Refusal::NotEvents);
        }
        let token = header("grip-sig").ok_or(Refusal::Unsigned)?;
        let name = self.keys.verify(token, self.world.clock.now())?;
        let socket = header("connection-id").ok_or(Refusal::NoSocket)?.to_owned();
        let holder = self.world.holders.tag(&name);
        let holder = holder.ok_or(Refusal::UnknownHolder(name))?;
        let body = std::mem::replace(&mut arrival.body, Body::empty());
        let mut events = Events::new(body.collect(REQUEST_BYTES_MAX).await?);
        let mut malformed = None;
        let sound = events
            .by_ref()
            .map_while(|event| event.map_err(|error| malformed = Some(error)).ok());
        Ok(Asked {
            holder,
            socket,
            events: sound.collect(),
            malformed,
        })
    }

    async fn look_up(&self, id: &str) -> Option<Connection> {
        match self.registry.find(id).await {
            Ok(record) => record.map(|record| record.connection),
            Err(error) => {
                self.fault(id, &error);
                None
            }
        }
    }

    /// Tells the API that a connection has ended, unless it has been told.
    async fn ended(&self, connection: &Connection, code: u16, reason: &str) {
        let ended = self
            .registry
            .end(&connection.id)
            .await
            .unwrap_or_else(|error| {
                self.fault(&connection.id, &error);
                // Better twice than never.
                Ended::Now
            });
        let (code, reason) = match ended {
            Ended::Before => return,
            Ended::Now => (code, reason),
            Ended::Deleted => (1000, DELETED),
        };
        self.world.line.disconnected(connection, code, reason).await;
    }

    fn fault(&self, connection: &str, what: &dyn std::fmt::Display) {
        let told = format!("sockets: connection {connection}: {what}");
        self.world.journal.fault(&told);
    }
}

/// An answer that refuses a handshake.
async fn whole(refusal: Response<Body>) -> Response<Bytes> {
    let (head, body) = refusal.into_parts();
    // It is the gateway's own, and short.
    let body = body.collect(REQUEST_BYTES_MAX).await.unwrap_or_default();
    Response::from_parts(head, body)
}

fn events(body: Vec<u8>) -> Response<Bytes> {
    let mut answer = Response::new(Bytes::from(body));
    let headers: &mut HeaderMap = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(EVENTS));
    answer
}
