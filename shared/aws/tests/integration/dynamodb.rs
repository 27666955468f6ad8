//! How the tests reach DynamoDB Local.

use postern_aws::{Aws, CredentialsSource, Settings};
use postern_egress::{Egress, Options};
use postern_store::{Clock, SystemClock};
use std::collections::BTreeMap;
use std::io::Write;
use std::sync::{Arc, Once};

const VARIABLE: &str = "POSTERN_TEST_DYNAMODB";

/// `None` where there is no DynamoDB to test against. That is written past the test runner, which hides what tests print.
pub(crate) fn endpoint() -> Option<String> {
    static SAID: Once = Once::new();
    #[expect(
        clippy::disallowed_methods,
        reason = "this is where these tests read the environment"
    )]
    let endpoint = std::env::var(VARIABLE).ok().filter(|url| !url.is_empty());
    if endpoint.is_none() {
        SAID.call_once(|| {
            let said = writeln!(
                std::io::stderr(),
                "\nSKIPPED: the store on DynamoDB is NOT tested, because {VARIABLE} is not set.\n\
                 Start DynamoDB Local and set it, as in {VARIABLE}=http://127.0.0.1:8000, or run `tests/run`, which does.\n"
            );
            said.unwrap();
        });
    }
    endpoint
}

pub(crate) fn at(endpoint: &str, clock: Arc<dyn Clock>) -> Aws {
    let settings = Settings {
        region: None,
        endpoint: None,
        endpoints: BTreeMap::from([("dynamodb".to_owned(), endpoint.to_owned())]),
        credentials: CredentialsSource::Chain,
    };
    Aws::new(settings, Egress::new(&Options::default()), clock)
}

/// A client of its own for every test: connections belong to the runtime that made them.
pub(crate) fn aws() -> Option<Aws> {
    Some(at(&endpoint()?, Arc::new(SystemClock)))
}

pub(crate) fn unique_prefix() -> String {
    format!("postern-test-{:016x}", rand::random::<u64>())
}
