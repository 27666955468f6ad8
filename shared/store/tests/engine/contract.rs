//! The embedded engine keeps the contract, in memory and in a file.

use crate::time::TestClock;
use postern_store::Embedded;
use postern_store::contract::Harness;
use std::future::{Ready, ready};

mod in_memory {
    use super::{Embedded, Harness, Ready, TestClock, ready};

    fn harness() -> Ready<Harness> {
        let clock = TestClock::at(1_800_000_000);
        let store = Embedded::memory(clock.clone()).unwrap();
        ready(Harness::new(store.usage, clock))
    }

    postern_store::contract!(harness);
}

mod in_a_file {
    use super::{Embedded, Harness, Ready, TestClock, ready};
    use postern_store::Store;
    use std::sync::{Arc, OnceLock};
    use tempfile::TempDir;

    fn harness() -> Ready<Harness> {
        // One table for all promises, which run at the same time.
        static SHARED: OnceLock<(Arc<TestClock>, Store)> = OnceLock::new();
        let (clock, store) = SHARED.get_or_init(|| {
            // Nobody drops what is static, so the folder goes at once; the file stays as long as it is open.
            let dir = TempDir::new().unwrap();
            let clock = TestClock::at(1_800_000_000);
            let store = Embedded::open(dir.path(), clock.clone()).unwrap();
            (clock, store)
        });
        ready(Harness::new(store.definitions.clone(), clock.clone()))
    }

    postern_store::contract!(harness);
}
