//! The integration tests, one binary. What needs a real server stands under `servers`; it fails where its server is missing.

mod laws;
mod servers;
mod stories;
mod tidy;
