//! A fleet drawn by seed, and how well it is judged: the measure of the whole.
//!
//! Which services there are, what they wait for, how much they carry, what happens when and how fast: all of it follows from
//! the seed. The truth comes with it (what, where, when users felt it, by which signals it shows first), and nothing of it
//! reaches the engine, which reads the same bytes as from a topic.

mod draw;
mod drive;
mod figures;
mod measure;

pub use draw::Fleet;
pub use drive::{Told, judge};
pub use figures::{Figures, Row};
pub use measure::{Case, Score, score};
