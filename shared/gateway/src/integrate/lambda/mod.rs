//! AWS_PROXY: the request becomes an event for a Lambda function, and what the function returns the response.

mod answer;
mod event;
mod proxy;
mod stream;

pub(crate) use event::Event;
pub(crate) use proxy::request_headers as invoke_headers;
