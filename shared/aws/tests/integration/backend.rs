//! Calls to AWS services, as a server on this machine sees them.
