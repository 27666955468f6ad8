//! What a client sends on a WebSocket.

use super::Target;

pub(super) const TARGET: Target = Target {
    name: "frames",
    about: "a WebSocket client's frames, and the limits of frames and messages",
    make: || Box::new(run),
};

/// Small ones, so that inputs meet them.
const FRAME_BYTES_MAX: usize = 64;
const MESSAGE_BYTES_MAX: usize = 100;

fn run(input: &[u8]) -> String {
    let judged = |piece| postern_holder::judged(input, piece, FRAME_BYTES_MAX, MESSAGE_BYTES_MAX);
    let (heard, wrong) = judged(usize::MAX);
    for piece in [1, 3, 7] {
        assert_eq!(judged(piece), (heard.clone(), wrong.clone()), "in pieces");
    }
    let mut outcome = String::new();
    for (name, payload) in &heard {
        if matches!(*name, "text" | "binary") {
            assert!(payload.len() <= MESSAGE_BYTES_MAX, "too long a message");
        }
        if *name == "text" {
            assert!(std::str::from_utf8(payload).is_ok(), "text is UTF-8");
        }
        if !outcome.contains(name) {
            outcome += name;
        }
    }
    outcome + " " + &wrong.unwrap_or_default()
}
