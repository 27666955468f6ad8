//! The embedded engine keeps the contract, in memory and in a file.

use crate::time::TestClock;
use postern_store::Embedded;
use postern_store::contract::Harness;

mod in_memory {
    use super::{Embedded, Harness, TestClock};

    async fn harness() -> Harness {
        let clock = TestClock::at(1_800_000_000);
        let store = Embedded::memory(clock.clone()).unwrap();
        Harness::new(store.usage, clock)
    }

    postern_store::contract!(harness);
}

mod in_a_file {
    use super::{Embedded, Harness, TestClock};
    use postern_store::Store;
    use std::sync::{Arc, OnceLock};
    use tempfile::TempDir;

    async fn harness() -> Harness {
        // One table for all promises, which run at the same time.
        static SHARED: OnceLock<(Arc<TestClock>, Store)> = OnceLock::new();
        let (clock, store) = SHARED.get_or_init(|| {
            // Nobody drops what is static, so the folder goes at once; the file stays as long as it is open.
            let dir = TempDir::new().unwrap();
            let clock = TestClock::at(1_800_000_000);
            let store = Embedded::open(dir.path(), clock.clone()).unwrap();
            (clock, store)
        });
        Harness::new(store.definitions.clone(), clock.clone())
    }

    postern_store::contract!(harness);
}
