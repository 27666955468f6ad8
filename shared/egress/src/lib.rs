//! The one pooled HTTP client by which anything leaves Postern.
