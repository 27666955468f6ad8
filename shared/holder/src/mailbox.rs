//! What waits to be sent to one client, as frames. The backend's answers and what is published meet here, in the order in which they
//! came; the socket's own task takes them out.

use crate::protocol::{Opcode, control};
use bytes::Bytes;
use postern_grip::Closing;
use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// What each piece takes besides its bytes. Without it, pongs of two bytes would take thirty times their limit.
const PIECE_BYTES: usize = 64;

pub(crate) struct Mailbox {
    id: u64,
    unsent_bytes_max: usize,
    waiting: Mutex<Waiting>,
    woken: Notify,
}

#[derive(Default)]
struct Waiting {
    frames: VecDeque<Bytes>,
    bytes: usize,
    /// Once a Close frame is among the frames, none may follow it.
    closed: Option<Closed>,
}

/// How this side came to close the socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Closed {
    pub(crate) closing: Option<Closing>,
    /// Too much waited for the client.
    pub(crate) overflowed: bool,
}

impl Mailbox {
    pub(crate) fn new(id: u64, unsent_bytes_max: usize) -> Self {
        Self {
            id,
            unsent_bytes_max,
            waiting: Mutex::default(),
            woken: Notify::new(),
        }
    }

    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    /// Adds frames for which there is room, as [`Mailbox::has_room`] has told.
    pub(crate) fn push(&self, frames: Bytes) {
        let mut waiting = self.lock();
        if waiting.closed.is_none() {
            waiting.add(frames);
        }
    }

    /// Adds frames from outside the socket's own task. Where too much waits already the client is not reading: what waits is thrown
    /// away and the socket closed, for a gap in what it was sent must not go unnoticed.
    pub(crate) fn publish(&self, frames: Bytes) {
        let mut waiting = self.lock();
        if waiting.closed.is_some() {
            return;
        }
        if !waiting.frames.is_empty() && waiting.bytes + weight(&frames) > self.unsent_bytes_max {
            waiting.frames.clear();
            waiting.bytes = 0;
            waiting.close(Closed {
                closing: Some(Closing::ours(1008, "The client reads too slowly")),
                overflowed: true,
            });
        } else {
            waiting.add(frames);
        }
        drop(waiting);
        self.woken.notify_one();
    }

    /// Closes the socket once everything before has been sent. The first close counts.
    pub(crate) fn close(&self, closing: Option<Closing>) {
        let mut waiting = self.lock();
        if waiting.closed.is_none() {
            waiting.close(Closed {
                closing,
                overflowed: false,
            });
        }
        drop(waiting);
        self.woken.notify_one();
    }

    pub(crate) fn closed(&self) -> Option<Closed> {
        self.lock().closed.clone()
    }

    pub(crate) fn has_room(&self) -> bool {
        self.lock().bytes < self.unsent_bytes_max
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lock().frames.is_empty()
    }

    /// Moves frames to `out`, at least one where there is any, and about as many bytes as given. Tells whether there was any.
    pub(crate) fn take(&self, out: &mut VecDeque<Bytes>, bytes: usize) -> bool {
        let mut waiting = self.lock();
        let mut taken = 0;
        while taken < bytes
            && let Some(frames) = waiting.frames.pop_front()
        {
            taken += weight(&frames);
            out.push_back(frames);
        }
        waiting.bytes = waiting.bytes.saturating_sub(taken);
        if waiting.frames.is_empty() && waiting.frames.capacity() > 0 {
            // An idle socket keeps no memory of a busy time.
            waiting.frames = VecDeque::new();
        }
        taken > 0
    }

    /// Waits until somebody outside the socket's task has added something. What was added before is not forgotten.
    pub(crate) async fn woken(&self) {
        self.woken.notified().await;
    }

    /// Nothing that is done under the lock leaves the state half changed.
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn close(&mut self, closed: Closed) {
        let frame = control(Opcode::Close, &Closing::payload(closed.closing.as_ref()));
        self.add(frame);
        self.closed = Some(closed);
    }

    fn add(&mut self, frames: Bytes) {
        self.bytes += weight(&frames);
        self.frames.push_back(frames);
    }
}

fn weight(frames: &Bytes) -> usize {
    frames.len() + PIECE_BYTES
}

impl fmt::Debug for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mailbox")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(text: &'static str) -> Bytes {
        Bytes::from_static(text.as_bytes())
    }

    fn everything(mailbox: &Mailbox) -> Vec<u8> {
        let mut out = VecDeque::new();
        while mailbox.take(&mut out, 1) {}
        out.into_iter().flatten().collect()
    }

    #[test]
    fn nothing_follows_a_close() {
        let mailbox = Mailbox::new(1, 1_000);
        mailbox.publish(frames("before"));
        mailbox.close(Some(Closing::new(1001, "").unwrap()));
        mailbox.publish(frames("after"));
        mailbox.push(frames("after"));
        mailbox.close(None);
        assert_eq!(everything(&mailbox), b"before\x88\x02\x03\xe9");
    }

    #[test]
    fn a_client_that_falls_behind_is_closed_and_not_sent_a_part() {
        let mailbox = Mailbox::new(1, PIECE_BYTES);
        mailbox.publish(frames("longer than the limit"));
        assert_eq!(mailbox.closed(), None, "one message always may wait");
        assert!(!mailbox.has_room());
        mailbox.publish(frames("one more"));
        let closed = mailbox.closed().unwrap();
        assert!(closed.overflowed);
        assert_eq!(closed.closing.as_ref().map(Closing::code), Some(1008));
        let sent = everything(&mailbox);
        assert_eq!(sent[..4], *b"\x88\x1d\x03\xf0", "{}", sent.escape_ascii());
    }

    #[test]
    fn what_is_taken_makes_room() {
        let mailbox = Mailbox::new(1, PIECE_BYTES + 8);
        for _ in 0..100 {
            mailbox.publish(frames("12345"));
            assert_eq!(everything(&mailbox), b"12345");
        }
        assert!(mailbox.is_empty() && mailbox.has_room());
    }
}
