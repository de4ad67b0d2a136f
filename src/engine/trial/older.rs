//! The trial as older releases saved it.

use serde::Deserialize;

use super::{Effect, GAUSSIAN, LOOKS, Open, RING, Stands, Trial};
use crate::time::Timestamp;

/// The same before it knew how services start.
#[derive(Debug, Deserialize)]
pub(in super::super) struct TrialV1 {
    ring: [f32; RING],
    filled: u8,
    block: i64,
    sum: f64,
    count: u32,
    level: f32,
    usual: [f32; LOOKS.len()],
    seen: u16,
    pending: Vec<Timestamp>,
    open: Option<Box<OpenV1>>,
    stands: Option<Box<StandsV1>>,
}

#[derive(Debug, Deserialize)]
struct OpenV1 {
    at: Timestamp,
    before: f32,
    sums: [f64; 2],
    counts: [u32; 2],
    look: u8,
}

#[derive(Debug, Deserialize)]
struct StandsV1 {
    effect: Effect,
    near: u8,
}

impl From<TrialV1> for Trial {
    fn from(old: TrialV1) -> Self {
        let TrialV1 { ring, filled, block, sum, count, level, usual, seen, pending, open, stands } = old;
        let open = open.map(|old| {
            let OpenV1 { at, before, sums, counts, look } = *old;
            Box::new(Open { at, before, sums, counts, look, moves: [0.0; LOOKS.len()] })
        });
        let stands = stands.map(|old| Box::new(Stands { effect: old.effect, near: old.near, look: None }));
        let (starts, started) = ([0.0; LOOKS.len()], 0);
        let squares = usual.map(|usual| (usual / GAUSSIAN) * (usual / GAUSSIAN));
        Trial { ring, filled, block, sum, count, level, usual, seen, pending, open, stands, squares, starts, started }
    }
}
