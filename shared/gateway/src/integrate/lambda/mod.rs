//! AWS_PROXY: the request becomes an event for a Lambda function, and what the function returns the response.

mod answer;
mod event;
mod proxy;
mod stream;
