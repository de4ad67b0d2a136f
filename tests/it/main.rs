//! The integration tests, one binary. What needs a real server stands under `servers`; it fails where its server is missing.
#![allow(clippy::unwrap_used, reason = "in a test it says that the test failed")]

mod laws;
mod servers;
mod stories;
mod tidy;
