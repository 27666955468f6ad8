//! What a function that answers for WebSocket APIs is told, and all that it works with.

use crate::{HolderList, Keys, Limits, RemoteHolders, World};
use postern_gateway::Gateway;
use std::sync::Arc;

#[derive(Clone, Debug)]
pub struct Settings {
    pub keys: Keys,
    pub holders: HolderList,
    pub limits: Limits,
}

impl World {
    /// Of a function: a gateway of its own, and holders that are reached over the network.
    pub async fn of_function(
        world: postern_gateway::World,
        gateway: postern_gateway::Settings,
        settings: Settings,
    ) -> Self {
        let holders = RemoteHolders::new(
            settings.holders,
            settings.keys,
            world.backend.clone(),
            world.clock.clone(),
        );
        let (table, clock) = (world.store.connections.clone(), world.clock.clone());
        let journal = world.journal.clone();
        let line = Gateway::new(world, gateway);
        line.warm_up().await;
        Self {
            line: Arc::new(line),
            holders: Arc::new(holders),
            table,
            clock,
            journal,
            limits: settings.limits,
        }
    }
}
