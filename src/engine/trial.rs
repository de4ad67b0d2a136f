//! What a change did to a signal: the time after it against the hour before, judged by how the signal usually moves from one
//! to the other.
//!
//! A baseline that has lived through a bad version finds the next one ordinary, and a rarity asks how often a value comes at
//! any time. Right after a change the question is another one: did the signal move more than it does without changes? So
//! each signal keeps the size of its usual moves: means of five-minute blocks, over one, two, four and eight blocks, against
//! the hour before them. Whatever its noise, memory and rhythm are, they are in that size, so that no model of them is
//! needed (a placebo test in time: Abadie, Diamond and Hainmueller, 2010, JASA 105). After a change the same moves are looked
//! at four times, each against a bound so high that four looks, all signals of a service and a few changes a week together
//! give less than one false word in months; what is found is told with the size of the effect.

mod older;

use serde::{Deserialize, Serialize};

use crate::time::{Span, Timestamp};

pub(super) use older::TrialV1;

/// The width of a block.
const BLOCK: Span = Span::from_mins(5);
/// Blocks after a change at which it is looked at.
const LOOKS: [usize; 4] = [1, 2, 4, 8];
/// Blocks before it: an hour; and how many of them are enough.
const BEFORE: usize = 12;
const BEFORE_LEAST: usize = 6;
const RING: usize = BEFORE + LOOKS[LOOKS.len() - 1];
/// Blocks from which the usual move is known (a day), and its memory (a week).
const KNOWN: u16 = 288;
const MEMORY: f32 = 2016.0;
/// A move of so many usual sizes is an effect. The size is a mean absolute value: for a Gaussian this is 4.8 standard
/// deviations, once in 600,000 looks; heavier tails widen the size itself.
const FAR: f32 = 6.0;
/// And each half of the values (every other one) must show it by half, so that no single value makes an effect.
const HALF: f32 = 0.5;
/// How a service starts after a change is no effect of it: caches are cold, connections are made. A move must be so many times as
/// large as those that went away by themselves, of which each further change leaves a share; at the first look none is told before
/// so many starts were seen.
const STARTS: u8 = 3;
const START: f32 = 1.5;
const START_KEPT: f32 = 0.8;
/// What stood for longer was no start.
const STARTED: Span = Span::from_hours(1);
/// What is told still stands by this share of it, in the newest block and in its last value.
const STAYS: f64 = 0.5;
/// The mean absolute value of a Gaussian of unit variance. (Tails as heavy as its own leave the size as it is.)
const GAUSSIAN: f32 = 0.797_884_6;
/// A move teaches the usual size at most so many times itself: what went wrong once must not hide what goes wrong next.
const TAUGHT: f32 = 4.0;
/// The share by which the usual level moves at each block, up or down.
const LEVEL_STEP: f32 = 0.01;
/// An effect has ended when this many blocks are so close to what was before, as a share of it, or are what the hour brings, and is
/// the new normal after a day.
const NEAR: u8 = 2;
const BACK: f64 = 0.4;
const NORMAL: Span = Span::from_days(1);
/// A move of which the hour brings this share is a nightly job's, or the morning's.
const DUE: f64 = 1.0 - BACK;

/// Changes that may wait for a value; of a signal that never comes the oldest are forgotten.
const PENDING: usize = 8;

/// The blocks of a signal, its usual moves, and the change that is on trial.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Trial {
    /// Means of the last blocks, the newest first.
    ring: [f32; RING],
    filled: u8,
    block: i64,
    sum: f64,
    count: u32,
    level: f32,
    usual: [f32; LOOKS.len()],
    seen: u16,
    /// Changes that wait for the first value after them, in order: all values up to one count as before it, however the time
    /// came there.
    pending: Vec<Timestamp>,
    open: Option<Box<Open>>,
    stands: Option<Box<Stands>>,
    /// Mean squares of the usual moves: of what is nothing mostly, and a burst now and then, they know the burst.
    squares: [f32; LOOKS.len()],
    /// The greatest move at each look after a change that went away by itself, in usual sizes; fading with each change.
    starts: [f32; LOOKS.len()],
    /// Changes that taught it.
    started: u8,
}

/// A change on trial.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Open {
    at: Timestamp,
    before: f32,
    /// Sums and counts of every other value since.
    sums: [f64; 2],
    counts: [u32; 2],
    look: u8,
    /// The move at each look so far, in usual sizes.
    moves: [f32; LOOKS.len()],
}

/// An effect that stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Stands {
    effect: Effect,
    near: u8,
    /// The look at which it showed, as long as nothing was changed since.
    look: Option<u8>,
}

/// What a change did.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Effect {
    /// When the change was made.
    pub(super) at: Timestamp,
    /// The mean of the hour before.
    pub(super) before: f64,
    /// The mean since.
    pub(super) after: f64,
    /// The move in usual sizes.
    pub(super) sizes: f64,
    /// The look at which it showed.
    #[serde(skip)]
    look: u8,
}

impl Effect {
    /// Whether it is nearly back where it was before this one, or beyond: what was before may have been a trouble too.
    fn is_back_from(&self, other: &Effect) -> bool {
        let moved = other.after - other.before;
        (self.after - self.before) * moved.signum() < BACK * moved.abs()
    }

    /// Whether so much of it, or more, is what the hour brings.
    fn is_due(&self, by_hour: f64) -> bool {
        let (moved, due) = (self.after - self.before, by_hour - self.before);
        DUE * moved.abs() < due * moved.signum()
    }
}

/// What a value taught about a change.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Turn {
    /// The signal moved as it does not without a change.
    Moved(Effect),
    /// It did not, so long after the change.
    Still(Timestamp),
    /// Too little is known of the signal to hold it against what it was before the change.
    Unknown(Timestamp),
    /// It is back where it was before the change.
    Back,
    /// It has stayed for a day: that is how it is now.
    Settled,
}

impl Trial {
    /// A change was made: what comes after it is held against what was.
    pub(super) fn begin(&mut self, at: Timestamp) {
        if PENDING <= self.pending.len() {
            self.pending.remove(0);
        }
        let place = self.pending.partition_point(|before| *before <= at);
        self.pending.insert(place, at);
    }

    fn open(&mut self, at: Timestamp) -> Option<Turn> {
        let filled = usize::from(self.filled).min(BEFORE);
        if self.seen < KNOWN || filled < BEFORE_LEAST {
            self.open = None;
            return Some(Turn::Unknown(at));
        }
        if let Some(stands) = &mut self.stands {
            stands.look = None;
        }
        let before = self.mean(0, filled);
        let moves = [0.0; LOOKS.len()];
        self.open = Some(Box::new(Open { at, before, sums: [0.0; 2], counts: [0; 2], look: 0, moves }));
        None
    }

    /// Takes the next value. `is_felt` says whether a move from one value to another matters to anybody: one that does not yet is
    /// looked at again, since what begins small right after a change may grow. `by_hour` is what this time of day brings, where that
    /// is known: a move that it brings on other days too is not the change's.
    pub(super) fn observe(
        &mut self,
        at: Timestamp,
        value: f64,
        is_felt: impl Fn(f64, f64) -> bool,
        by_hour: impl Fn() -> Option<f64>,
    ) -> Option<Turn> {
        let block = at.nanos().div_euclid(BLOCK.nanos());
        // Of several the last one is what made the difference that can be seen.
        let made = self.pending.partition_point(|change| *change < at);
        let change = self.pending.drain(..made).next_back();
        let mut turn = change.and_then(|change| self.open(change));
        if block != self.block && 0 < self.count {
            let mean = (self.sum / f64::from(self.count)) as f32;
            turn = self.close(mean, at, &by_hour).or(turn);
            (self.sum, self.count) = (0.0, 0);
        }
        self.block = block;
        self.sum += value;
        self.count += 1;
        turn.or_else(|| self.look(at, value, is_felt, by_hour))
    }

    /// What stood of an earlier change is over.
    pub(super) fn relieve(&mut self) {
        self.stands = None;
    }

    /// Remembers an effect until it is over.
    pub(super) fn stand(&mut self, effect: Effect) {
        let look = Some(effect.look);
        self.stands = Some(Box::new(Stands { effect: Effect { look: 0, ..effect }, near: 0, look }));
    }

    fn close(&mut self, mean: f32, at: Timestamp, by_hour: impl Fn() -> Option<f64>) -> Option<Turn> {
        self.ring.copy_within(..RING - 1, 1);
        self.ring[0] = mean;
        self.filled = (self.filled + 1).min(RING as u8);
        if self.level == 0.0 {
            self.level = mean.abs();
        } else {
            self.level *= if mean.abs() < self.level { 1.0 - LEVEL_STEP } else { 1.0 + LEVEL_STEP };
        }
        self.learn();
        let stands = self.stands.as_mut()?;
        let now = Effect { after: f64::from(mean), ..stands.effect };
        let is_over = now.is_back_from(&stands.effect) || by_hour().is_some_and(|due| now.is_due(due));
        stands.near = if is_over { stands.near + 1 } else { 0 };
        let turn = match (NEAR <= stands.near, stands.effect.at + NORMAL <= at) {
            (true, _) => Turn::Back,
            (false, true) => Turn::Settled,
            (false, false) => return None,
        };
        let is_start = at <= stands.effect.at + STARTED;
        if let (Turn::Back, Some(look), true) = (turn, stands.look, is_start) {
            let mut moves = [0.0; LOOKS.len()];
            moves[usize::from(look)] = stands.effect.sizes as f32;
            self.learn_start(moves);
        }
        self.stands = None;
        Some(turn)
    }

    /// A change showed how the service starts: what it moved went away by itself.
    fn learn_start(&mut self, moves: [f32; LOOKS.len()]) {
        for (start, moved) in self.starts.iter_mut().zip(moves) {
            *start = moved.max(START_KEPT * *start);
        }
        self.started = self.started.saturating_add(1);
    }

    /// The newest moves teach how far the signal usually moves.
    fn learn(&mut self) {
        if usize::from(self.filled) < RING {
            return;
        }
        let share = 1.0 / (f32::from(self.seen) + 1.0).min(MEMORY);
        for (place, blocks) in LOOKS.into_iter().enumerate() {
            let far = self.distance(self.mean(0, blocks), self.mean(blocks, BEFORE)).abs();
            let usual = self.usual[place];
            let is_new = self.seen < KNOWN / 4;
            let taught = if is_new { far } else { far.min(TAUGHT * usual) };
            self.usual[place] += share * (taught - usual);
            let square = self.squares[place];
            let taught = if is_new { far } else { far.min(TAUGHT * square.sqrt()) };
            self.squares[place] += share * (taught * taught - square);
        }
        self.seen = self.seen.saturating_add(1);
    }

    fn look(
        &mut self,
        at: Timestamp,
        value: f64,
        is_felt: impl Fn(f64, f64) -> bool,
        by_hour: impl Fn() -> Option<f64>,
    ) -> Option<Turn> {
        let open = self.open.as_mut()?;
        if at <= open.at {
            return None;
        }
        let half = usize::from(open.counts[1] < open.counts[0]);
        open.sums[half] += value;
        open.counts[half] += 1;
        let place = usize::from(open.look);
        if at.since(open.at) < BLOCK.times(LOOKS[place] as i64) || open.counts[1] == 0 {
            return None;
        }
        open.look += 1;
        let Open { at: begun, before, sums, counts, mut moves, .. } = **open;
        let usual = self.usual[place].max(GAUSSIAN * self.squares[place].sqrt());
        let after = ((sums[0] + sums[1]) / f64::from(counts[0] + counts[1])) as f32;
        let part = |half: usize| self.distance((sums[half] / f64::from(counts[half])) as f32, before);
        let far = self.distance(after, before);
        let halves = part(0).abs().min(part(1).abs());
        let is_one_sided = 0.0 < part(0) * part(1);
        let sizes = if 0.0 < usual { far.abs() / usual } else { 0.0 };
        moves[place] = sizes;
        self.open.iter_mut().for_each(|open| open.moves = moves);
        let is_known = 0 < place || STARTS <= self.started;
        let least = FAR.max(START * self.starts[place]);
        let is_far = is_known && least < sizes && HALF * FAR * usual < halves && is_one_sided;
        let moved = f64::from(after - before);
        let goes_on = [value, self.sum / f64::from(self.count.max(1))]
            .iter()
            .all(|newest| STAYS * moved.abs() < (newest - f64::from(before)) * moved.signum());
        let is_last = LOOKS.len() <= place + 1;
        let effect = Effect {
            at: begun,
            before: f64::from(before),
            after: f64::from(after),
            sizes: f64::from(sizes),
            look: place as u8,
        };
        if is_far
            && goes_on
            && (is_last || is_felt(effect.before, effect.after))
            && !by_hour().is_some_and(|due| effect.is_due(due))
        {
            self.open = None;
            return Some(Turn::Moved(effect));
        }
        if is_last {
            self.open = None;
            // What still stands did not go away: it is no start, though nobody was told of it.
            if sizes < FAR {
                self.learn_start(moves);
            }
            return Some(Turn::Still(begun));
        }
        None
    }

    /// A move as a share of where it starts; the usual level keeps shares of nearly nothing small.
    fn distance(&self, after: f32, before: f32) -> f32 {
        let size = before.abs() + self.level;
        if size == 0.0 || !size.is_finite() { 0.0 } else { (after - before) / size }
    }

    fn mean(&self, from: usize, blocks: usize) -> f32 {
        self.ring[from..from + blocks].iter().sum::<f32>() / blocks as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A small deterministic noise in [-1, 1].
    fn noise(n: i64) -> f64 {
        f64::from((n as u32).wrapping_mul(2_654_435_761) >> 8) / f64::from(1u32 << 23) - 1.0
    }

    /// A value a minute over a day with a rhythm; changes at these minutes; what was said, and when.
    fn told(minutes: i64, changes: &[i64], value: impl Fn(i64) -> f64) -> Vec<(i64, Turn)> {
        felt(minutes, changes, value, |_, _| true)
    }

    fn felt(
        minutes: i64,
        changes: &[i64],
        value: impl Fn(i64) -> f64,
        is_felt: impl Fn(f64, f64) -> bool,
    ) -> Vec<(i64, Turn)> {
        let mut trial = Trial::default();
        let mut said = Vec::new();
        for minute in 0..minutes {
            let at = Timestamp::from_secs(minute * 60);
            if changes.contains(&minute) {
                trial.begin(at);
            }
            let turn = trial.observe(at, value(minute), &is_felt, || None);
            if let Some(Turn::Moved(effect)) = turn {
                trial.stand(effect);
            }
            said.extend(turn.map(|turn| (minute, turn)));
        }
        said
    }

    fn usual(minute: i64) -> f64 {
        100.0 + 40.0 * libm::sin(minute as f64 / 1440.0 * std::f64::consts::TAU) + 8.0 * noise(minute)
    }

    #[test]
    fn a_bad_change_is_seen_within_minutes_the_second_time_too() {
        let bad = |minute: i64| (5000..5120).contains(&minute) || (5600..5720).contains(&minute);
        let said = told(6000, &[5000, 5600], |minute| usual(minute) * if bad(minute) { 2.0 } else { 1.0 });
        let moved: Vec<i64> =
            said.iter().filter(|(_, turn)| matches!(turn, Turn::Moved(_))).map(|said| said.0).collect();
        assert_eq!(moved, [5010, 5610], "{said:?}");
        assert_eq!(said.iter().filter(|(_, turn)| *turn == Turn::Back).count(), 2, "{said:?}");
    }

    #[test]
    fn a_harmless_change_moves_nothing_and_neither_does_a_spike_after_it() {
        let changes: Vec<i64> = (0..40).map(|n| 4000 + 97 * n).collect();
        let said = told(8000, &changes, |minute| usual(minute) + if minute % 97 == 25 { 900.0 } else { 0.0 });
        assert_eq!(said.iter().filter(|(_, turn)| matches!(turn, Turn::Still(_))).count(), changes.len(), "{said:?}");
    }

    #[test]
    fn how_a_service_starts_is_no_effect_of_a_change_and_what_is_worse_than_that_is() {
        let changes: Vec<i64> = (0..6).map(|n| 3000 + 500 * n).collect();
        let since = |minute: i64| changes.iter().map(|change| minute - change).filter(|since| 0 <= *since).min();
        // Six minutes of cold caches; the last version is bad.
        let bad = |minute: i64| 5500 <= minute;
        let cold = |minute: i64| since(minute).is_some_and(|since| since < 6);
        let value = |minute: i64| usual(minute) * if bad(minute) || cold(minute) { 2.0 } else { 1.0 };
        let said = told(7000, &changes, value);
        let moved: Vec<i64> =
            said.iter().filter(|(_, turn)| matches!(turn, Turn::Moved(_))).map(|said| said.0).collect();
        assert!(matches!(moved[..], [at] if (5505..5520).contains(&at)), "{said:?}");
    }

    #[test]
    fn what_the_hour_brings_is_no_start_either() {
        let mut trial = Trial::default();
        // A job begins with each change but the last, and stays for two hours; what is worse after the last one is no job.
        let changes = [3000, 4440, 5880, 7100];
        let since = |minute: i64| changes.iter().map(|change| minute - change).find(|since| (0..120).contains(since));
        let said: Vec<(i64, Turn)> = (0..7200)
            .filter_map(|minute| {
                let at = Timestamp::from_secs(minute * 60);
                changes.contains(&minute).then(|| trial.begin(at));
                let (value, due) = if since(minute).is_some() { (40.0, minute < 7100) } else { (10.0, false) };
                let due = Some(if due { 40.0 } else { 10.0 });
                trial.observe(at, value + noise(minute), |_, _| true, || due).map(|turn| (minute, turn))
            })
            .collect();
        let moved: Vec<i64> =
            said.iter().filter(|(_, turn)| matches!(turn, Turn::Moved(_))).map(|said| said.0).collect();
        assert!(matches!(moved[..], [at] if (7105..7115).contains(&at)), "{said:?}");
    }

    #[test]
    fn what_begins_small_is_looked_at_until_it_is_felt() {
        let worse = |minute: i64| 1.0 + 0.05 * noise(minute) + if 5000 <= minute { 0.5 } else { 0.0 };
        let growing = |minute: i64| worse(minute) + 0.1 * (minute - 5000).clamp(0, 40) as f64;
        let moved =
            |said: Vec<(i64, Turn)>| said.first().map(|(minute, turn)| (*minute, matches!(turn, Turn::Moved(_))));
        let by_one = |before: f64, after: f64| 1.0 < after - before;
        assert_eq!(moved(felt(6000, &[4999], growing, |_, _| true)), Some((5009, true)));
        assert_eq!(moved(felt(6000, &[4999], growing, by_one)), Some((5019, true)), "after twenty minutes");
        assert_eq!(moved(felt(6000, &[4999], worse, by_one)), Some((5039, true)), "it moved, and nobody cares");
    }

    #[test]
    fn what_the_hour_brings_is_not_the_changes() {
        let moved = |due: Option<f64>, worse: f64| {
            let mut trial = Trial::default();
            let turns = (0..5100).filter_map(|minute| {
                let at = Timestamp::from_secs(minute * 60);
                if minute == 4995 {
                    trial.begin(at);
                }
                // a job begins at minute 5000, as it does on other days
                let level = if minute < 5000 { 10.0 } else { worse };
                trial.observe(at, level + 0.1 * noise(minute), |_, _| true, || due)
            });
            turns.filter(|turn| matches!(turn, Turn::Moved(_))).count()
        };
        assert_eq!((moved(None, 40.0), moved(Some(40.0), 40.0)), (1, 0));
        assert_eq!((moved(Some(40.0), 90.0), moved(Some(10.0), 40.0)), (1, 1), "far beyond it, and at another hour");
    }

    #[test]
    fn an_effect_on_what_was_in_trouble_before_ends_with_that() {
        let level = |minute: i64| match minute {
            4900..5000 => 200.0,
            5000..5400 => 400.0,
            _ => 100.0,
        };
        let said = told(8000, &[5000], |minute| level(minute) + 8.0 * noise(minute));
        assert!(matches!(said[..], [(_, Turn::Moved(_)), (5400..5420, Turn::Back)]), "{said:?}");
    }

    #[test]
    fn what_stays_for_a_day_is_how_it_is_now() {
        let level = |minute: i64| if 5000 <= minute { 300.0 } else { 100.0 };
        let said = told(8000, &[5000], |minute| level(minute) + 8.0 * noise(minute));
        let turns: Vec<_> = said.iter().map(|(_, turn)| matches!(turn, Turn::Settled)).collect();
        assert_eq!(turns, [false, true], "{said:?}");
    }

    #[test]
    fn nothing_is_said_before_a_day_is_known() {
        let said = told(1000, &[900], |minute| if 900 <= minute { 1e6 } else { 1.0 + noise(minute) });
        assert_eq!(said, [(901, Turn::Unknown(Timestamp::from_secs(900 * 60)))]);
    }
}
