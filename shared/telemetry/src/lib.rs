//! Access log, metrics records: pure formatting.
