//! One file for each part of the configuration: from its tables to its typed values.

mod calendar;
mod http;
mod kafka;
mod promises;
mod receivers;
mod registry;
mod routes;
mod secret;
mod services;
mod shell;
mod templates;

pub(super) use calendar::calendar;
pub(super) use http::http;
pub(super) use kafka::kafka;
pub(super) use promises::{bound, limits, objectives};
pub(super) use receivers::receivers;
pub(super) use routes::routes;
pub(super) use shell::{bounds, deliver, lateness, record, state};
pub(super) use templates::templates;
