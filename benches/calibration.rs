//! What a promise is worth: alerts on 1,000 quiet signals of each of nineteen kinds, against the rate that was promised.
//!
//! A point a minute, one week of warm-up, two weeks judged. Asserted: at most twice the promise at one a week per signal, at
//! most three times at one in ten weeks, whatever the kind. Prints the table; takes minutes.

#[path = "../src/detect/tests/kinds.rs"]
mod kinds;

use forewarn::calendar::{Calendar, LocalClock};
use forewarn::detect::{Judge, Judgement};
use forewarn::plan::Preset;
use forewarn::time::Timestamp;
use kinds::{KINDS, Quiet};
use rayon::prelude::*;

const SIGNALS: u64 = 1_000;
const STEP: i64 = 60;
const WEEK: i64 = 604_800 / STEP;
const WEEKS: i64 = 2;
/// Promises: one in so many powers of ten of weeks.
const PROMISES: [f64; 5] = [0.0, 0.5, 1.0, 1.5, 2.0];
/// Points that make two alerts of one.
const APART: i64 = 150;

/// What can be said of a point: everything together, the fused scores, a stuck run, a fall, a day like no other.
fn said(judgement: &Judgement) -> [Option<f64>; OUTPUTS] {
    let beyond = judgement.beyond.map(|beyond| beyond.rarity);
    [judgement.news(), judgement.rarity.filter(|_| judgement.fresh), judgement.stuck, judgement.drop, beyond]
}

const OUTPUTS: usize = 5;
type Counts = [[u64; PROMISES.len()]; OUTPUTS];

/// Alerts of one signal, by output and promise.
fn watch(kind: usize, seed: u64) -> Counts {
    let (calendar, preset, mut clock) = (Calendar::default(), Preset::default(), LocalClock::default());
    let (mut judge, mut quiet) = (Judge::default(), Quiet::new(kind, seed));
    let mut alerts = Counts::default();
    let mut last = [[-APART; PROMISES.len()]; OUTPUTS];
    for point in 0..(1 + WEEKS) * WEEK {
        let at = Timestamp::from_secs(1_772_409_600 + point * STEP);
        let value = quiet.next(point * STEP, STEP);
        let judgement = judge.observe(at, value, clock.local(&calendar, at), &preset);
        for (output, rarity) in said(&judgement).into_iter().enumerate() {
            for (level, &promise) in PROMISES.iter().enumerate() {
                if rarity.is_some_and(|rarity| promise <= rarity) {
                    alerts[output][level] += u64::from(WEEK <= point && APART <= point - last[output][level]);
                    last[output][level] = point;
                }
            }
        }
    }
    alerts
}

fn main() {
    let promised: Vec<String> = PROMISES.iter().map(|p| format!("{:.3}", libm::exp10(-p))).collect();
    println!("alerts a week per signal where this was promised: {}", promised.join("  "));
    let titles = ["all together", "fused", "stuck (1, .1, .01)", "fall", "days"];
    println!("{:24}{:38}{:38}{:24}{:24}{:24}", "", titles[0], titles[1], titles[2], titles[3], titles[4]);
    let weeks = (SIGNALS as i64 * WEEKS) as f64;
    for (kind, name) in KINDS.iter().enumerate() {
        let add = |mut a: Counts, b: Counts| {
            a.iter_mut().flatten().zip(b.iter().flatten()).for_each(|(a, b)| *a += b);
            a
        };
        let alerts = (0..SIGNALS).into_par_iter().map(|seed| watch(kind, seed)).reduce(Counts::default, add);
        let rate = |output: usize, level: usize| alerts[output][level] as f64 / weeks;
        let row = |output: usize, levels: &[usize]| -> String {
            levels.iter().map(|&level| format!("{:<7.3}", rate(output, level))).collect()
        };
        let (all, some) = ([0, 1, 2, 3, 4], [0, 2, 4]);
        let [stuck, fall, days] = [2, 3, 4].map(|output| row(output, &some));
        println!("{name:24}{:38}{:38}{stuck:24}{fall:24}{days:24}", row(0, &all), row(1, &all));
        assert!(rate(0, 0) <= 2.0, "{name}: {} a week where one was promised", rate(0, 0));
        assert!(rate(0, 2) <= 0.3, "{name}: {} a week where .1 was promised", rate(0, 2));
    }
}
