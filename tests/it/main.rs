//! The integration tests, one binary. What needs a real server stands under `servers`; it fails where its server is missing.
#![allow(clippy::unwrap_used, reason = "in a test it says that the test failed")]
#![expect(
    clippy::disallowed_methods,
    reason = "tests read files and are told by the environment where the servers are"
)]

mod accident;
mod bounds;
mod capacities;
mod comfort;
mod drive;
mod fleet;
mod forecast;
mod formats;
mod habits;
mod interface;
mod laws;
mod log_laws;
mod log_stories;
mod peers;
mod pods;
mod proofs;
mod presets;
mod recording;
mod servers;
mod stories;
mod telemetry;
mod tidy;
mod upgrade;
