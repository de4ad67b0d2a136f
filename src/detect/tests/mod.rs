//! The judge as a whole: laws on any input, rates on quiet signals, and what it makes of the usual stories.

mod kinds;

use proptest::prelude::*;

use self::kinds::{Chance, KINDS, Quiet};
use super::{Beyond, Judge, Judgement, View};
use crate::calendar::Calendar;
use crate::plan::{Preset, Side};
use crate::time::{Span, Timestamp};

fn preset() -> Preset {
    Preset {
        rests: false,
        name: "any".into(),
        about: String::new(),
        names: Vec::new(),
        harm: None,
        unit: None,
        floor: 0.0,
        floor_share: 0.0,
        limit: None,
        finite: false,
        absence: true,
    }
}

/// One signal under judgement, sent at a steady step.
struct Watched {
    judge: Judge,
    calendar: Calendar,
    preset: Preset,
    at: Timestamp,
    step: Span,
    chance: Chance,
    open: bool,
}

impl Watched {
    fn every(step: Span) -> Self {
        let at = Timestamp::parse_rfc3339("2026-03-02T00:00:00Z").unwrap();
        let (judge, calendar) = (Judge::default(), Calendar::default());
        Watched { judge, calendar, preset: preset(), at, step, chance: Chance(7), open: false }
    }

    fn see(&mut self, value: f64) -> Judgement {
        self.at = self.at + self.step;
        self.judge.observe(self.at, value, self.calendar.local(self.at), &self.preset)
    }

    /// Sees a value about this level.
    fn near(&mut self, level: f64) -> Judgement {
        let value = level + self.chance.normal();
        self.see(value)
    }

    /// Sees `points` values and gives the troubles that open at this rarity or above; one ends when the signal is calm.
    fn news(&mut self, points: usize, rarity: f64, value: impl Fn(Timestamp, &mut Chance) -> f64) -> Vec<Judgement> {
        let mut news = Vec::new();
        for _ in 0..points {
            let value = value(self.at + self.step, &mut self.chance);
            let judgement = self.see(value);
            if !self.open && judgement.fresh && judgement.rarity.is_some_and(|r| rarity <= r) {
                news.push(judgement);
                self.open = true;
            }
            self.open &= !judgement.calm;
        }
        news
    }
}

/// A daily hump by local time of day.
fn hump(calendar: &Calendar, at: Timestamp) -> f64 {
    let hour = f64::from(calendar.local(at).second) / 3600.0;
    if (8.0..18.0).contains(&hour) { 100.0 } else { 20.0 }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Law 2: any value, any time, any order; everything said is in its range.
    #[test]
    fn total(values in prop::collection::vec((any::<f64>(), any::<i64>()), 1..400), gaps in any::<bool>()) {
        let (mut judge, preset, calendar) = (Judge::default(), preset(), Calendar::default());
        for (i, (value, nanos)) in values.into_iter().enumerate() {
            let at = if gaps { Timestamp::from_nanos(nanos) } else { Timestamp::from_secs(i as i64 * 60) };
            let j = judge.observe(at, value, calendar.local(at), &preset);
            prop_assert!((0.0..1.0).contains(&j.anomaly) && (0.0..1.0).contains(&j.onset), "{j:?}");
            prop_assert!(j.rarity.is_none_or(f64::is_finite) && j.stuck.is_none_or(f64::is_finite));
            prop_assert!(j.beyond.is_none_or(|b| b.rarity.is_finite() && b.usual.0.is_finite() && b.usual.1.is_finite()));
            prop_assert!(j.expected.is_none_or(|(low, high)| low.is_finite() && high.is_finite() && low <= high), "{j:?}");
        }
        let _ = (judge.silent_after(), judge.warming());
    }

    /// Law 8: a power of two changes no decision, to the bit.
    #[test]
    fn powers_of_two_change_nothing(
        values in prop::collection::vec(prop_oneof![-1e3..1e3, Just(0.0), Just(5.0), 1e6..1e9], 1..600),
        exponent in -300i32..300,
    ) {
        let (mut one, mut other) = (Watched::every(Span::from_mins(30)), Watched::every(Span::from_mins(30)));
        let scaled = |(low, high)| (libm::scalbn(low, exponent), libm::scalbn(high, exponent));
        for value in values {
            let (a, b) = (one.see(value), other.see(libm::scalbn(value, exponent)));
            prop_assert_eq!(a.expected.map(scaled), b.expected);
            prop_assert_eq!(a.beyond.map(|beyond| scaled(beyond.usual)), b.beyond.map(|beyond| beyond.usual));
            let beyond = a.beyond.zip(b.beyond).map(|(a, b)| Beyond { usual: a.usual, ..b });
            prop_assert_eq!(a, Judgement { expected: a.expected, beyond, ..b });
        }
        prop_assert_eq!(one.judge.silent_after(), other.judge.silent_after());
    }

    /// Law 9: a score used the past only; what comes later changes nothing of it.
    #[test]
    fn the_future_changes_no_score(values in prop::collection::vec(-1e3..1e3, 1..300), later in -1e9..1e9) {
        let (mut one, mut other) = (Watched::every(Span::from_mins(10)), Watched::every(Span::from_mins(10)));
        let said: Vec<Judgement> = values.iter().map(|&v| one.see(v)).collect();
        for (i, &value) in values.iter().enumerate() {
            prop_assert_eq!(&said[i], &other.see(value));
            if i == values.len() / 2 {
                // A copy that sees another future leaves this one alone.
                Watched { judge: other.judge.clone(), at: other.at, ..Watched::every(other.step) }.see(later);
            }
        }
    }

    /// Law 3: restored from bytes it goes on as if nothing had happened.
    #[test]
    fn restored_it_goes_on(values in prop::collection::vec(-1e3..1e3, 2..500), cut in 0.0..1.0) {
        let mut whole = Watched::every(Span::from_mins(10));
        let cut = (values.len() as f64 * cut) as usize;
        values[..cut].iter().for_each(|&v| { whole.see(v); });
        let bytes = postcard::to_allocvec(&whole.judge).unwrap();
        let mut restored = Watched { judge: postcard::from_bytes(&bytes).unwrap(), at: whole.at, ..Watched::every(whole.step) };
        prop_assert_eq!(&whole.judge, &restored.judge);
        for &value in &values[cut..] {
            prop_assert_eq!(whole.see(value), restored.see(value));
        }
    }
}

/// On quiet signals of every kind a promise of one alert a week per signal is kept within a factor of two, and one in ten weeks
/// within three, after one week of warm-up; stuck runs and falls included. (`cargo bench --bench calibration` judges 1,000
/// signals of each kind and prints the table.)
#[test]
fn quiet_signals_are_quiet() {
    const SIGNALS: u64 = 6;
    const WEEKS: usize = 3;
    let signal_weeks = SIGNALS as usize * WEEKS;
    let mut all = [0; 2];
    for (kind, name) in KINDS.iter().enumerate() {
        let mut alerts = [0; 2];
        for seed in 0..SIGNALS {
            let mut watched = Watched::every(Span::from_mins(5));
            let mut quiet = Quiet::new(kind, seed);
            let mut apart = [150u32; 2];
            for point in 0..(1 + WEEKS) * 2016 {
                let value = quiet.next(300 * point as i64, 300);
                let judgement = watched.see(value);
                for (least, (alerts, apart)) in [0.0, 1.0].iter().zip(alerts.iter_mut().zip(&mut apart)) {
                    let speaks = judgement.news().is_some_and(|rarity| *least <= rarity);
                    *alerts += usize::from(speaks && 150 <= *apart && 2016 <= point);
                    *apart = if speaks { 0 } else { *apart + 1 };
                }
            }
        }
        // Poisson's luck of a mean of 36 and of 5.4: at most one in a thousand kinds beyond.
        assert!(alerts[0] <= 56, "{name}: {} in {signal_weeks} signal-weeks", alerts[0]);
        assert!(alerts[1] <= 13, "{name}: {} in {signal_weeks} signal-weeks at one in ten weeks", alerts[1]);
        all = [all[0] + alerts[0], all[1] + alerts[1]];
    }
    let weeks = signal_weeks * KINDS.len();
    assert!(all[0] <= weeks && all[1] * 10 <= weeks, "over all kinds the promise itself is kept: {all:?} in {weeks}");
}

#[test]
fn a_level_shift_is_announced_once_and_then_normal() {
    let mut watched = Watched::every(Span::from_mins(1));
    watched.news(8 * 1440, 0.0, |_, c| 50.0 + c.normal());
    let news = watched.news(20, 1.0, |_, c| 70.0 + c.normal());
    assert_eq!(news.len(), 1, "{news:?}");
    assert!(news[0].upward && 0.5 < news[0].onset);
    let again = watched.news(1440, 0.0, |_, c| 70.0 + c.normal());
    assert!(again.len() <= 2, "{again:?}");
    let after = watched.see(70.0);
    assert!(after.calm);
    let (low, high) = after.expected.unwrap();
    assert!(67.0 < low && high < 73.0, "{low} to {high}");
}

#[test]
fn a_season_follows_the_people_through_daylight_saving() {
    let calendar = Calendar { zone: jiff::tz::TimeZone::get("Europe/Berlin").unwrap(), ..Calendar::default() };
    let mut watched = Watched::every(Span::from_mins(10));
    watched.calendar = calendar.clone();
    let value = |at: Timestamp, c: &mut Chance| hump(&calendar, at) + 2.0 * c.normal();
    let days = |days: usize| days * 144;
    watched.news(days(24), 0.0, value); // to 26 March; clocks change on the 29th
    let news = watched.news(days(7), 0.5, value);
    assert!(news.is_empty(), "{news:?}");
    let noon = Timestamp::parse_rfc3339("2026-04-02T10:00:00Z").unwrap();
    watched.news(noon.since(watched.at).nanos() as usize / watched.step.nanos() as usize, 0.0, value);
    let (low, high) = watched.see(100.0).expected.unwrap();
    assert!(85.0 < low && high < 115.0, "{low} to {high}");
    let news = watched.news(3, 0.0, |_, c| 20.0 + c.normal());
    assert!(!news.is_empty(), "a night's load at noon is news");
}

#[test]
fn a_cycle_of_its_own_makes_a_usual_value_at_the_wrong_part_of_it_news() {
    // Busy for a third of 47 minutes, and then idle.
    let job = |at: Timestamp, c: &mut Chance| {
        let part = (at.as_secs_f64() / 2_820.0).fract();
        if part < 0.3 { 10.0 + c.normal() } else { 2.0 + 0.3 * c.normal() }
    };
    let mut watched = Watched::every(Span::from_mins(1));
    watched.news(8 * 1440, 0.0, job);
    assert!(watched.news(3 * 1440, 1.0, job).len() <= 1, "the job as ever");
    let cycle = watched.judge.cycle().expect("a cycle").as_secs_f64();
    assert!((2_790.0..2_850.0).contains(&cycle), "{cycle}");
    let news = |level: f64, spread: f64| {
        let mut watched = Watched { judge: watched.judge.clone(), at: watched.at, ..Watched::every(watched.step) };
        watched.news(120, 0.5, |_, c| level + spread * c.normal())
    };
    let endless = news(10.0, 1.0);
    assert!(
        endless.iter().any(|j| j.cycle.is_some()),
        "a job that does not end is told against its cycle: {endless:?}"
    );
    assert!(!news(2.0, 0.3).is_empty(), "a job that does not run");
}

#[test]
fn a_count_that_falls_to_zero_and_a_gauge_that_sticks_are_told_apart() {
    let mut counts = Watched::every(Span::from_mins(1));
    counts.news(8 * 1440, 0.0, |_, c| c.poisson(8.0));
    let said: Vec<Judgement> = (0..40).map(|_| counts.see(0.0)).collect();
    assert!(
        said.iter().any(|j| j.drop.is_some_and(|r| 0.0 < r) || j.stuck.is_some_and(|r| 0.0 < r)),
        "{:?}",
        said.last()
    );
    let mut gauge = Watched::every(Span::from_mins(1));
    gauge.news(2 * 1440, 0.0, |_, c| 5.0 + c.normal());
    let said: Vec<Judgement> = (0..40).map(|_| gauge.see(5.0)).collect();
    assert!(said[..5].iter().all(|j| j.stuck.is_none()));
    assert!(said.iter().any(|j| j.stuck.is_some_and(|r| 1.0 < r)), "{:?}", said.last());
}

#[test]
fn a_constant_signal_says_nothing_until_it_moves() {
    let mut watched = Watched::every(Span::from_mins(1));
    assert!(watched.judge.warming().is_some());
    for _ in 0..3000 {
        let j = watched.see(3.0);
        assert_eq!((j.anomaly, j.onset, j.stuck, j.fresh), (0.0, 0.0, None, false));
    }
    assert_eq!(watched.judge.warming(), None);
    let moved = watched.see(4.0);
    assert!(moved.fresh && 0.3 < moved.onset, "{moved:?}");
}

#[test]
fn a_gap_is_no_news_when_it_ends_and_silence_is_while_it_lasts() {
    let mut watched = Watched::every(Span::from_mins(1));
    watched.news(9 * 1440, 0.0, |_, c| 10.0 + c.normal());
    let silent = watched.judge.silent_after().unwrap().since(watched.at);
    assert!(Span::from_mins(3) <= silent && silent <= Span::from_mins(10), "{silent}");
    watched.at = watched.at + Span::from_hours(60);
    assert!(watched.news(600, 0.0, |_, c| 10.0 + c.normal()).is_empty());
    watched.preset.absence = false;
    watched.see(10.0);
    assert_eq!(watched.judge.silent_after(), None);
}

#[test]
fn the_preset_decides_what_matters_and_never_the_scores() {
    let mut plain = Watched::every(Span::from_mins(1));
    let mut strict = Watched::every(Span::from_mins(1));
    strict.preset = Preset { harm: Some(Side::Above), floor: 20.0, ..preset() };
    for watched in [&mut plain, &mut strict] {
        watched.news(3000, 0.0, |_, c| 50.0 + c.normal());
    }
    for (value, matters) in [(60.0, false), (30.0, false), (75.0, true)] {
        let (a, b) = (plain.see(value), strict.see(value));
        assert_eq!((a.anomaly, a.onset, a.rarity), (b.anomaly, b.onset, b.rarity));
        assert!(a.matters);
        assert_eq!(b.matters, matters, "{value}");
    }
}

#[test]
fn what_begins_too_small_to_matter_is_news_when_it_matters() {
    let mut errors = Watched::every(Span::from_mins(10));
    (errors.preset.floor, errors.preset.harm) = (3.0, Some(Side::Above));
    (0..3_000).for_each(|_| {
        errors.see(0.0);
    });
    let small = errors.see(2.0);
    assert!(small.fresh && !small.matters, "{small:?}");
    let grown = errors.see(4.0);
    assert!(grown.fresh && grown.matters, "{grown:?}");
    assert!(!errors.see(4.0).fresh, "it was told");
}

#[test]
fn a_level_that_fell_for_good_is_never_said_to_stay_above() {
    let mut watched = Watched::every(Span::from_mins(1));
    watched.news(8 * 1440, 0.0, |_, c| 50.0 + c.normal());
    // The quick level has followed after two hours, and single values lie on either side of it.
    let said: Vec<Judgement> = (0..600).map(|_| watched.near(20.0)).collect();
    let told: Vec<&Judgement> = said.iter().filter(|j| j.fresh && j.view == View::Level).collect();
    assert!(!told.is_empty() && told.iter().all(|j| !j.upward), "{told:?}");
}

#[test]
fn the_way_back_from_a_better_day_is_no_trouble_and_a_way_beyond_it_is() {
    let mut watched = Watched::every(Span::from_mins(1));
    watched.preset.harm = Some(Side::Above);
    watched.news(8 * 1440, 0.0, |_, c| 50.0 + c.normal());
    watched.news(360, 0.0, |_, c| 20.0 + c.normal());
    let back: Vec<Judgement> = (0..60).map(|_| watched.near(50.0)).collect();
    assert!(back.iter().any(|j| j.fresh) && !back[..20].iter().any(|j| j.fresh && j.matters), "{back:?}");
    watched.news(360, 0.0, |_, c| 20.0 + c.normal());
    assert!(watched.see(75.0).matters);
}

#[test]
fn a_small_fall_is_no_fall_to_the_floor() {
    let mut watched = Watched::every(Span::from_mins(1));
    watched.news(8 * 1440, 0.0, |_, c| 50.0 + 0.01 * c.normal());
    let said: Vec<Judgement> = (0..40).map(|_| watched.see(48.0)).collect();
    assert!(said.iter().all(|j| j.drop.is_none()), "{:?}", said.last());
    assert!((0..40).any(|_| watched.see(1.0).drop.is_some_and(|rarity| 0.0 < rarity)));
}

#[test]
fn what_creeps_is_the_rarer_the_further_it_goes() {
    let mut watched = Watched::every(Span::from_mins(1));
    let quiet = (0..9 * 1440).filter_map(|_| watched.near(94.0).beyond).count();
    assert_eq!(quiet, 0);
    let fall: Vec<Judgement> = (0..240).map(|minute| watched.near(94.0 - f64::from(minute) / 8.0)).collect();
    let beyond: Vec<f64> = fall.iter().filter_map(|j| j.beyond.filter(|b| !b.upward)).map(|b| b.rarity).collect();
    assert!(8 < beyond.len() && beyond.is_sorted() && 3.0 < beyond[beyond.len() - 1], "{beyond:?}");
    let fused = fall[60..].iter().filter_map(|j| j.rarity).fold(f64::MIN, f64::max);
    assert!(fused < beyond[beyond.len() - 1] - 1.0, "all views together: {fused}");
    assert!(!fall[239].calm, "it is not over while it stays there");
}

#[test]
fn what_is_low_for_its_hour_is_told_where_the_night_is_lower() {
    let mut watched = Watched::every(Span::from_mins(1));
    // 20 at night and 160 by day, from noon on half of what there should be, which is more than at night
    let rhythm = |i: i32| 90.0 + 70.0 * libm::sin(f64::from(i) / 1440.0 * std::f64::consts::TAU);
    let quiet: Vec<_> = (0..9 * 1440).filter_map(|i| watched.near(rhythm(i)).beyond).collect();
    assert!(quiet.is_empty(), "{quiet:?}");
    let half: Vec<Beyond> = (0..240).filter_map(|i| watched.near(0.5 * rhythm(9 * 1440 + i)).beyond).collect();
    assert!(
        half.len() > 8 && half.iter().all(|beyond| beyond.by_hour && !beyond.upward && 0.5 < beyond.rarity),
        "{half:?}"
    );
    let (low, high) = half[half.len() - 1].usual;
    assert!(120.0 < low && high < 180.0, "what the hour brings: {low} to {high}");
}

#[test]
fn what_crosses_zero_has_no_ratio_to_its_hour() {
    let rare = KINDS.iter().position(|kind| *kind == "constant, rare steps").expect("a kind that walks through zero");
    let most = |seed| {
        let (mut watched, mut quiet) = (Watched::every(Span::from_mins(5)), Quiet::new(rare, seed));
        let told = (0..3 * 2016).filter_map(|point| watched.see(quiet.next(300 * point, 300)).beyond);
        told.filter(|beyond| beyond.by_hour).map(|beyond| beyond.rarity).fold(0.0, f64::max)
    };
    let most: Vec<f64> = [145, 924, 6833].into_iter().map(most).collect();
    assert!(most.iter().all(|&rarity| rarity < 2.0), "from 1 to -1 and back: {most:?}");
}

#[test]
fn that_there_is_none_of_what_hurts_may_stay_so() {
    let mut errors = Watched::every(Span::from_mins(1));
    errors.preset.harm = Some(Side::Above);
    errors.news(8 * 1440, 0.0, |_, c| c.poisson(8.0));
    assert!((0..200).all(|_| errors.see(0.0).stuck.is_none()));
    errors.preset.harm = None;
    assert!((0..200).any(|_| errors.see(0.0).stuck.is_some()), "it may be a source that hangs");
}

/// What every signal takes; the heap beside it is measured by `benches/judge.rs`.
#[test]
fn a_judge_takes_no_more_than_two_kilobytes() {
    let bytes = std::mem::size_of::<Judge>();
    assert!(bytes <= 2_048, "{bytes} bytes");
}
