//! A watched signal as it is saved: each part in a section of its own, so that one that cannot be read costs no other.

use super::super::bounded::Bounded;
use super::super::section::{Section, Writer};
use super::super::trial::{Trial, TrialV1};
use super::Watch;
use super::learned::Learned;
use crate::detect::{Judge, JudgeV2, JudgeV3, JudgeV4, JudgeV5, JudgeV6, JudgeV7};

const JUDGE: u8 = 10;
const JUDGE_VERSION: u8 = 8;
const BOUND: u8 = 11;
const TROUBLES: u8 = 12;
const TROUBLES_VERSION: u8 = 2;
const TRIAL: u8 = 13;
const TRIAL_VERSION: u8 = 2;
const TRAIL: u8 = 14;
const LEARNED: u8 = 15;
const TOP: u8 = 16;
const ODD: u8 = 17;
const REST: u8 = 18;
const STARTS: u8 = 19;

impl Watch {
    /// Writes the judge, each bound and the troubles as sections of their own.
    pub(in super::super) fn save(&self, to: &mut Writer) {
        to.put(JUDGE, JUDGE_VERSION, &self.judge);
        for bounded in &self.bounds {
            to.put(BOUND, Bounded::VERSION, bounded);
        }
        to.put(TROUBLES, TROUBLES_VERSION, &self.troubles);
        to.put(TRIAL, TRIAL_VERSION, &self.trial);
        to.put(TRAIL, 1, &self.trail);
        if let Some(learned) = &self.learned {
            to.put(LEARNED, Bounded::VERSION, learned);
        }
        if let Some(top) = &self.top {
            to.put(TOP, 1, top);
        }
        if let Some(until) = &self.starts_until {
            to.put(STARTS, 1, until);
        }
        if let Some(rest) = &self.rest {
            to.put(REST, 1, rest);
        }
        if let Some(odd) = &self.odd {
            to.put(ODD, 1, odd);
        }
    }

    /// Reads one section; a bound is taken only where the plan still has it.
    pub(in super::super) fn load(&mut self, section: &Section<'_>) -> bool {
        match section.tag {
            JUDGE => {
                let judge = match section.version {
                    2 => section.read::<JudgeV2>(2).map(Judge::from),
                    3 => section.read::<JudgeV3>(3).map(Judge::from),
                    4 => section.read::<JudgeV4>(4).map(Judge::from),
                    5 => section.read::<JudgeV5>(5).map(Judge::from),
                    6 => section.read::<JudgeV6>(6).map(Judge::from),
                    7 => section.read::<JudgeV7>(7).map(Judge::from),
                    _ => section.read(JUDGE_VERSION),
                };
                judge.map(|judge| self.judge = judge).is_some()
            }
            BOUND => match Bounded::read(section) {
                Some(saved) => {
                    if let Some(bounded) = self.bounds.iter_mut().find(|bounded| bounded.is_same(&saved)) {
                        bounded.take(saved);
                    }
                    true
                }
                None => false,
            },
            TRIAL => {
                let trial = match section.version {
                    1 => section.read::<TrialV1>(1).map(Trial::from),
                    _ => section.read(TRIAL_VERSION),
                };
                trial.map(|trial| self.trial = trial).is_some()
            }
            TROUBLES => section.read(TROUBLES_VERSION).map(|troubles| self.troubles = troubles).is_some(),
            LEARNED => Learned::read(section).map(|learned| self.learned = Some(Box::new(learned))).is_some(),
            TOP => section.read(1).map(|top| self.top = Some(top)).is_some(),
            STARTS => section.read(1).map(|until| self.starts_until = Some(until)).is_some(),
            REST => section.read(1).map(|rest| self.rest = Some(rest)).is_some(),
            ODD => section.read(1).map(|odd| self.odd = Some(odd)).is_some(),
            TRAIL => section.read(1).map(|trail| self.trail = trail).is_some(),
            _ => false,
        }
    }
}
