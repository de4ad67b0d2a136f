//! Status, metrics and commands over HTTP. Loopback by default; beyond it a bearer token is required.
//!
//! What is shown is a page that the judging thread publishes several times a second; what is asked or told goes to it as a
//! [`Command`] and is answered by it, so that there is one order of things.

mod answer;
mod auth;
mod chart;
mod routes;
pub mod shape;
mod shared;
mod status;

pub use answer::{Command, Drawable, Fault, Reply};
pub use routes::{ServeError, Server, serve};
pub use shared::Shared;
pub use status::{CheckpointStatus, PartitionStatus, Status};
