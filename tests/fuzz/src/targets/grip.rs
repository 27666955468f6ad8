//! What a holder of WebSockets and its backend say to each other.

use super::Target;
use bytes::Bytes;
use postern_grip::{Event, Events, Item, PublicKey, SharedKey};
use std::fmt::Write;
use std::time::Duration;

pub(super) const TARGET: Target = Target {
    name: "grip",
    about: "WebSocket-over-HTTP: events, items that are published, tokens",
    make: || Box::new(run),
};

fn run(input: &[u8]) -> String {
    let mut outcome = String::new();
    let mut written = Vec::new();
    let mut sound = Vec::new();
    for event in Events::new(Bytes::copy_from_slice(input)) {
        match event {
            Ok(event) => {
                let name = match &event {
                    Event::Open => "open ",
                    Event::Text(_) => "text ",
                    Event::Binary(_) => "binary ",
                    Event::Ping(_) => "ping ",
                    Event::Pong(_) => "pong ",
                    Event::Close(_) => "close ",
                    Event::Disconnect => "disconnect ",
                };
                if !outcome.contains(name) {
                    outcome += name;
                }
                event.write(&mut written);
                sound.push(event);
            }
            Err(malformed) => outcome += &malformed.to_string(),
        }
    }
    let again: Result<Vec<_>, _> = Events::new(written.into()).collect();
    assert_eq!(again, Ok(sound), "what was read is written and read again");
    match Item::read_all(input) {
        Ok(items) => {
            let again = Item::read_all(&Item::write_all(&items));
            assert!(again.is_ok_and(|again| again.len() == items.len()));
            let _ = write!(outcome, " {} items", items.len().min(3));
        }
        Err(error) => {
            // Where in the text a mistake is tells no outcomes apart.
            let told = error.to_string();
            outcome += told.split(" at line").next().unwrap_or_default();
        }
    }
    let verified = SharedKey::new(b"changeme").verify(
        &String::from_utf8_lossy(input),
        Duration::from_secs(1_795_256_446),
    );
    let text = String::from_utf8_lossy(input);
    let of_fanout = PublicKey::of_fanout().verify(&text, Duration::from_secs(1_675_365_000));
    let _ = write!(outcome, " {verified:?} {of_fanout:?}");
    outcome
}
