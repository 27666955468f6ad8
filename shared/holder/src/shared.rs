//! What all sockets of a holder have in common, and the one way from a socket to the backend.

use crate::backend::{Backend, BackendError};
use crate::head::Head;
use crate::registry::Registry;
use crate::settings::Settings;
use crate::trouble::Trouble;
use bytes::Bytes;
use http::{Response, StatusCode};
use postern_store::Clock;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// How long a `Grip-Sig` holds, as Pushpin has it: enough for clocks that differ.
const SIGNATURE_LIFETIME: Duration = Duration::from_hours(1);
/// The pauses before a request is sent again, which is done only where the backend has not run.
const PAUSES: [Duration; 3] = [
    Duration::from_millis(100),
    Duration::from_millis(400),
    Duration::from_millis(1_600),
];

/// Told of everything that goes wrong with the backend, with the id of the connection.
pub type Watch = Arc<dyn Fn(&str, &Trouble) + Send + Sync>;

pub(crate) struct Shared {
    pub(crate) settings: Settings,
    pub(crate) backend: Arc<dyn Backend>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) registry: Arc<Registry>,
    pub(crate) watch: Option<Watch>,
}

/// A request under way. Boxed, so that a socket pays for one only while there is one.
pub(crate) type InFlight = Pin<Box<dyn Future<Output = Result<Response<Bytes>, Trouble>> + Send>>;

/// Whether the backend may refuse by 429: to a handshake that is an answer, later on it is a function that could not run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Throttled {
    Answer,
    TryAgain,
}

impl Shared {
    pub(crate) fn call(
        self: &Arc<Self>,
        head: &Head,
        events: Vec<u8>,
        throttled: Throttled,
    ) -> InFlight {
        let signature = self.settings.signing.as_ref().map(|signing| {
            let now = self.clock.now();
            signing.key.sign(&signing.issuer, now, SIGNATURE_LIFETIME)
        });
        let request = head.request(events, signature.as_deref());
        let shared = self.clone();
        Box::pin(async move {
            let timeout = shared.settings.limits.backend_timeout;
            let mut pauses = PAUSES.into_iter();
            loop {
                let answering = shared.backend.events(request.clone());
                let answer = tokio::time::timeout(timeout, answering)
                    .await
                    .map_err(|_| Trouble::Timeout(timeout))?;
                let has_not_run = match &answer {
                    Ok(answer) => {
                        throttled == Throttled::TryAgain
                            && answer.status() == StatusCode::TOO_MANY_REQUESTS
                    }
                    Err(error) => matches!(error, BackendError::Unreached(_)),
                };
                match pauses.next() {
                    Some(pause) if has_not_run => tokio::time::sleep(pause).await,
                    _ => return answer.map_err(Trouble::from),
                }
            }
        })
    }

    pub(crate) fn report(&self, connection_id: &str, trouble: &Trouble) {
        if let Some(watch) = &self.watch {
            watch(connection_id, trouble);
        }
    }
}
