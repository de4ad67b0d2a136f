//! Telling people: what is to be said, to whom and when (pure), and the channels that carry it (async).
//!
//! [`Outbox`] decides, on wall time that is always an argument; [`render`] words a message; [`email`], [`webhook`], [`service`]
//! (Slack, Teams, PagerDuty) and [`alertmanager`] carry it; [`courier`] drives them and hands each receipt on, so that it can be synced before anything else happens.

pub mod alertmanager;
mod channel;
pub mod courier;
pub mod email;
pub mod heartbeat;
pub mod outbox;
pub mod own;
pub mod planned;
mod post;
pub mod render;
pub mod service;
mod show;
mod templates;
mod wall;
pub mod webhook;

pub use channel::{Channel, OpenError, SendError, Step};
pub use outbox::{Notification, Outbox, Outcome, Policy};
pub use show::{Form, ShowChannel, Shown};
pub use templates::templates;
pub use wall::Wall;
