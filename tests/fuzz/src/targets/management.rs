//! Requests to the management APIs, patches above all.

use super::{Target, text};
use crate::world::World;

pub(super) const TARGET: Target = Target {
    name: "management",
    about: "requests to the management APIs, one after another: VERB TARGET, the body, ---",
    make: || {
        let mut world = World::new();
        Box::new(move |input| run(&mut world, input))
    },
};

fn run(world: &mut World, input: &[u8]) -> String {
    let text = text(input);
    // Each input finds the world as it was made, so that it does the same when it is tried alone.
    world.renew();
    let mut outcome = String::new();
    for request in text.split("\n---\n").take(4) {
        let (first, body) = request.split_once('\n').unwrap_or((request, ""));
        let (verb, target) = first.split_once(' ').unwrap_or(("GET", first));
        outcome += &world.manage(verb, target, body);
    }
    outcome
}
