//! One request's events, done, and the answer to them.

use super::{Asked, Sockets, events};
use crate::registry::TOUCH_EVERY;
use crate::state::Times;
use crate::{Connection, ConnectionId};
use bytes::Bytes;
use futures_util::future::join;
use futures_util::stream::{self, StreamExt};
use http::{HeaderValue, Response};
use postern_grip::{Action, Closing, Event, Item, Malformed};
use std::time::Duration;

/// Messages of one socket that are with the line at once: without it, one slow integration would hold up those behind it until
/// the holder gives up. Answers keep the order of their messages.
const AT_ONCE: usize = 16;
/// A longer message for the client is published: Pushpin never passes one on that comes in an answer.
const ANSWERED_BYTES_MAX: usize = 32_000;
/// All messages of one answer; beyond it they are published too. A function answers no more than 6 MB.
const ANSWER_BYTES_MAX: usize = 4 << 20;

pub(super) struct Turn<'s> {
    sockets: &'s Sockets,
    connection: &'s Connection,
    times: Times,
    answer: Vec<u8>,
    /// Whether the end is said, and nothing may follow.
    is_over: bool,
}

impl<'s> Turn<'s> {
    pub(super) fn new(sockets: &'s Sockets, connection: &'s Connection, times: Times) -> Self {
        Self {
            sockets,
            connection,
            times,
            answer: Vec::new(),
            is_over: false,
        }
    }

    /// The answer about a socket of which nothing is known: there is no going on. Not by a status, for then a holder would neither
    /// tell the client why nor us of the end.
    pub(super) fn of_nobody() -> Response<Bytes> {
        let mut answer = Vec::new();
        Event::Close(Some(Closing::ours(1011, "Internal server error"))).write(&mut answer);
        events(answer)
    }

    /// Accepts the socket, and does what happened on it already.
    pub(super) async fn opened(mut self, asked: Asked) -> Response<Bytes> {
        Event::Open.write(&mut self.answer);
        let channel = &self.connection.id;
        let subscribe = serde_json::json!({ "type": "subscribe", "channel": channel });
        Event::Text(format!("c:{subscribe}").into()).write(&mut self.answer);
        self.take(asked).await
    }

    pub(super) async fn take(mut self, asked: Asked) -> Response<Bytes> {
        let is_told_of_the_end =
            (asked.events.iter()).any(|event| matches!(event, Event::Close(_) | Event::Disconnect));
        let is_used =
            (asked.events.iter()).any(|event| matches!(event, Event::Text(_) | Event::Binary(_)));
        if !is_told_of_the_end && (self.is_too_old() || !is_used && self.is_unused().await) {
            self.close(1001, "Going away");
        } else {
            self.take_all(asked.events).await;
            self.take_malformed(asked.malformed);
        }
        let ask_again = self.ask_again();
        let mut answer = events(self.answer);
        let headers = answer.headers_mut();
        self.times.keep(headers);
        headers.insert("keep-alive-interval", HeaderValue::from(ask_again));
        answer
    }

    async fn take_all(&mut self, events: Vec<Event>) {
        let mut texts = Vec::new();
        for event in events {
            let longest = self.sockets.world.limits.message_bytes_max;
            match event {
                Event::Text(text) if text.len() <= longest => texts.push(text),
                event => {
                    self.take_texts(std::mem::take(&mut texts)).await;
                    self.take_one(event).await;
                }
            }
        }
        self.take_texts(texts).await;
    }

    /// Anything but a message that the line may see.
    async fn take_one(&mut self, event: Event) {
        match event {
            // An end that the holder tells of is heard also where we have said it already.
            Event::Close(closing) => self.closed(closing).await,
            Event::Disconnect => self.ended(1006, "").await,
            _ if self.is_over => {}
            Event::Text(_) => self.close(1009, "Message or frame too long"),
            Event::Binary(_) => self.close(1003, "Binary is not supported"),
            Event::Ping(payload) => Event::Pong(payload).write(&mut self.answer),
            Event::Pong(_) | Event::Open => {}
        }
    }

    async fn take_texts(&mut self, texts: Vec<Bytes>) {
        if texts.is_empty() || self.is_over {
            return;
        }
        let now = self.sockets.world.clock.now();
        self.times.active = now.as_secs();
        let touch = self.touch(now);
        let line = &self.sockets.world.line;
        let said = stream::iter(texts)
            .map(|text| line.message(self.connection, text))
            .buffered(AT_ONCE)
            .collect::<Vec<_>>();
        let (is_touched, said) = join(touch, said).await;
        match is_touched {
            Some(true) => self.times.touched = now.as_secs(),
            // Somebody has ended the connection, and told the API so.
            Some(false) => self.close(1001, "Going away"),
            None => {}
        }
        self.say(said.into_iter().flatten().collect()).await;
    }

    /// Tells the registry that the connection is used, where that is due. Returns whether it is still open, where that is known.
    async fn touch(&self, now: Duration) -> Option<bool> {
        if now.as_secs() < self.times.touched.saturating_add(TOUCH_EVERY.as_secs()) {
            return None;
        }
        let touched = self.sockets.registry.touch(self.connection).await;
        touched
            .map_err(|error| self.sockets.fault(&self.connection.id, &error))
            .ok()
    }

    async fn say(&mut self, said: Vec<Bytes>) {
        if self.is_over {
            return;
        }
        let longest = said.iter().map(Bytes::len).max().unwrap_or_default();
        let all: usize = said.iter().map(Bytes::len).sum();
        if longest <= ANSWERED_BYTES_MAX && all + self.answer.len() <= ANSWER_BYTES_MAX {
            for text in said {
                Event::Text([b"m:", &*text].concat().into()).write(&mut self.answer);
            }
            return;
        }
        let channel = &self.connection.id;
        let Ok(id) = channel.parse::<ConnectionId>() else {
            return;
        };
        let items = said.iter().map(|text| Item {
            channel: channel.clone(),
            action: Action::Text(String::from_utf8_lossy(text).into_owned()),
        });
        let published = (self.sockets.world.holders)
            .publish(id.holder(), items.collect())
            .await;
        if let Err(failure) = published {
            self.sockets.fault(channel, &failure);
            self.close(1011, "Internal server error");
        }
    }

    async fn closed(&mut self, closing: Option<Closing>) {
        if !self.is_over {
            Event::Close(closing.clone()).write(&mut self.answer);
            self.is_over = true;
        }
        let (code, reason) = match &closing {
            Some(closing) => (closing.code(), closing.reason()),
            None => (1005, "Client-side close frame status not set"),
        };
        self.ended(code, reason).await;
    }

    async fn ended(&mut self, code: u16, reason: &str) {
        self.is_over = true;
        self.sockets.ended(self.connection, code, reason).await;
    }

    fn close(&mut self, code: u16, reason: &'static str) {
        if !self.is_over {
            Event::Close(Some(Closing::ours(code, reason))).write(&mut self.answer);
            self.is_over = true;
        }
    }

    /// A holder that passes on what is no text lets us find it out.
    fn take_malformed(&mut self, malformed: Option<Malformed>) {
        match malformed {
            Some(Malformed::Event("TEXT")) => self.close(1007, "Invalid UTF-8 in a text"),
            Some(malformed) => {
                self.sockets.fault(&self.connection.id, &malformed);
                self.close(1011, "Internal server error");
            }
            None => {}
        }
    }

    fn is_too_old(&self) -> bool {
        self.sockets.world.clock.now() >= self.dies_at()
    }

    fn dies_at(&self) -> Duration {
        let life = self.sockets.world.limits.life;
        self.connection.connected_at.saturating_add(life)
    }

    /// Whether the connection has been without a message for too long. What was sent to it through @connections, only the registry
    /// knows, to within a minute.
    async fn is_unused(&mut self) -> bool {
        let idle = self.sockets.world.limits.idle;
        let now = self.sockets.world.clock.now();
        if now < Duration::from_secs(self.times.active).saturating_add(idle) {
            return false;
        }
        match self.sockets.registry.find(&self.connection.id).await {
            Ok(None) => true,
            Ok(Some(record)) => {
                let active_at = record.active_at.as_secs();
                if active_at > self.times.active {
                    // Used later than that by a minute at most.
                    self.times.active = active_at.saturating_add(TOUCH_EVERY.as_secs());
                }
                now >= Duration::from_secs(self.times.active).saturating_add(idle)
            }
            Err(error) => {
                self.sockets.fault(&self.connection.id, &error);
                false
            }
        }
    }

    /// When the holder should ask at the latest, in seconds from now, so that the connection can be closed in time.
    fn ask_again(&self) -> u64 {
        let now = self.sockets.world.clock.now();
        let idle = self.sockets.world.limits.idle;
        let unused = Duration::from_secs(self.times.active).saturating_add(idle);
        let at = if unused > now {
            unused
        } else {
            now + TOUCH_EVERY
        };
        at.min(self.dies_at()).saturating_sub(now).as_secs().max(1)
    }
}
