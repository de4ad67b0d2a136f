//! What a change of its service did to a signal.

use std::sync::Arc;

use super::super::series::{Moved, Told};
use super::super::trial::{self, Effect};
use super::super::words;
use super::{APART, FAR_SCORE, Seen, Trouble, Watch};
use crate::finding::{ChangeEffect, Finding, Kind, Phase};
use crate::plan::{Plan, Preset};
use crate::time::Timestamp;

impl Watch {
    /// Its service was changed: what comes is held against what was.
    pub(in super::super) fn change(&mut self, at: Timestamp) {
        self.trial.begin(at);
    }

    /// What a change did is told where it hurts, and counted in any case.
    pub(super) fn change_trouble(&mut self, turn: trial::Turn, seen: &Seen<'_>, plan: &Plan, told: &mut Told) {
        let preset = self.manner(plan);
        let (at, effect) = match turn {
            trial::Turn::Moved(effect) => (effect.at, effect_of(effect, preset)),
            trial::Turn::Still(at) => (at, ChangeEffect::None),
            trial::Turn::Unknown(at) => (at, ChangeEffect::Unknown),
            trial::Turn::Back => return self.end_change("is back where it was", seen, told),
            trial::Turn::Settled => return self.end_change("has stayed so for a day", seen, told),
        };
        told.effects.push(Moved { at: seen.at, signal: Arc::clone(&self.signal), change: at, effect });
        let trial::Turn::Moved(moved) = turn else { return };
        match effect {
            ChangeEffect::Worse => {}
            ChangeEffect::Better => {
                self.trial.relieve();
                return self.end_change("is better with a change", seen, told);
            }
            ChangeEffect::None | ChangeEffect::Unknown => return,
        }
        self.trial.stand(moved);
        let before = Some((moved.before, moved.before));
        let trouble = Trouble { since: moved.at, rarity: APART, breach: None, told_at: seen.at, before, harmless: 0 };
        let phase = if self.troubles.change.is_some() { Phase::Updated } else { Phase::Raised };
        self.troubles.change = Some(trouble.clone());
        let words = words::moved(&moved, self.unit.as_deref());
        let finding = self.finding(Kind::Change, phase, &trouble, Some(seen), seen.at, words);
        let score = moved.sizes / (moved.sizes + FAR_SCORE);
        told.findings.push(Finding { value: Some(moved.after), score, ..finding });
    }

    pub(super) fn end_change(&mut self, words: &str, seen: &Seen<'_>, told: &mut Told) {
        if let Some(trouble) = self.troubles.change.take() {
            let words = words.to_owned();
            told.findings.push(self.finding(Kind::Change, Phase::Cleared, &trouble, Some(seen), seen.at, words));
        }
    }
}

/// What a move means where this preset knows which side hurts, and how much matters.
fn effect_of(effect: Effect, preset: &Preset) -> ChangeEffect {
    let upward = effect.before < effect.after;
    let moved = (effect.after - effect.before).abs();
    if preset.harm.is_none() || !preset.is_felt(moved, effect.before) {
        ChangeEffect::None
    } else if preset.hurts(upward) {
        ChangeEffect::Worse
    } else {
        ChangeEffect::Better
    }
}
