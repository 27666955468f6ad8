//! An answer on its way back from the integration, before it carries what every answer carries.

use crate::Body;
use http::{HeaderMap, HeaderName, StatusCode};

/// The trace under which an answer was made.
pub(crate) const TRACE_ID: HeaderName = HeaderName::from_static("x-amzn-trace-id");

/// An integration's answer, its headers already remapped.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Body,
    /// Whether the answer says under which trace it was made.
    pub(crate) traced: bool,
    /// Whether it may be held to be packed: not where the integration is to stream.
    pub(crate) may_be_packed: bool,
}
