//! Which sockets there are, and which channels they listen to.
//!
//! One lock for all: what is held under it is short, and because of it all sockets of a channel see its items in the same order.

use crate::mailbox::Mailbox;
use crate::protocol::{Opcode, message};
use crate::settings::Limits;
use bytes::Bytes;
use postern_grip::{Action, Closing, Item};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

#[derive(Debug, Default)]
pub(crate) struct Registry {
    sockets: Mutex<Sockets>,
    emptied: Notify,
}

#[derive(Debug, Default)]
struct Sockets {
    last_id: u64,
    all: HashMap<u64, Arc<Mailbox>>,
    channels: HashMap<Arc<str>, BTreeMap<u64, Arc<Mailbox>>>,
    shut: bool,
}

/// Why there is no place for a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoPlace {
    Full,
    Shut,
}

/// What is done to every socket of a channel.
#[derive(Clone, Debug)]
pub(crate) enum Delivery {
    Frames(Bytes),
    Close(Option<Closing>),
}

impl Delivery {
    pub(crate) fn of(item: &Item, frame_bytes_max: usize) -> Self {
        let frames = |opcode, bytes: &[u8]| Self::Frames(message(opcode, bytes, frame_bytes_max));
        match &item.action {
            Action::Text(text) => frames(Opcode::Text, text.as_bytes()),
            Action::Binary(bytes) => frames(Opcode::Binary, bytes),
            Action::Close(closing) => Self::Close(closing.clone()),
        }
    }
}

impl Registry {
    pub(crate) fn admit(self: &Arc<Self>, limits: &Limits) -> Result<Member, NoPlace> {
        let mut sockets = self.lock();
        if sockets.shut {
            return Err(NoPlace::Shut);
        }
        if sockets.all.len() >= limits.sockets_max {
            return Err(NoPlace::Full);
        }
        sockets.last_id += 1;
        let mailbox = Arc::new(Mailbox::new(sockets.last_id, limits.unsent_bytes_max));
        sockets.all.insert(mailbox.id(), mailbox.clone());
        Ok(Member {
            registry: self.clone(),
            mailbox,
            channels: BTreeSet::new(),
        })
    }

    /// Returns how many sockets listen to the channel.
    pub(crate) fn publish(&self, channel: &str, delivery: &Delivery) -> usize {
        let sockets = self.lock();
        let mut reached = 0;
        for mailbox in sockets
            .channels
            .get(channel)
            .into_iter()
            .flat_map(BTreeMap::values)
        {
            match delivery {
                Delivery::Frames(frames) => mailbox.publish(frames.clone()),
                Delivery::Close(closing) => mailbox.close(closing.clone()),
            }
            reached += 1;
        }
        reached
    }

    /// Lets no one in any more, and closes whoever is there.
    pub(crate) fn shut(&self, closing: &Closing) {
        let mut sockets = self.lock();
        sockets.shut = true;
        for mailbox in sockets.all.values() {
            mailbox.close(Some(closing.clone()));
        }
    }

    pub(crate) async fn emptied(&self) {
        loop {
            let notified = self.emptied.notified();
            if self.len() == 0 {
                return;
            }
            notified.await;
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.lock().all.len()
    }

    fn lock(&self) -> MutexGuard<'_, Sockets> {
        self.sockets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A socket's place in the registry, for as long as this lives.
#[derive(Debug)]
pub(crate) struct Member {
    registry: Arc<Registry>,
    mailbox: Arc<Mailbox>,
    channels: BTreeSet<Arc<str>>,
}

impl Member {
    pub(crate) fn mailbox(&self) -> &Arc<Mailbox> {
        &self.mailbox
    }

    /// Tells whether there was room for one more channel.
    pub(crate) fn subscribe(&mut self, channel: &str, channels_max: usize) -> bool {
        if self.channels.contains(channel) {
            return true;
        }
        if self.channels.len() >= channels_max {
            return false;
        }
        let mut sockets = self.registry.lock();
        let name = match sockets.channels.get_key_value(channel) {
            Some((name, _)) => name.clone(),
            None => Arc::from(channel),
        };
        sockets
            .channels
            .entry(name.clone())
            .or_default()
            .insert(self.mailbox.id(), self.mailbox.clone());
        self.channels.insert(name);
        true
    }

    pub(crate) fn unsubscribe(&mut self, channel: &str) {
        if self.channels.remove(channel) {
            self.registry.lock().leave(channel, self.mailbox.id());
        }
    }
}

impl Sockets {
    fn leave(&mut self, channel: &str, id: u64) {
        if let Some(listening) = self.channels.get_mut(channel) {
            listening.remove(&id);
            if listening.is_empty() {
                self.channels.remove(channel);
            }
        }
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        let mut sockets = self.registry.lock();
        for channel in &self.channels {
            sockets.leave(channel, self.mailbox.id());
        }
        sockets.all.remove(&self.mailbox.id());
        let is_empty = sockets.all.is_empty();
        drop(sockets);
        if is_empty {
            self.registry.emptied.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::VecDeque;

    fn received(member: &Member) -> Vec<u8> {
        let mut out = VecDeque::new();
        while member.mailbox().take(&mut out, 1) {}
        out.into_iter().flatten().collect()
    }

    fn say(registry: &Registry, channel: &str, text: &'static str) {
        let frames = Bytes::from_static(text.as_bytes());
        registry.publish(channel, &Delivery::Frames(frames));
    }

    #[test]
    fn only_those_who_listen_receive() {
        let registry = Arc::new(Registry::default());
        let limits = Limits::default();
        let mut one = registry.admit(&limits).unwrap();
        let mut two = registry.admit(&limits).unwrap();
        assert!(one.subscribe("a", 2) && one.subscribe("a", 2) && two.subscribe("a", 2));
        assert!(two.subscribe("b", 2));
        say(&registry, "a", "1");
        say(&registry, "b", "2");
        say(&registry, "c", "3");
        one.unsubscribe("a");
        one.unsubscribe("never");
        say(&registry, "a", "4");
        assert_eq!(
            (received(&one), received(&two)),
            (b"1".to_vec(), b"124".to_vec())
        );
    }

    #[test]
    fn limits_hold_and_places_come_free() {
        let registry = Arc::new(Registry::default());
        let limits = Limits {
            sockets_max: 1,
            ..Limits::default()
        };
        let mut one = registry.admit(&limits).unwrap();
        assert_eq!(registry.admit(&limits).unwrap_err(), NoPlace::Full);
        assert!(one.subscribe("a", 2) && one.subscribe("b", 2) && !one.subscribe("c", 2));
        drop(one);
        assert!(registry.lock().channels.is_empty());
        let one = registry.admit(&limits).unwrap();
        registry.shut(&Closing::new(1001, "").unwrap());
        assert_eq!(received(&one), b"\x88\x02\x03\xe9");
        drop(one);
        assert_eq!(registry.admit(&limits).unwrap_err(), NoPlace::Shut);
    }
}
