use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;

/// Reads `second reading` lines, advances at `second !`, and writes down what is observed.
fn check(script: &str, expected: Expect) {
    let mut meter = Meter::default();
    let mut said = String::new();
    for line in script.lines().map(str::trim) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let Some((second, rest)) = words.split_first() else { continue };
        let at = secs(second);
        said += &format!("{line:<32} |");
        let mut out = |seen: Observation| {
            let stat = seen.stat.label().unwrap_or("value");
            said += &format!(" {stat}={}", (seen.value * 1e6).round() / 1e6);
            if seen.at != at {
                said += &format!("@{}", seen.at.as_secs_f64());
            }
        };
        match rest {
            ["!"] => meter.advance(at, &mut out),
            rest => meter.read(at, &reading(rest), &mut out),
        }
        said = said.trim_end().to_owned() + "\n";
    }
    expected.assert_eq(&said);
}

fn secs(text: &str) -> Timestamp {
    Timestamp::from_nanos((text.parse::<f64>().unwrap() * 1e9) as i64)
}

/// `total 5 since 10`, `delta 5`, `gauge 5`, `lines 3`, `share 1/4`, `cumulative 1,2|3,4,5`, `exponential …`, `summary 40 0.5=1`.
fn reading(words: &[&str]) -> Reading {
    let start = words.iter().position(|word| *word == "since").map(|at| secs(words[at + 1]));
    let number = |at: usize| words[at].parse::<f64>().unwrap();
    let list = |text: &str| text.split(',').filter(|part| !part.is_empty()).map(|part| part.parse().unwrap()).collect();
    match words[0] {
        "gauge" => Reading::Gauge(number(1)),
        "total" => Reading::Total { value: number(1), start },
        "delta" => Reading::Delta { value: number(1), start },
        "lines" => Reading::Lines(words[1].parse().unwrap()),
        "share" => {
            let (hits, of) = words[1].split_once('/').unwrap();
            Reading::Share { hits: hits.parse().unwrap(), of: of.parse().unwrap() }
        }
        "summary" => {
            let pairs =
                words[2..].iter().take_while(|word| **word != "since").map(|word| word.split_once('=').unwrap());
            let quantiles = pairs.map(|(q, value)| (q.parse().unwrap(), value.parse().unwrap())).collect();
            Reading::Buckets(Box::new(Buckets::Summary { quantiles, count: number(1), start }))
        }
        kind => {
            let (bounds, counts) = words[1].split_once('|').unwrap();
            let (bounds, counts): (Vec<f64>, Vec<f64>) = (list(bounds), list(counts));
            Reading::Buckets(Box::new(match kind {
                "exponential" => Buckets::Exponential { bounds, counts, cumulative: true, start },
                kind => Buckets::Histogram { bounds, counts, cumulative: kind == "cumulative", start },
            }))
        }
    }
}

#[test]
fn gauges_are_themselves() {
    check(
        "0 gauge 5\n0 gauge NaN\n9 gauge inf\n10 gauge -5",
        expect![[r#"
        0 gauge 5                        | value=5
        0 gauge NaN                      |
        9 gauge inf                      |
        10 gauge -5                      | value=-5
    "#]],
    );
}

#[test]
fn counters_become_rates_across_resets() {
    check(
        "
        0 total 100
        10 total 150
        20 total 150
        30 total 20
        40 total 30
        40 total 31
        50 total NaN
        60 total 51
        ",
        expect![[r#"
            0 total 100                      |
            10 total 150                     | value=5
            20 total 150                     | value=0
            30 total 20                      | value=2
            40 total 30                      | value=1
            40 total 31                      |
            50 total NaN                     |
            60 total 51                      | value=1
        "#]],
    );
}

#[test]
fn a_known_start_dates_resets_and_origins() {
    check(
        "
        100 total 50 since 90
        110 total 70 since 90
        120 total 30 since 115
        130 total 90 since 125
        140 total 80 since 125
        150 total 100 since 126
        160 total 5 since 999
        ",
        expect![[r#"
            100 total 50 since 90            | value=5
            110 total 70 since 90            | value=2
            120 total 30 since 115           | value=6
            130 total 90 since 125           | value=18
            140 total 80 since 125           | value=8
            150 total 100 since 126          | value=2
            160 total 5 since 999            | value=0.5
        "#]],
    );
    // Long ago: the mean since then says nothing about now.
    check(
        "10000 total 50 since 90\n10010 total 60 since 90",
        expect![[r#"
        10000 total 50 since 90          |
        10010 total 60 since 90          | value=1
    "#]],
    );
}

#[test]
fn deltas_become_rates_over_their_own_interval() {
    check(
        "0 delta 5\n10 delta 5\n20 delta 8 since 16\n30 delta 0\n30 delta 4\n40 delta 4 since 40",
        expect![[r#"
        0 delta 5                        |
        10 delta 5                       | value=0.5
        20 delta 8 since 16              | value=2
        30 delta 0                       | value=0
        30 delta 4                       |
        40 delta 4 since 40              | value=0.4
    "#]],
    );
}

#[test]
fn histograms_become_quantiles_of_what_came() {
    check(
        "
        0 cumulative 1,2,5|10,10,10,10
        10 cumulative 1,2,5|50,50,25,15
        20 cumulative 1,2,5|50,50,25,15
        30 cumulative 1,2,5|0,0,10,0
        40 cumulative 1,2|0,0,12
        50 cumulative 1,2|0,4,12
        60 cumulative 1,2|0,10,0 since 55
        ",
        expect![[r#"
            0 cumulative 1,2,5|10,10,10,10   |
            10 cumulative 1,2,5|50,50,25,15  | p50=1.25 p90=4 p99=5 rate=10
            20 cumulative 1,2,5|50,50,25,15  | rate=0
            30 cumulative 1,2,5|0,0,10,0     | p50=3.5 p90=4.7 p99=4.97 rate=1
            40 cumulative 1,2|0,0,12         |
            50 cumulative 1,2|0,4,12         | p50=1.5 p90=1.9 p99=1.99 rate=0.4
            60 cumulative 1,2|0,10,0 since 55 | p50=1.5 p90=1.9 p99=1.99 rate=2
        "#]],
    );
    check(
        "0 each 1,2|0,10,0\n10 each 1,2|0,10,0\n20 each 1,2|0,0,0\n30 each |7\n40 each 2,1|0,1,0",
        expect![[r#"
        0 each 1,2|0,10,0                | p50=1.5 p90=1.9 p99=1.99
        10 each 1,2|0,10,0               | p50=1.5 p90=1.9 p99=1.99 rate=1
        20 each 1,2|0,0,0                | rate=0
        30 each |7                       | rate=0.7
        40 each 2,1|0,1,0                |
    "#]],
    );
}

#[test]
fn exponential_histograms_go_on_when_their_grid_changes() {
    check(
        "
        0 exponential 0,1,2,4|0,0,8,8,0
        10 exponential 0,0.5,1,2,4|0,0,4,12,8,0
        20 exponential 0,1,4|0,4,40,0
        30 exponential 0,1,4|0,4,20,0
        ",
        expect![[r#"
            0 exponential 0,1,2,4|0,0,8,8,0  |
            10 exponential 0,0.5,1,2,4|0,0,4,12,8,0 | p50=1 p90=1.741101 p99=1.972465 rate=0.8
            20 exponential 0,1,4|0,4,40,0    | p50=2 p90=3.482202 p99=3.944931 rate=2
            30 exponential 0,1,4|0,4,20,0    | p50=1.741101 p90=3.386981 p99=3.934008 rate=2.4
        "#]],
    );
}

#[test]
fn summaries_tell_their_own_quantiles_while_values_come() {
    check(
        "
        0 summary 40 0.5=1 0.9=2 0.99=3 0.999=4
        10 summary 60 0.5=1.5 0.75=9
        20 summary 60 0.5=1.5
        30 summary 70 0.5=NaN 0.99=7
        40 summary 10 0.5=1
        ",
        expect![[r#"
            0 summary 40 0.5=1 0.9=2 0.99=3 0.999=4 | p50=1 p90=2 p99=3
            10 summary 60 0.5=1.5 0.75=9     | p50=1.5 rate=2
            20 summary 60 0.5=1.5            | rate=0
            30 summary 70 0.5=NaN 0.99=7     | p99=7 rate=1
            40 summary 10 0.5=1              | p50=1 rate=1
        "#]],
    );
}

#[test]
fn lines_are_counted_by_the_minute_and_silence_is_zero_for_an_hour() {
    check(
        "
        10 lines 30
        59 lines 30
        60 !
        60 lines 6
        119 !
        120 !
        200 lines 12
        240 !
        3840 !
        3841 !
        9000 lines 60
        9060 !
        ",
        expect![[r#"
            10 lines 30                      |
            59 lines 30                      |
            60 !                             | value=1
            60 lines 6                       |
            119 !                            |
            120 !                            | value=0.1
            200 lines 12                     | value=0@180
            240 !                            | value=0.2
            3840 !                           | value=0@300 value=0@360 value=0@420 value=0@480 value=0@540 value=0@600 value=0@660 value=0@720 value=0@780 value=0@840 value=0@900 value=0@960 value=0@1020 value=0@1080 value=0@1140 value=0@1200 value=0@1260 value=0@1320 value=0@1380 value=0@1440 value=0@1500 value=0@1560 value=0@1620 value=0@1680 value=0@1740 value=0@1800 value=0@1860 value=0@1920 value=0@1980 value=0@2040 value=0@2100 value=0@2160 value=0@2220 value=0@2280 value=0@2340 value=0@2400 value=0@2460 value=0@2520 value=0@2580 value=0@2640 value=0@2700 value=0@2760 value=0@2820 value=0@2880 value=0@2940 value=0@3000 value=0@3060 value=0@3120 value=0@3180 value=0@3240 value=0@3300 value=0@3360 value=0@3420 value=0@3480 value=0@3540 value=0@3600 value=0@3660 value=0@3720 value=0@3780 value=0
            3841 !                           |
            9000 lines 60                    |
            9060 !                           | value=1
        "#]],
    );
}

#[test]
fn shares_speak_only_where_lines_came() {
    check(
        "10 share 0/1\n20 share 1/1\n59 share 0/2\n60 !\n300 !\n310 share 0/4\n500 share 3/3\n900 !",
        expect![[r#"
            10 share 0/1                     |
            20 share 1/1                     |
            59 share 0/2                     |
            60 !                             | value=0.25
            300 !                            |
            310 share 0/4                    |
            500 share 3/3                    | value=0@360
            900 !                            | value=1@540
        "#]],
    );
}

#[test]
fn a_series_that_changes_its_kind_starts_anew() {
    check(
        "0 total 5\n10 gauge 7\n20 total 9\n30 delta 5\n40 total 9\n50 lines 60\n60 total 9",
        expect![[r#"
        0 total 5                        |
        10 gauge 7                       | value=7
        20 total 9                       |
        30 delta 5                       |
        40 total 9                       |
        50 lines 60                      |
        60 total 9                       |
    "#]],
    );
}

#[test]
fn extra_advances_change_nothing_and_deadlines_are_the_ends() {
    let (mut often, mut once) = (Meter::default(), Meter::default());
    let (mut many, mut few) = (Vec::new(), Vec::new());
    for second in [5, 70, 75, 400, 5000, 5001] {
        let at = Timestamp::from_secs(second);
        for step in 0..=second {
            often.advance(Timestamp::from_secs(step), &mut |seen| many.push(seen));
        }
        often.read(at, &Reading::Lines(3), &mut |seen| many.push(seen));
        once.read(at, &Reading::Lines(3), &mut |seen| few.push(seen));
        assert_eq!(often.next_deadline(), Some(at.floor_to(Meter::LINES_WIDTH) + Meter::LINES_WIDTH));
    }
    assert_eq!(many, few);
}

#[test]
fn the_ends_of_time_are_reached_and_passed() {
    for at in [Timestamp::MIN, Timestamp::from_nanos(0), Timestamp::MAX] {
        let mut meter = Meter::default();
        for reading in
            [Reading::Lines(1), Reading::Share { hits: 1, of: 1 }, Reading::Total { value: 1.0, start: None }]
        {
            meter.read(at, &reading, &mut |_| {});
            meter.advance(Timestamp::MAX, &mut |_| {});
            meter.read(Timestamp::MAX, &reading, &mut |seen| assert!(seen.value.is_finite()));
            meter.advance(Timestamp::MAX, &mut |_| {});
        }
    }
}

#[test]
fn a_meter_is_small_and_survives_a_snapshot() {
    assert!(size_of::<Meter>() <= 24, "{}", size_of::<Meter>());
    let mut meter = Meter::default();
    for words in [&["total", "5"][..], &["cumulative", "1,2|3,4,5"], &["lines", "3"], &["share", "1/4"]] {
        meter.read(Timestamp::from_secs(1), &reading(words), &mut |_| {});
        let bytes = postcard::to_allocvec(&meter).unwrap();
        assert_eq!(postcard::from_bytes::<Meter>(&bytes).unwrap(), meter);
    }
}

fn any_reading() -> impl Strategy<Value = Reading> {
    let start = || prop::option::of((-10i64..400).prop_map(Timestamp::from_secs));
    let counts = || prop::collection::vec(prop_oneof![Just(0.0), 0.0..1e3, Just(f64::MAX), any::<f64>()], 0..5);
    let bounds = || prop::collection::vec(prop_oneof![Just(0.0), -2.0..8.0, any::<f64>()], 0..4);
    prop_oneof![
        any::<f64>().prop_map(Reading::Gauge),
        (any::<f64>(), start()).prop_map(|(value, start)| Reading::Total { value, start }),
        (any::<f64>(), start()).prop_map(|(value, start)| Reading::Delta { value, start }),
        any::<u32>().prop_map(Reading::Lines),
        (any::<u32>(), any::<u32>()).prop_map(|(hits, of)| Reading::Share { hits, of }),
        (bounds(), counts(), any::<bool>(), start()).prop_map(|(mut bounds, counts, cumulative, start)| {
            bounds.sort_by(f64::total_cmp);
            Reading::Buckets(Box::new(Buckets::Exponential { bounds, counts, cumulative, start }))
        }),
        (counts(), any::<f64>(), start()).prop_map(|(values, count, start)| {
            let quantiles = values.into_iter().map(|value| (0.5, value)).collect();
            Reading::Buckets(Box::new(Buckets::Summary { quantiles, count, start }))
        }),
    ]
}

proptest! {
    #[test]
    fn any_readings_yield_finite_values_in_order_of_time(
        readings in prop::collection::vec((0i64..100, any_reading()), 0..40)
    ) {
        let mut meter = Meter::default();
        let (mut at, mut last) = (Timestamp::from_secs(0), Timestamp::MIN);
        for (step, reading) in readings {
            at = at + Span::from_secs(step);
            let mut wrong = None;
            let mut out = |seen: Observation| {
                if !seen.value.is_finite() || seen.at < last || at < seen.at {
                    wrong = Some(seen);
                }
                last = seen.at;
            };
            meter.advance(at, &mut out);
            meter.read(at, &reading, &mut out);
            prop_assert_eq!(wrong, None);
            prop_assert!(meter.next_deadline().is_none_or(|due| at < due));
        }
    }
}
