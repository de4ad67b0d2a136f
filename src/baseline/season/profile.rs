//! One profile: what each part of a cycle usually brings, how far it strays from that, and whether that is worth asking.

use serde::{Deserialize, Serialize};

use crate::baseline::{Coarse, Mean, Short, flat};

/// `N` slots of one cycle: the visit under way, the record of the errors, and what is looked up only once a slot comes round again.
/// (Looked up from the first point on, it cost a new signal a third of its time.)
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Profile<const N: usize> {
    slot: u16,
    again: bool,
    count: u32,
    sum: f64,
    strayed: f64,
    /// Mean absolute error of the profile, and of the level at the same points.
    error: Mean,
    plain: Mean,
    slots: Option<Box<Slots<N>>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Slots<const N: usize>(#[serde(with = "flat")] [Slot; N]);

/// What is known of one slot, in five bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "(f32, Coarse, u8)", into = "(f32, Coarse, u8)")]
pub(super) struct Slot {
    mean: Short,
    /// The distance, a [`Coarse`] less its last two bits, and in the three bits below it the visits; as bytes, so that slots lie side
    /// by side without gaps.
    stray: [u8; 2],
}

/// Visits counted: from the fourth on they all weigh the same.
const VISITS: u8 = 7;

/// A visit counts as much as three days or weeks in all: quick enough for a changed habit.
pub(crate) const VISIT_RATE: f64 = 0.3;
/// The errors are compared over so many points, and over two days at least: what goes wrong for a morning must not unseat a rhythm
/// of weeks and be expected instead.
const ERROR_POINTS: f64 = 500.0;
const ERROR_TIME: f64 = 172_800.0;
/// A profile must halve the error of the level before it is what is expected (measured: used wherever it is better at all, it costs
/// more than it gains).
const GAIN: f64 = 0.5;
/// Points on which both were tried before the profile is believed.
const TRIALS: u32 = 48;
/// Visits before a slot knows how far it strays.
const KNOWN: u8 = 2;
/// Slots that err by more than the level and a tenth are not what the signal lives by.
const FITS: f64 = 1.1;
/// Values further away than so many usual distances teach a slot no more than that: an incident is no habit.
const FAR: f64 = 8.0;

/// What a point counts in the mean errors, of points so many seconds apart.
pub(super) fn rate(step: f64) -> f64 {
    (step / ERROR_TIME).min(1.0 / ERROR_POINTS)
}

impl<const N: usize> Profile<N> {
    /// Before the first value.
    pub(super) const NONE: Profile<N> = Profile {
        slot: 0,
        again: false,
        count: 0,
        sum: 0.0,
        strayed: 0.0,
        error: Mean::NONE,
        plain: Mean::NONE,
        slots: None,
    };

    /// The slot's mean, where it was visited before and the profile has proved its gain.
    pub(super) fn expect(&self, slot: usize) -> Option<f64> {
        let slot = self.known(slot);
        (self.proved() && slot.visits() > 0).then(|| slot.mean())
    }

    /// Whether it errs by less than half as much as the level.
    pub(super) fn proved(&self) -> bool {
        self.tried() && self.error.get() < GAIN * self.plain.get()
    }

    pub(super) fn tried(&self) -> bool {
        TRIALS <= self.error.seen()
    }

    pub(super) fn fits(&self) -> bool {
        self.error.get() <= FITS * self.plain.get()
    }

    /// The slot of the visit under way.
    pub(super) fn slot(&self) -> usize {
        usize::from(self.slot)
    }

    /// The mean absolute error, 0 before the first one.
    pub(super) fn error(&self) -> f64 {
        self.error.get()
    }

    /// Whether it errs by more than this share of the level's error.
    pub(super) fn errs(&self, share: f64) -> bool {
        share * self.plain.get() < self.error.get()
    }

    /// Counts the errors anew: what is proved by points that were not looked at before.
    pub(super) fn on_trial(&mut self) {
        (self.error, self.plain) = (Mean::default(), Mean::default());
    }

    pub(super) fn known(&self, slot: usize) -> Slot {
        let slots = self.slots.as_ref().filter(|_| self.again);
        slots.map_or_else(Slot::default, |slots| slots.0[slot])
    }

    /// Takes one value in, of points so many seconds apart; `level` is what was expected without a profile, `least` the smallest
    /// distance that counts as usual.
    pub(super) fn learn(&mut self, slot: usize, value: f64, step: f64, level: f64, least: f64) {
        if usize::from(self.slot) != slot {
            self.close();
            self.slot = slot as u16;
            self.again |= self.slots.as_ref().is_some_and(|slots| 0 < slots.0[slot].visits());
        }
        let slot = self.known(slot);
        let mut taught = value;
        if slot.visits() > 0 {
            let mean = slot.mean();
            let rate = rate(step);
            self.error.learn((value - mean).abs(), rate);
            self.plain.learn((value - level).abs(), rate);
            if KNOWN <= slot.visits() {
                let far = FAR * (slot.stray() + least);
                taught = value.clamp(mean - far, mean + far);
            }
            self.strayed += (taught - mean).abs();
        }
        self.sum += taught;
        self.count += 1;
    }

    /// Passes over this slot: the visit under way ends, and nothing is learned.
    pub(super) fn pass(&mut self, slot: usize) {
        if usize::from(self.slot) != slot {
            self.close();
            self.slot = slot as u16;
        }
    }

    /// Files the visit under way: only a finished one teaches, so that a point never judges itself.
    fn close(&mut self) {
        if 0 < self.count {
            let count = f64::from(self.count);
            let slots = self.slots.get_or_insert_with(|| Box::new(Slots([Slot::default(); N])));
            slots.0[usize::from(self.slot)].file(self.sum / count, self.strayed / count);
        }
        (self.sum, self.strayed, self.count) = (0.0, 0.0, 0);
    }
}

impl Slot {
    fn of(mean: f64, stray: f64, visits: u8) -> Self {
        Slot::from((mean as f32, Coarse::of(stray), visits))
    }

    /// What it usually brings.
    pub(super) fn mean(self) -> f64 {
        f64::from(self.mean.get())
    }

    /// The mean distance of a visit's values from the mean of the visits before; 0 before the second visit.
    fn stray(self) -> f64 {
        self.coarse().get()
    }

    fn coarse(self) -> Coarse {
        Coarse::from_bits(u16::from_ne_bytes(self.stray) >> 3 << 2)
    }

    /// How often it was visited, up to [`VISITS`].
    pub(super) fn visits(self) -> u8 {
        u16::from_ne_bytes(self.stray) as u8 & VISITS
    }

    /// What it usually brings, and how far it usually strays from that.
    pub(super) fn usual(self, least: f64) -> Option<(f64, f64)> {
        let usual = self.stray() + least;
        (KNOWN <= self.visits() && 0.0 < usual).then_some((self.mean(), usual))
    }

    /// Takes in a visit: the mean of its values, and of their distances from the mean before.
    fn file(&mut self, mean: f64, strayed: f64) {
        let visits = self.visits();
        let rate = (1.0 / (1.0 + f64::from(visits))).max(VISIT_RATE);
        let mut stray = self.stray();
        if 0 < visits {
            let rate = if visits == 1 { 1.0 } else { rate };
            stray += rate * (strayed - stray);
        }
        let before = self.mean();
        *self = Slot::of(before + rate * (mean - before), stray, visits + 1);
    }
}

impl From<(f32, Coarse, u8)> for Slot {
    fn from((mean, stray, visits): (f32, Coarse, u8)) -> Self {
        let rounded = stray.to_bits().saturating_add(2) >> 2 << 3;
        Slot { mean: Short::of(mean), stray: (rounded | u16::from(visits.min(VISITS))).to_ne_bytes() }
    }
}

impl From<Slot> for (f32, Coarse, u8) {
    fn from(slot: Slot) -> Self {
        (slot.mean.get(), slot.coarse(), slot.visits())
    }
}

/// A profile as releases before saved it, which knew no distances: each slot learns its own from two visits more.
#[derive(Debug, Deserialize)]
pub(super) struct ProfileV1<const N: usize> {
    #[serde(with = "flat")]
    means: [f32; N],
    #[serde(with = "flat")]
    visits: [u8; N],
    slot: u16,
    sum: f64,
    count: u32,
    error: Mean,
    plain: Mean,
}

impl<const N: usize> From<ProfileV1<N>> for Profile<N> {
    fn from(old: ProfileV1<N>) -> Self {
        let ProfileV1 { means, visits, slot, sum, count, error, plain } = old;
        let known = |at: usize| Slot::from((means[at], Coarse::default(), visits[at].min(1)));
        let slots = Some(Box::new(Slots(std::array::from_fn(known))));
        Profile { slot, again: true, count, sum, strayed: 0.0, error, plain, slots }
    }
}
