//! AWS_PROXY: the request becomes an event for a Lambda function, and what the function returns the response.

mod answer;
mod answer_routed;
mod event;
mod event_socket;
mod event_v1;
mod event_v2;
mod proxy;
mod stream;

pub(crate) use event::Event;
pub(crate) use event_v2::RoutedEvent;
pub(crate) use proxy::request_headers as invoke_headers;
