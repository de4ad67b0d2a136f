//! What is normal: level, season, range and band, each with forgetting and a warm-up of its own.
//!
//! Every estimator answers from the past first and learns afterwards. All of them live on the normalised scale of
//! [`Scale`], so that a signal and its multiple by a power of two have the same state, bit for bit.

mod band;
mod bf16;
mod coarse;
mod level;
mod range;
mod saved;
mod scale;
mod season;
mod short;

pub use band::Band;
pub use level::{Level, Mean};
pub use range::Range;
pub use scale::Scale;
pub use season::{Season, SeasonV1, SeasonV2, SeasonV3, SeasonV4, Stray, When};

pub(crate) use bf16::{Bf16, Row};
pub(crate) use coarse::Coarse;
pub(crate) use saved::{flat, moment, wide};
pub(crate) use season::VISIT_RATE;
pub(crate) use short::{Short, Shorts};
