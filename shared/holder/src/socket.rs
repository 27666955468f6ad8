//! The life of one socket, from the accepted handshake to the last word to the backend.
//!
//! One task has it all: it reads the client, asks the backend (one request at a time, with everything that has happened since
//! the last), does what the answer says, and writes what the mailbox has. It never waits for one of these alone, and when one
//! side is slow it stops hearing the other rather than piling up what cannot be passed on.
//!
//! A socket that was opened ends for the backend with exactly one event: CLOSE, with the client's words or, where this side
//! closed, with ours; or DISCONNECT, when the client is gone without a close.

use crate::control::Control;
use crate::head::Head;
use crate::mailbox::Mailbox;
use crate::protocol::{Decoder, Incoming, Opcode, control, message};
use crate::registry::Member;
use crate::settings::{Limits, Pings};
use crate::shared::{InFlight, Shared, Throttled};
use crate::trouble::Trouble;
use crate::wire::{Progress, Wire};
use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE as CONTENT_TYPE_NAME, SEC_WEBSOCKET_EXTENSIONS};
use http::{HeaderMap, Response, StatusCode};
use postern_grip::{CONTENT_TYPE, Closing, Event, Events};
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;

/// Begins a TEXT that is for the holder.
const CONTROL_PREFIX: &[u8] = b"c:";
/// Begins a message that is for the client, unless the backend says otherwise.
const MESSAGE_PREFIX: &str = "m:";
/// Asking more often than this would be polling. Pushpin has the same.
const ASK_EVERY_MIN: Duration = Duration::from_secs(20);

pub(crate) struct Socket {
    shared: Arc<Shared>,
    member: Member,
    head: Head,
    /// Set when the backend speaks GRIP: what begins its messages for the client.
    prefix: Option<Box<[u8]>>,
    /// The backend wants no more messages.
    detached: bool,
    phase: Phase,
    /// Events that the backend has not been asked about yet.
    unanswered: Vec<u8>,
    in_flight: Option<InFlight>,
    /// An answer, as far as it has not been done.
    answer: Option<Events>,
    /// The client has closed, so that the backend has been told of the end, or will be by what is unanswered.
    close_heard: bool,
    /// The client's CLOSE is with the backend; an answer without one means that the client's own will do.
    close_asked: bool,
    opened_at: Instant,
    active_at: Instant,
    /// `Keep-Alive-Interval`: how long the backend wants to be without a request.
    ask_every: Option<Duration>,
    asked_at: Instant,
    /// What the client is sent when it has not been sent anything for a while.
    keep_alive: Option<(Bytes, Duration)>,
    kept_alive_at: Instant,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Phase {
    Open,
    /// The client has closed, and the backend may yet answer.
    ClosedByClient {
        closing: Option<Closing>,
        until: Instant,
    },
    /// Our Close frame is among what is to be sent. `answered` once nothing more of the client is waited for.
    Closing {
        answered: bool,
        until: Instant,
    },
}

/// How the connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    /// With Close frames both ways, or with ours after a violation.
    Closed,
    /// The client is gone.
    Gone,
    /// The backend wanted it gone.
    Dropped,
}

impl Socket {
    pub(crate) fn new(shared: Arc<Shared>, member: Member, head: Head) -> Self {
        let now = Instant::now();
        Self {
            shared,
            member,
            head,
            prefix: None,
            detached: false,
            phase: Phase::Open,
            unanswered: Vec::new(),
            in_flight: None,
            answer: None,
            close_heard: false,
            close_asked: false,
            opened_at: now,
            active_at: now,
            ask_every: None,
            asked_at: now,
            keep_alive: None,
            kept_alive_at: now,
        }
    }

    /// Takes the answer to OPEN, without its OPEN. What it subscribes to holds before the client hears that it is accepted.
    pub(crate) fn begin(&mut self, headers: &HeaderMap, events: Events) {
        self.prefix = message_prefix(headers);
        if let Err(trouble) = self.keep(headers) {
            self.fail(&trouble);
        }
        self.answer = Some(events);
        if self.obey_answer() {
            self.member.mailbox().close(None);
        }
    }

    /// Runs the socket on a connection that has been accepted.
    pub(crate) async fn run<I: AsyncRead + AsyncWrite + Unpin>(mut self, io: I) {
        let limits = &self.shared.settings.limits;
        let close_wait = limits.close_wait;
        let decoder = Decoder::new(limits.frame_bytes_max, limits.message_bytes_max);
        let mut wire = Wire::new(io, decoder);
        let ending = self.talk(&mut wire).await;
        let let_go = async move {
            if ending == Ending::Closed {
                // Whoever does not hang up by then is cut off.
                let _ = tokio::time::timeout(close_wait, wire.linger()).await;
            }
        };
        tokio::join!(let_go, self.conclude(ending));
    }

    /// Tells the backend of a client that went away before the handshake was over.
    pub(crate) async fn run_without_client(self) {
        self.conclude(Ending::Gone).await;
    }

    async fn talk<I: AsyncRead + AsyncWrite + Unpin>(&mut self, wire: &mut Wire<I>) -> Ending {
        let mailbox = self.member.mailbox().clone();
        loop {
            if let Some(ending) = self.advance(wire, &mailbox) {
                return ending;
            }
            let reads = self.hears(&mailbox);
            let deadline = self.deadline();
            tokio::select! {
                progress = wire.progress(&mailbox, reads) => {
                    if progress == Progress::Gone {
                        return Ending::Gone;
                    }
                }
                answer = answered(&mut self.in_flight) => {
                    self.in_flight = None;
                    self.asked_at = Instant::now();
                    if let Err(trouble) = answer.and_then(|answer| self.take_answer(answer)) {
                        self.fail(&trouble);
                    }
                }
                () = mailbox.woken() => self.active_at = Instant::now(),
                () = sleep_until(deadline) => {
                    if self.expire(&mailbox) {
                        return Ending::Gone;
                    }
                }
            }
        }
    }

    /// Does everything that can be done without waiting.
    fn advance<I: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        wire: &mut Wire<I>,
        mailbox: &Mailbox,
    ) -> Option<Ending> {
        while self.hears(mailbox) {
            match wire.decode() {
                Ok(Some(incoming)) => self.hear(incoming, mailbox),
                Ok(None) => break,
                Err(violation) => {
                    mailbox.close(Some(violation.closing()));
                    self.close(true);
                }
            }
        }
        if self.obey_answer() {
            return Some(Ending::Dropped);
        }
        if mailbox.closed().is_some() {
            match self.phase {
                Phase::Open => self.close(false),
                Phase::ClosedByClient { .. } => self.close(true),
                Phase::Closing { .. } => {}
            }
        }
        self.ask();
        let is_over = matches!(self.phase, Phase::Closing { answered: true, .. })
            && mailbox.is_empty()
            && wire.is_written();
        is_over.then_some(Ending::Closed)
    }

    fn close(&mut self, answered: bool) {
        let until = after(Instant::now(), self.limits().close_wait);
        self.phase = Phase::Closing { answered, until };
    }

    /// Whether the client is listened to.
    fn hears(&self, mailbox: &Mailbox) -> bool {
        match self.phase {
            Phase::Open => {
                self.unanswered.len() < self.limits().unanswered_bytes_max && mailbox.has_room()
            }
            Phase::Closing { answered, .. } => !answered,
            Phase::ClosedByClient { .. } => false,
        }
    }

    fn hear(&mut self, incoming: Incoming, mailbox: &Mailbox) {
        if let Phase::Closing { answered, .. } = &mut self.phase {
            // Between our Close and the client's, what it says has come too late.
            *answered = matches!(incoming, Incoming::Close(_));
            return;
        }
        let forwards_pings = self.shared.settings.pings == Pings::Forwarded && !self.detached;
        match incoming {
            Incoming::Text(text) => self.hear_message(Event::Text(text)),
            Incoming::Binary(binary) => self.hear_message(Event::Binary(binary)),
            Incoming::Ping(payload) if forwards_pings => {
                Event::Ping(payload).write(&mut self.unanswered);
            }
            Incoming::Ping(payload) => mailbox.push(control(Opcode::Pong, &payload)),
            Incoming::Pong(payload) if forwards_pings => {
                Event::Pong(payload).write(&mut self.unanswered);
            }
            Incoming::Pong(_) => {}
            Incoming::Close(closing) => {
                Event::Close(closing.clone()).write(&mut self.unanswered);
                self.close_heard = true;
                let until = after(Instant::now(), self.limits().close_wait);
                self.phase = Phase::ClosedByClient { closing, until };
            }
        }
    }

    fn hear_message(&mut self, event: Event) {
        self.active_at = Instant::now();
        if !self.detached {
            event.write(&mut self.unanswered);
        }
    }

    /// Sends the backend what has happened, if it has answered what happened before.
    fn ask(&mut self) {
        let is_waiting = self.in_flight.is_some() || self.answer.is_some();
        if is_waiting || self.unanswered.is_empty() || matches!(self.phase, Phase::Closing { .. }) {
            return;
        }
        self.close_asked = matches!(self.phase, Phase::ClosedByClient { .. });
        self.send();
    }

    fn send(&mut self) {
        let events = std::mem::take(&mut self.unanswered);
        self.in_flight = Some(self.shared.call(&self.head, events, Throttled::TryAgain));
    }

    fn take_answer(&mut self, answer: Response<Bytes>) -> Result<(), Trouble> {
        check(&answer)?;
        let (parts, body) = answer.into_parts();
        self.keep(&parts.headers)?;
        self.answer = Some(Events::new(body));
        Ok(())
    }

    /// Takes from an answer's headers what is to be remembered.
    fn keep(&mut self, headers: &HeaderMap) -> Result<(), Trouble> {
        let bytes_max = self.limits().meta_bytes_max;
        self.head.keep_meta(headers, bytes_max)?;
        let interval = headers.get("keep-alive-interval");
        if let Some(seconds) = interval.and_then(|value| value.to_str().ok()?.parse().ok()) {
            let interval = Duration::from_secs(seconds).max(ASK_EVERY_MIN);
            self.ask_every = (seconds > 0).then_some(interval);
        }
        Ok(())
    }

    /// Does what the answer says, as far as there is room for what it has for the client. True when it says to let go.
    fn obey_answer(&mut self) -> bool {
        while let Some(answer) = &mut self.answer {
            if !self.member.mailbox().has_room() {
                break;
            }
            match answer.next() {
                Some(Ok(Event::Disconnect)) => return true,
                Some(Ok(event)) => self.obey(event),
                Some(Err(malformed)) => {
                    self.answer = None;
                    self.fail(&malformed.into());
                }
                None => {
                    self.answer = None;
                    if let Phase::ClosedByClient { closing, .. } = &self.phase
                        && self.close_asked
                    {
                        self.member.mailbox().close(closing.clone());
                    }
                }
            }
        }
        false
    }

    fn obey(&mut self, event: Event) {
        match event {
            // OPEN has been taken already, and says nothing a second time.
            Event::Open | Event::Disconnect => {}
            Event::Text(text) if self.prefix.is_some() && text.starts_with(CONTROL_PREFIX) => {
                self.obey_control(&text[CONTROL_PREFIX.len()..]);
            }
            Event::Text(text) => self.say(Opcode::Text, &text),
            Event::Binary(binary) => self.say(Opcode::Binary, &binary),
            Event::Ping(payload) => self.member.mailbox().push(control(Opcode::Ping, &payload)),
            Event::Pong(payload) => self.member.mailbox().push(control(Opcode::Pong, &payload)),
            Event::Close(closing) => {
                let closing = match (&self.phase, closing) {
                    (Phase::Open, None) => Some(Closing::ours(1000, "")),
                    (_, closing) => closing,
                };
                self.member.mailbox().close(closing);
            }
        }
    }

    fn say(&mut self, opcode: Opcode, content: &[u8]) {
        let prefix = self.prefix.as_deref().unwrap_or_default();
        let Some(content) = content.strip_prefix(prefix) else {
            self.report(&Trouble::Unprefixed);
            return;
        };
        let frames = message(opcode, content, self.limits().frame_bytes_max);
        self.member.mailbox().push(frames);
        self.active_at = Instant::now();
    }

    fn obey_control(&mut self, json: &[u8]) {
        let control = match Control::read(json) {
            Ok(control) => control,
            Err(error) => {
                self.report(&Trouble::Control(error.to_string()));
                return;
            }
        };
        match control {
            Control::Subscribe { channel } => {
                let limits = &self.shared.settings.limits;
                if channel.is_empty() || channel.len() > limits.channel_bytes_max {
                    self.report(&Trouble::Control(format!(
                        "a channel's name has 1 to {} bytes",
                        limits.channel_bytes_max
                    )));
                } else if !self
                    .member
                    .subscribe(&channel, limits.channels_per_socket_max)
                {
                    self.report(&Trouble::Control(format!(
                        "a socket has at most {} channels",
                        limits.channels_per_socket_max
                    )));
                }
            }
            Control::Unsubscribe { channel } => self.member.unsubscribe(&channel),
            Control::Detach => {
                self.detached = true;
                self.ask_every = None;
            }
            Control::KeepAlive {
                content: Some(content),
                timeout: Some(seconds @ 1..),
            } => {
                let frame_bytes_max = self.limits().frame_bytes_max;
                let frames = message(Opcode::Text, content.as_bytes(), frame_bytes_max);
                self.keep_alive = Some((frames, Duration::from_secs(seconds)));
                self.kept_alive_at = Instant::now();
            }
            Control::KeepAlive { .. } => self.keep_alive = None,
            Control::SetMeta { name, value } => {
                let bytes_max = self.limits().meta_bytes_max;
                if let Err(trouble) = self.head.set_meta(&name, value.as_bytes(), bytes_max) {
                    self.fail(&trouble);
                }
            }
            Control::Unknown => {
                self.report(&Trouble::Control("its `type` is not known".to_owned()));
            }
        }
    }

    /// Closes a socket whose backend cannot be talked to: what it would miss cannot be made up for.
    fn fail(&mut self, trouble: &Trouble) {
        self.report(trouble);
        let closing = match &self.phase {
            Phase::ClosedByClient { closing, .. } => closing.clone(),
            _ => Some(Closing::ours(1011, "Internal server error")),
        };
        self.member.mailbox().close(closing);
    }

    fn deadline(&self) -> Option<Instant> {
        match self.phase {
            Phase::Open => [
                self.active_at.checked_add(self.limits().idle),
                self.opened_at.checked_add(self.limits().life),
                self.asks_at(),
                self.keeps_alive_at(),
            ]
            .into_iter()
            .flatten()
            .min(),
            Phase::ClosedByClient { until, .. } | Phase::Closing { until, .. } => Some(until),
        }
    }

    fn asks_at(&self) -> Option<Instant> {
        if self.in_flight.is_some() || self.answer.is_some() {
            return None;
        }
        self.asked_at.checked_add(self.ask_every?)
    }

    fn keeps_alive_at(&self) -> Option<Instant> {
        let (_, every) = self.keep_alive.as_ref()?;
        self.kept_alive_at.max(self.active_at).checked_add(*every)
    }

    /// Does what its time has come for. True when there is nothing left to wait for.
    fn expire(&mut self, mailbox: &Mailbox) -> bool {
        let now = Instant::now();
        let is_due = |at: Option<Instant>| at.is_some_and(|at| at <= now);
        match &self.phase {
            Phase::Open => {
                let limits = self.limits();
                if is_due(self.active_at.checked_add(limits.idle))
                    || is_due(self.opened_at.checked_add(limits.life))
                {
                    mailbox.close(Some(going_away()));
                } else if is_due(self.asks_at()) {
                    self.send();
                } else if is_due(self.keeps_alive_at()) {
                    self.kept_alive_at = now;
                    if let Some((frames, _)) = &self.keep_alive
                        && mailbox.has_room()
                    {
                        mailbox.push(frames.clone());
                    }
                }
                false
            }
            // The backend takes too long; a client that has closed is not kept waiting.
            Phase::ClosedByClient { closing, until } => {
                if *until <= now {
                    mailbox.close(closing.clone());
                }
                false
            }
            Phase::Closing { until, .. } => *until <= now,
        }
    }

    /// The last words to the backend.
    async fn conclude(mut self, ending: Ending) {
        if let Some(in_flight) = self.in_flight.take() {
            match in_flight.await {
                // Its words for the client come too late; what it wants to be told again does not.
                Ok(answer) => drop(self.keep(answer.headers())),
                Err(trouble) => self.report(&trouble),
            }
        }
        let closed = self.member.mailbox().closed();
        if closed.as_ref().is_some_and(|closed| closed.overflowed) {
            self.report(&Trouble::SlowClient);
        }
        if ending == Ending::Dropped {
            return;
        }
        if !self.close_heard {
            let event = match closed {
                Some(closed) => Event::Close(closed.closing),
                None => Event::Disconnect,
            };
            event.write(&mut self.unanswered);
        }
        if self.unanswered.is_empty() {
            return;
        }
        self.send();
        if let Some(in_flight) = self.in_flight.take()
            && let Err(trouble) = in_flight.await
        {
            self.report(&trouble);
        }
    }

    fn report(&self, trouble: &Trouble) {
        self.shared.report(self.head.connection_id(), trouble);
    }

    fn limits(&self) -> &Limits {
        &self.shared.settings.limits
    }
}

/// Whether an answer is made of events.
pub(crate) fn check(answer: &Response<Bytes>) -> Result<(), Trouble> {
    if answer.status() != StatusCode::OK {
        return Err(Trouble::Status(answer.status().as_u16()));
    }
    if !is_events(answer.headers()) {
        let content_type = answer.headers().get(CONTENT_TYPE_NAME);
        let told = content_type.map_or_else(String::new, |value| {
            String::from_utf8_lossy(value.as_bytes()).into_owned()
        });
        return Err(Trouble::ContentType(told));
    }
    match answer.headers().get(CONTENT_ENCODING) {
        Some(encoding) if encoding != "identity" => Err(Trouble::ContentEncoding(
            String::from_utf8_lossy(encoding.as_bytes()).into_owned(),
        )),
        _ => Ok(()),
    }
}

pub(crate) fn is_events(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE_NAME).is_some_and(|value| {
        let essence = value.as_bytes().split(|byte| *byte == b';').next();
        essence.is_some_and(|essence| {
            essence
                .trim_ascii()
                .eq_ignore_ascii_case(CONTENT_TYPE.as_bytes())
        })
    })
}

/// What AWS says at the end of a connection's time, and we when the holder stops.
pub(crate) fn going_away() -> Closing {
    Closing::ours(1001, "Going away")
}

/// What begins messages for the client, if the answer to OPEN says that the backend speaks GRIP:
/// `Sec-WebSocket-Extensions: grip; message-prefix="m:"`.
fn message_prefix(headers: &HeaderMap) -> Option<Box<[u8]>> {
    let extensions = headers.get_all(SEC_WEBSOCKET_EXTENSIONS);
    let grip = extensions
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .find(|extension| {
            extension == &"grip"
                || extension
                    .strip_prefix("grip")
                    .is_some_and(|rest| rest.trim_start().starts_with(';'))
        })?;
    let prefix = grip
        .split(';')
        .skip(1)
        .filter_map(|parameter| parameter.split_once('='))
        .find(|(name, _)| name.trim() == "message-prefix")
        .map_or(MESSAGE_PREFIX, |(_, value)| value.trim().trim_matches('"'));
    Some(prefix.as_bytes().into())
}

fn after(now: Instant, wait: Duration) -> Instant {
    // A wait that no clock can hold is as good as a day.
    now.checked_add(wait)
        .unwrap_or_else(|| now + Duration::from_hours(24))
}

async fn answered(in_flight: &mut Option<InFlight>) -> Result<Response<Bytes>, Trouble> {
    match in_flight {
        Some(in_flight) => in_flight.await,
        None => pending().await,
    }
}

async fn sleep_until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn the_prefix_is_what_the_backend_says() {
        for (value, expected) in [
            ("grip", Some("m:")),
            ("grip; message-prefix=\"\"", Some("")),
            ("grip;message-prefix=\"x-\"", Some("x-")),
            ("other, grip; message-prefix=y", Some("y")),
            ("gripe", None),
            ("permessage-deflate", None),
        ] {
            let headers =
                HeaderMap::from_iter([(SEC_WEBSOCKET_EXTENSIONS, HeaderValue::from_static(value))]);
            let expected = expected.map(|prefix| Box::from(prefix.as_bytes()));
            assert_eq!(message_prefix(&headers), expected, "{value}");
        }
        assert_eq!(message_prefix(&HeaderMap::new()), None);
    }
}
