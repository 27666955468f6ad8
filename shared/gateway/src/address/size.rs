//! How much of a request there may be before its body.

use crate::Arrival;
use crate::rejection::AddressRejection;
use postern_plan::ApiKind;

/// AWS's limit for the request line of a regional API.
const URI_BYTES_MAX: usize = 10_240;
/// AWS's limit for all header names and values together; for HTTP APIs, for the request line as well.
const HEADER_BYTES_MAX: usize = 10_240;

/// The bytes of a request that come before its body.
#[derive(Clone, Copy)]
pub(super) struct Size {
    line: usize,
    headers: usize,
}

impl Size {
    pub(super) fn of(arrival: &Arrival) -> Self {
        let query = arrival.query.as_ref().map_or(0, |query| query.len() + 1);
        let headers = arrival.headers.iter();
        Self {
            line: arrival.path.len() + query,
            headers: headers
                .map(|(name, value)| name.as_str().len() + value.len() + 4)
                .sum(),
        }
    }

    /// What is told of a request that is refused for something else: that it is too large, if it is.
    pub(super) fn or(self, rejection: AddressRejection) -> AddressRejection {
        self.check(rejection.kind()).err().unwrap_or(rejection)
    }

    /// Whether an API of this kind takes it.
    pub(super) fn check(self, kind: ApiKind) -> Result<(), AddressRejection> {
        if kind != ApiKind::Http && self.line > URI_BYTES_MAX {
            return Err(AddressRejection::UriTooLong {
                kind,
                bytes: self.line,
                max: URI_BYTES_MAX,
            });
        }
        let (bytes, with_line) = match kind {
            ApiKind::Http => (self.line + self.headers, true),
            ApiKind::Rest | ApiKind::WebSocket => (self.headers, false),
        };
        if bytes > HEADER_BYTES_MAX {
            return Err(AddressRejection::HeadersTooLong {
                kind,
                with_line,
                bytes,
                max: HEADER_BYTES_MAX,
            });
        }
        Ok(())
    }
}
