//! Lambda's events, answered by an API whose backends answer anything.

use super::{Target, parts, text};
use crate::world::World;
use postern_lambda::{Event, Trust};

pub(super) const TARGET: Target = Target {
    name: "event",
    about: "Lambda's events as requests to an API: the event, ---, what its backends answer",
    make: || {
        let world = World::new();
        Box::new(move |input| run(&world, input))
    },
};

fn run(world: &World, input: &[u8]) -> String {
    let text = text(input);
    let (event, answer) = parts(&text);
    let event: Event = match serde_json::from_str(event) {
        Ok(event) => event,
        Err(error) => return error.to_string(),
    };
    let trust = Trust {
        forwarded_host: true,
        client_certificate: true,
        vpc: true,
        proxies: 1,
        secret: None,
    };
    match event.into_arrival(&trust) {
        Err(error) => error.to_string(),
        Ok(arrival) => world.answer(arrival, answer),
    }
}
