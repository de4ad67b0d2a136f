//! When it will hurt: the first passage over a bound, with an interval and its own record of skill.
//!
//! A [`Forecaster`] belongs to one signal and one bound. It mixes three parts, each in a file of its own:
//!
//! - `base`: the maximum over a horizon is forecast directly, as an anchor (level, level that goes on as it goes, daily or
//!   weekly season) plus the quantiles of the errors that this signal has really shown at that horizon; first passage is then
//!   P(T <= h) = P(max > bound), and autocorrelation needs no model;
//! - `hours`: peaks return, so two anchors are what the same hours reached a day and a week ago, and as much more as the last
//!   hours grew;
//! - `record`: how often bounds were passed so far, a prior that keeps the first part honest;
//! - `ramp`: a steep slope on an ordinary flow does not continue, so a trend counts only by how clean it is, by leaving
//!   the range that the signal knew, and by how often its trends went on before.
//!
//! `policy` decides when the risk has held long enough to be told. Inside, every value is a gap to the bound: negative
//! while it is kept, in units of a power of two, so that the scale of a signal changes nothing.

mod analog;
mod base;
mod course;
mod forecaster;
mod gap;
mod hours;
mod ladder;
mod older;
mod outlook;
mod policy;
mod pool;
mod ramp;
mod record;
mod season;
mod shape;
mod tracker;
mod trust;
mod values;

#[cfg(test)]
mod stories;

pub use forecaster::Forecaster;
pub use older::{ForecasterV1, ForecasterV2};
pub use outlook::{Outlook, Trend};
pub use values::{Band, Values};

/// Minutes since the epoch: fine enough for every purpose here, and small.
type Minutes = f64;

/// The horizons of the base, in minutes: 15 min to 7 d.
const HORIZONS: [f32; 10] = [15.0, 60.0, 120.0, 240.0, 480.0, 960.0, 1440.0, 2880.0, 5760.0, 10_080.0];
