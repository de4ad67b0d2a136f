//! The whole, judged on fleets that fail: `cargo test --release --test it fleet -- --ignored --nocapture`, with
//! `FOREWARN_FLEETS=0..10` for other seeds.

use std::path::Path;
use std::sync::Arc;

use forewarn::config::{self, Purpose};
use forewarn::simulate::fleet::{Case, Figures, Fleet, Score, Told, judge, score};

fn judged(seed: u64) -> (Fleet, Told, Score) {
    let fleet = Fleet::of(seed);
    let settings = config::parse(&fleet.config, "fleet", Path::new(""), Purpose::Replay).unwrap().settings;
    let told = judge(&fleet, Arc::clone(&settings.plan));
    let score = score(&fleet, &told);
    (fleet, told, score)
}

#[test]
#[ignore = "minutes of work: the figures of the whole"]
fn the_whole_is_judged_on_fleets() {
    let seeds = std::env::var("FOREWARN_FLEETS").unwrap_or_else(|_| "0..10".to_owned());
    let (from, to) = seeds.split_once("..").unwrap();
    let (from, to): (u64, u64) = (from.parse().unwrap(), to.parse().unwrap());
    let verbose = std::env::var("FOREWARN_FLEETS_SHOW").is_ok();
    let mut scores = Vec::new();
    for seed in from..to {
        let begun = std::time::Instant::now();
        let (fleet, told, score) = judged(seed);
        println!("fleet {seed}: {} samples in {:.1} s", told.samples, begun.elapsed().as_secs_f64());
        for case in &score.cases {
            let Case { fault, impact_at, first_at, foreseen, origin, interruptions, paged, let_sleep } = case;
            let lead = impact_at.zip(*first_at).map(|(impact, first)| impact.since(first).as_secs_f64() / 60.0);
            println!(
                "  {} {} {} pace {:.2} begins {} ends {} impact {impact_at:?} lead {lead:?} origin {origin} n {interruptions} paged {paged:?} sleep {let_sleep:?}",
                if impact_at.is_none() {
                    "----"
                } else if *foreseen {
                    "good"
                } else {
                    "MISS"
                },
                fault.kind.name(),
                fault.service,
                fault.pace,
                fault.begins,
                fault.ends,
            );
        }
        println!(
            "  unneeded {} of which pages {}",
            score.unneeded.len(),
            score.unneeded.iter().filter(|u| u.1).count()
        );
        if verbose {
            for record in told.records.iter().filter(|r| fleet.judged_from <= r.at) {
                let odd = score.unneeded.iter().any(|u| u.0 == record.at);
                println!(
                    "    {} {} {}/{} {:?} {:?}: {}",
                    if odd { "UNNEEDED" } else { "" },
                    record.at,
                    record.id,
                    record.revision,
                    record.urgency,
                    record.reason,
                    record.summary
                );
            }
        }
        scores.push(score);
    }
    let figures = Figures::of(&scores);
    println!("{figures}");
}
