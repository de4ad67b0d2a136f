//! How good forecasts are: a fleet of signals by seed, and real series from a folder.

pub(crate) mod fleet;
pub(crate) mod making;
pub(crate) mod score;
pub(crate) mod real;

use forewarn::forecast::Forecaster;
use forewarn::time::Span;

use fleet::KINDS;
use making::Case;
use score::{HOURS, Report, play};

/// Days at the start that are not scored.
const WARM: f64 = 5.0 * 1440.0;

pub(crate) fn points(case: &Case) -> Vec<(f64, f64)> {
    case.values.iter().enumerate().map(|(i, value)| (case.start + i as f64 * case.cadence, *value)).collect()
}

/// The whole fleet of these seeds: by kind, all, and the limits.
pub(crate) fn fleet_report(seeds: std::ops::Range<u64>, hours: i64) -> (Vec<(&'static str, Report)>, Report) {
    let mut kinds: Vec<(&'static str, Report)> = Vec::new();
    let mut all = Report::default();
    for kind in 0..KINDS {
        let mut report = Report::default();
        let mut name = "";
        for seed in seeds.clone() {
            let case = fleet::case(seed, kind);
            name = case.kind;
            let mut forecaster = Forecaster::new(case.bound).with_horizon(Span::from_hours(hours));
            let tally = play(&points(&case), &case, &mut forecaster, case.start + WARM, false);
            if std::env::var("FOREWARN_SHOW").is_ok_and(|show| name.contains(&show)) {
                show(seed, &case, &tally);
            }
            report.add(&tally, hours as f64 * 60.0);
            all.add(&tally, hours as f64 * 60.0);
        }
        kinds.push((name, report));
    }
    (kinds, all)
}

fn show(seed: u64, case: &Case, tally: &score::Tally) {
    println!("seed {seed} {} cadence {} bound {:.3}", case.kind, case.cadence, case.bound.level);
    for alarm in &tally.alarms {
        let minutes = |at: forewarn::time::Timestamp| at.since(score::time(alarm.at)).as_secs_f64() / 60.0;
        let i = ((alarm.at - case.start) / case.cadence) as usize;
        println!(
            "   alarm day {:.2} value {:.3} p {:.2}: {:.0} / {:.0} / {:.0} min; crossed in {:.0}",
            (alarm.at - case.start) / 1440.0,
            case.values[i],
            alarm.outlook.probability,
            minutes(alarm.outlook.earliest),
            minutes(alarm.outlook.likely),
            minutes(alarm.outlook.latest),
            alarm.crossed.map_or(f64::NAN, |crossed| crossed - alarm.at)
        );
    }
    for (at, lead) in &tally.crossings {
        println!("   crossing day {:.2} lead {:.0}", (at - case.start) / 1440.0, lead.unwrap_or(f64::NAN));
    }
}

pub(crate) fn print(all: &Report) {
    println!("{}", all.line());
    let share = |a: usize, b: usize| a as f64 / b.max(1) as f64;
    println!("limits foreseen {:.3} of {}", share(all.limit_foreseen, all.limit_crossings), all.limit_crossings);
    for (k, hours) in HOURS.iter().enumerate() {
        let base = all.forecasts[k].iter().filter(|f| f.1).count() as f64 / all.forecasts[k].len().max(1) as f64;
        print!("{hours:3} h: base {base:.3} skill {:+.3} ", all.brier_skill(k));
        for (count, mean, came) in all.reliability(k) {
            if 100 <= count {
                print!(" {mean:.2}>{came:.2}{}", if 0.15 < (mean - came).abs() { "!" } else { "" });
            } else {
                print!(" ({count})");
            }
        }
        println!();
    }
}

/// What a small fleet must give: the floors below which a change has broken something, well under what many seeds give.
#[test]
fn a_small_fleet_is_foreseen() {
    let (_, all) = fleet_report(50..52, 24);
    print(&all);
    let share = |a: usize, b: usize| a as f64 / b.max(1) as f64;
    assert!(0.65 <= share(all.in_time, all.alarms) && 0.65 <= share(all.inside, all.in_week), "{}", all.line());
    assert!(0.7 <= share(all.limit_foreseen, all.limit_crossings), "{}", all.line());
    assert!(0.15 <= all.brier_skill(2) && all.median_log().0 <= 0.7, "{}", all.line());
}

/// `FOREWARN_SEEDS=100..140 FOREWARN_SHOW=heap cargo test --release --test it forecast::fleet_by_hand -- --ignored --nocapture`
#[test]
#[ignore = "minutes of measuring"]
fn fleet_by_hand() {
    let seeds = std::env::var("FOREWARN_SEEDS").unwrap_or_else(|_| "100..120".to_owned());
    let (from, to) = seeds.split_once("..").unwrap();
    let (kinds, all) = fleet_report(from.parse().unwrap()..to.parse().unwrap(), 24);
    for (name, report) in &kinds {
        let ((said, came), (said_week, came_week)) = (report.mean(2), report.mean(5));
        println!("{name:24} {}  24 h {said:.2}>{came:.2} 7 d {said_week:.2}>{came_week:.2}", report.line());
    }
    print(&all);
}

/// `FOREWARN_SERIES=folder:folder cargo test --release --test it forecast::series_by_hand -- --ignored --nocapture`
#[test]
#[ignore = "needs a folder of series"]
fn series_by_hand() {
    let folders = std::env::var("FOREWARN_SERIES").expect("a folder of CSV files with a time and a value");
    real::report(folders.split(':'));
    real::values(folders.split(':'));
}
