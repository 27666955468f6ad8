//! The management APIs, operation by operation.
