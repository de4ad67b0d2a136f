//! What each preset of `models/` is for: signals with the names of real exporters, whose trouble it must tell in time and whose
//! harmless days it must leave alone (`fixtures/presets/`). Taken away from its signals, a preset must be missed: some of its
//! proofs fail then.

mod course;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use expect_test::expect_file;
use forewarn::alert::{AlertRecord, State, Urgency};
use forewarn::config::presets::{models, taken};
use forewarn::config::{self, Purpose};
use forewarn::engine::{Batch, Engine, Input, Output};
use forewarn::plan::{Plan, Preset};
use forewarn::signal::{Fingerprint, Reading, Selector, Signal, Sink};
use forewarn::time::{Span, Timestamp};
use serde::Deserialize;

use course::{Course, Event, START, span};

/// One file of `fixtures/presets/`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Proofs {
    proof: Vec<Proof>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Proof {
    /// What is proved, in words.
    says: String,
    /// The signals that take this course, and how many of their units are one of the course.
    of: BTreeMap<String, f64>,
    course: Course,
    #[serde(default)]
    events: Vec<Event>,
    /// How many days are told.
    #[serde(default = "days")]
    days: i64,
    /// What must be told; without it nothing may be,
    caught: Option<Caught>,
    /// from here on.
    #[serde(default, deserialize_with = "span")]
    from: Span,
}

fn days() -> i64 {
    11
}

/// How early the trouble must be told.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Caught {
    #[serde(deserialize_with = "span")]
    lead: Span,
    /// Before its course passes this; without it, `lead` is the longest time after its begin.
    until: Option<f64>,
    #[serde(default = "digest")]
    least: Urgency,
}

fn digest() -> Urgency {
    Urgency::Digest
}

/// What came of one signal of one proof.
struct Outcome {
    line: String,
    holds: bool,
}

fn plan() -> Plan {
    let settings = config::parse("", "proofs", Path::new(""), Purpose::Replay).unwrap().settings;
    Plan { shards: 1, ..Plan::clone(&settings.plan) }
}

/// The plan without what the signal's preset knows.
fn without(plan: &Plan, signal: &Signal) -> Plan {
    let known = &plan.presets[plan.preset_of(signal).unwrap()];
    Plan { presets: vec![Preset { unit: known.unit.clone(), ..Preset::default() }], ..plan.clone() }
}

impl Proof {
    /// All that is said of the signal on its course.
    fn told(&self, plan: Plan, signal: &Signal, scale: f64) -> Vec<AlertRecord> {
        let mut engine = Engine::new(Arc::new(plan));
        let (mut batch, mut out) = (Batch::default(), Output::default());
        let is_total = signal.name().ends_with("_total");
        let mut total = 0.0;
        for (since, value) in self.course.values(self.days, &self.events, signal.stable_hash()) {
            total += 60.0 * scale * value;
            let reading =
                if is_total { Reading::Total { value: total, start: None } } else { Reading::Gauge(scale * value) };
            let print = Fingerprint::new(1, b"the only one");
            engine.intake(&mut batch).sample(print, || signal.clone(), START + since, reading);
            engine.apply(Input::Observe(&mut batch), &mut out);
            engine.apply(Input::Advance(START + since), &mut out);
        }
        engine.apply(Input::Advance(START + Span::from_days(self.days)), &mut out);
        out.alerts
    }

    /// When the trouble begins, and when its course passes what it is measured by.
    fn trouble(&self) -> Option<(Span, Option<Span>)> {
        let begins = self.events.iter().filter(|event| event.every.is_none()).map(|event| event.at).min()?;
        let until = self.caught.as_ref()?.until;
        let passes = until.map(|until| {
            let minutes = begins.nanos() / 60_000_000_000..self.days * 1440;
            let mean = |at: Span| self.course.mean(at, &self.events);
            let upward = mean(begins) < until;
            let passed = |at: &Span| if upward { until <= mean(*at) } else { mean(*at) <= until };
            minutes
                .map(Span::from_mins)
                .find(passed)
                .unwrap_or_else(|| panic!("{}: {until} is never passed", self.says))
        });
        Some((begins, passes))
    }

    fn judge(&self, plan: Plan, signal: &Signal, scale: f64) -> Outcome {
        let told = self.told(plan, signal, scale);
        let firing = |alert: &&AlertRecord| alert.state == State::Firing;
        let Some(caught) = &self.caught else {
            let first = told.iter().find(|alert| firing(alert) && START + self.from <= alert.at);
            return Outcome { line: first.map_or("nothing said".to_owned(), said), holds: first.is_none() };
        };
        let (begins, passes) = self.trouble().unwrap_or_else(|| panic!("{}: what is to be caught?", self.says));
        let first = told.iter().filter(firing).find(|alert| caught.least <= alert.urgency);
        let Some(first) = first else { return Outcome { line: "missed".to_owned(), holds: false } };
        let at = first.at.since(START);
        if at < begins {
            return Outcome { line: format!("too early, {}", said(first)), holds: false };
        }
        let (words, holds) = match passes {
            Some(passes) => (format!("{} before", passes - at), caught.lead <= passes - at),
            None => (format!("{} after", at - begins), at - begins <= caught.lead),
        };
        Outcome { line: format!("{words}, {}", said(first)), holds }
    }
}

fn said(alert: &AlertRecord) -> String {
    format!("{} {:?}: {}", since_start(alert.at), alert.urgency, alert.summary)
}

fn since_start(at: Timestamp) -> String {
    let minutes = at.since(START).nanos() / 60_000_000_000;
    format!("{}d {:02}:{:02}", minutes / 1440, minutes / 60 % 24, minutes % 60)
}

fn signal_of(text: &str) -> Signal {
    let signal = Selector::parse(text).ok().and_then(|selector| selector.to_signal());
    signal.unwrap_or_else(|| panic!("{text} is no signal")).with("service", "shop")
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/presets")
}

fn proofs_of(name: &str) -> Proofs {
    let path = folder().join(format!("{name}.toml"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|_| panic!("models/{name}.toml has no proof at {path:?}"));
    toml::from_str(&text).unwrap_or_else(|error| panic!("{path:?}: {error}"))
}

/// Runs the proofs of a preset, with it and without; each of its units that says anything of how to judge must be needed.
fn prove(name: &str) {
    let plan = plan();
    let (mut log, mut broken, mut needed) = (String::new(), Vec::new(), vec![0; plan.presets.len()]);
    let (mut loud, mut quiet) = (0, 0);
    for proof in proofs_of(name).proof {
        log += &format!("{}\n", proof.says);
        *(if proof.caught.is_some() { &mut loud } else { &mut quiet }) += 1;
        for (text, &scale) in &proof.of {
            let signal = signal_of(text);
            let model = taken(models(), &signal).unwrap().model;
            assert_eq!(model.name, name, "{text} is taken by another preset");
            let with = proof.judge(plan.clone(), &signal, scale);
            let bare = proof.judge(without(&plan, &signal), &signal, scale);
            needed[plan.preset_of(&signal).unwrap()] += usize::from(!bare.holds);
            log += &format!("  {text}\n    {}\n", with.line);
            if !bare.holds {
                log += &format!("    without the preset: {}\n", bare.line);
            }
            if !with.holds {
                broken.push(format!("{}: {text}: {}", proof.says, with.line));
            }
        }
    }
    expect_file![folder().join(format!("{name}.txt"))].assert_eq(&log);
    assert!(broken.is_empty(), "models/{name}.toml:\n{}", broken.join("\n"));
    assert!(0 < loud && 0 < quiet, "models/{name}.toml: {loud} proofs that it tells trouble, {quiet} that it is quiet");
    let idle: Vec<String> = plan
        .presets
        .iter()
        .zip(&needed)
        .filter(|(preset, needed)| preset.name == name && says_something(preset) && **needed == 0)
        .map(|(preset, _)| format!("{:?} in {:?}", preset.names[0].as_str(), preset.unit))
        .collect();
    assert!(idle.is_empty(), "models/{name}.toml: nothing shows that these are needed:\n{}", idle.join("\n"));
}

/// Whether it judges otherwise than a signal without a preset is judged.
fn says_something(preset: &Preset) -> bool {
    let Preset { harm, floor, floor_share, limit, finite, absence, rests, .. } = preset;
    harm.is_some() || 0.0 < floor.max(*floor_share) || limit.is_some() || *finite || *rests || !absence
}

macro_rules! proofs {
    ($($test:ident $name:literal),*) => {
        $(#[test] fn $test() { prove($name); })*

        #[test]
        fn every_preset_is_proved() {
            let proved = [$($name),*];
            for model in models() {
                assert!(proved.contains(&model.name.as_str()), "models/{}.toml is proved by no test", model.name);
            }
        }
    };
}

proofs! {
    anything "anything", business "business", cpu "cpu", disk "disk", errors "errors", headroom "headroom",
    heartbeat "heartbeat", latency "latency", log_value "log-value", log_volume "log-volume", log_whole "log-whole",
    memory "memory", parts "parts", pool "pool", queue "queue", saturation "saturation", success "success", traffic "traffic"
}
