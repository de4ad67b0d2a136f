//! What the engine was asked to do: the typed plan that a configuration resolves to.
//!
//! Every value is set; what an operator left out carries its default here. The core reads nothing else.

use crate::calendar::Calendar;
use crate::signal::{Selector, Signal, word_by_word};
use crate::time::Span;

/// The plan of the core.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What users feel: a breach is the failure to warn before.
    pub objectives: Vec<Objective>,
    /// Capacities: say when they will be reached.
    pub limits: Vec<Limit>,
    /// How signals of each kind are judged, first match first; never empty, the last one takes what no other does.
    pub presets: Vec<Preset>,
    /// How far forecasts look.
    pub horizon: Span,
    /// Local time, work, holidays, reaction.
    pub calendar: Calendar,
    /// False pages a week over everything watched.
    pub false_pages_per_week: f64,
    /// Labels that go through to the message besides `runbook`, `owner` and `team`.
    pub carry: Vec<String>,
    /// Signals that are not watched at all.
    pub exclude: Vec<Selector>,
    /// The label that tells tenants apart, if any.
    pub tenant_label: Option<String>,
    /// What the engine may hold, and what happens beyond.
    pub bounds: Bounds,
    /// Logical shards; a fixed number, whatever the threads.
    pub shards: usize,
}

/// An objective: `for` so long above or below means that users feel it.
#[derive(Clone, Debug)]
pub struct Objective {
    /// Its name for people.
    pub name: String,
    /// The service that breaks it, where the signal does not say.
    pub service: Option<String>,
    /// The signals it is judged on, each by itself.
    pub signal: Selector,
    /// The value that must not be passed.
    pub bound: Bound,
    /// How long it must hold.
    pub hold: Span,
}

/// A capacity of a signal.
#[derive(Clone, Debug)]
pub struct Limit {
    /// The signals it bounds, each by itself.
    pub signal: Selector,
    /// The value at which it is exhausted.
    pub bound: Bound,
}

/// A value and the side on which it hurts.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Bound {
    /// The value.
    pub level: f64,
    /// The side that hurts.
    pub side: Side,
}

/// A side of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// Larger values hurt.
    Above,
    /// Smaller values hurt.
    Below,
}

impl Bound {
    /// Whether `value` is on the side that hurts.
    pub fn is_passed(self, value: f64) -> bool {
        match self.side {
            Side::Above => self.level < value,
            Side::Below => value < self.level,
        }
    }
}

/// How a kind of signal is judged: one file of `models/`.
#[derive(Clone, Debug)]
pub struct Preset {
    /// Its name, the file's stem.
    pub name: String,
    /// The kind of signal in words.
    pub about: String,
    /// Names it takes; any of them (regular expressions, anchored, on the signal's name).
    pub names: Vec<regex::Regex>,
    /// Which direction hurts; `None` means that either may.
    pub harm: Option<Side>,
    /// The unit for messages (`ms`, `bytes`, `ratio`, `1/s`), if it is known.
    pub unit: Option<String>,
    /// The least deviation from what is expected that matters in practice, in the signal's unit; 0 for none.
    pub floor: f64,
    /// The same as a share of what is expected; 0 for none.
    pub floor_share: f64,
    /// A limit that holds where nobody set one (1.0 for a ratio of a capacity).
    pub limit: Option<Bound>,
    /// Whether there is a fixed number of it: a flat top that it returns to is taken for its capacity.
    pub finite: bool,
    /// Whether it stands still as a rule, so that it is news by itself to be away for longer than ever before.
    pub rests: bool,
    /// Whether silence of such a signal is news (a heartbeat) or nothing (a batch job's).
    pub absence: bool,
}

/// The preset that takes whatever no other does.
pub const REST: &str = "anything";
/// The share of a bound that always matters.
const OF_BOUND: f64 = 0.1;

impl Preset {
    /// Whether a move to this side hurts.
    pub fn hurts(&self, upward: bool) -> bool {
        self.harm.is_none_or(|side| (side == Side::Above) == upward)
    }

    /// Whether a deviation from what is expected is large enough to matter in practice.
    pub fn is_felt(&self, deviation: f64, expected: f64) -> bool {
        self.floor <= deviation && self.floor_share * expected.abs() <= deviation
    }

    /// The same preset for a signal on which people have set these bounds; none where they add nothing. A deviation of a tenth of such
    /// a bound matters, whatever the kind (with a floor of one percent a service that promises less than half a percent of errors
    /// would never be odd). And where the kind does not say which side hurts, bounds that are all on one side do.
    pub fn with_bounds(&self, bounds: impl Iterator<Item = Bound> + Clone) -> Option<Preset> {
        let floor = bounds.clone().map(|bound| OF_BOUND * bound.level.abs()).fold(self.floor, f64::min);
        let sides = bounds.map(|bound| Some(bound.side));
        let side = sides.reduce(|one, other| if one == other { one } else { None }).flatten();
        let harm = self.harm.or(side);
        (floor < self.floor || harm != self.harm).then(|| Preset { floor, harm, ..self.clone() })
    }

    /// Whether this preset takes signals of such a [`Signal::kind_text`].
    pub fn takes_kind(&self, kind: &str) -> bool {
        self.names.iter().any(|name| name.is_match(kind))
    }

    /// Which of `all` takes a [`Signal::kind_text`], and the text that it takes: as the name is written, or, where only the
    /// [`REST`] would have it so, as it reads word by word.
    pub fn first<'a, T>(
        all: impl Iterator<Item = T> + Clone,
        preset: impl Fn(&T) -> &'a Preset,
        kind: String,
    ) -> Option<(T, String)> {
        let find = |text: &str| all.clone().find(|item| preset(item).takes_kind(text));
        let written = find(&kind)?;
        if preset(&written).name != REST {
            return Some((written, kind));
        }
        let words = word_by_word(&kind);
        match find(&words).filter(|item| preset(item).name != REST) {
            Some(known) => Some((known, words)),
            None => Some((written, kind)),
        }
    }
}

impl Plan {
    /// The bounds that people have set on a signal.
    pub fn bounds_of(&self, signal: &Signal) -> impl Iterator<Item = Bound> + Clone {
        let objectives = self.objectives.iter().filter(|objective| objective.signal.matches(signal));
        let limits = self.limits.iter().filter(|limit| limit.signal.matches(signal));
        objectives.map(|objective| objective.bound).chain(limits.map(|limit| limit.bound))
    }

    /// Whether a signal is not to be watched.
    pub fn excludes(&self, signal: &Signal) -> bool {
        self.exclude.iter().any(|selector| selector.matches(signal))
    }

    /// The place in `presets` of the one that takes a signal; it depends on the kind text alone, so that a caller with
    /// many signals may remember it by that.
    pub fn preset_of(&self, signal: &Signal) -> Option<usize> {
        let all = self.presets.iter().enumerate();
        Preset::first(all, |(_, preset)| preset, signal.kind_text()).map(|((place, _), _)| place)
    }
}

/// The bounds of memory. Each has a counter and a named victim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Signals watched; beyond it those silent for longest (a day at least) make room within the hour, and until then a new
    /// signal is refused.
    pub signals: usize,
    /// A signal silent for so long is forgotten, with what was learned of it.
    pub forget: Span,
    /// Labels of one signal; beyond it the record is refused.
    pub labels: usize,
    /// Bytes of one label's value or name; beyond it the record is refused.
    pub label_bytes: usize,
    /// Bytes of one message; beyond it the message is refused.
    pub message_bytes: usize,
    /// Records read but not yet judged; beyond it reading pauses.
    pub waiting: usize,
    /// Open incidents; beyond it the least urgent, oldest one is closed.
    pub incidents: usize,
    /// Changes remembered; beyond it the oldest is forgotten.
    pub changes: usize,
    /// Log templates known of one service; beyond it the eighth seen least goes.
    pub log_templates: usize,
    /// Rates of templates and values in lines watched of one service; beyond it no more are.
    pub log_signals: usize,
    /// Flows (requests, sessions, orders) followed through the lines of one service at a time; what is beyond is not followed. Of as
    /// many templates as an eighth of that it is learned what follows them.
    pub log_flows: usize,
    /// Lines of one service kept to explain alerts; beyond it the oldest goes.
    pub log_kept: usize,
    /// Bytes of a log line that are looked at; the rest is not.
    pub log_line_bytes: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Bounds {
            signals: 1_000_000,
            forget: Span::from_days(30),
            labels: 64,
            label_bytes: 1024,
            message_bytes: 8 << 20,
            waiting: 4_000_000,
            incidents: 1_000,
            changes: 10_000,
            log_templates: 4_096,
            log_signals: 200,
            log_flows: 4_096,
            log_kept: 1_024,
            log_line_bytes: 2_048,
        }
    }
}

impl Default for Plan {
    /// What holds without any configuration: everything judged, nothing promised.
    fn default() -> Self {
        Plan {
            objectives: Vec::new(),
            limits: Vec::new(),
            presets: vec![Preset::default()],
            horizon: Span::from_hours(24),
            calendar: Calendar::default(),
            false_pages_per_week: 1.0,
            carry: Vec::new(),
            exclude: Vec::new(),
            tenant_label: None,
            bounds: Bounds::default(),
            shards: 64,
        }
    }
}

impl Default for Preset {
    /// Takes what no other preset does: either direction may hurt, no floor, silence is news.
    fn default() -> Self {
        Preset {
            name: "any".to_owned(),
            about: "any signal".to_owned(),
            names: Vec::new(),
            harm: None,
            unit: None,
            floor: 0.0,
            floor_share: 0.0,
            limit: None,
            finite: false,
            rests: false,
            absence: true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_that_people_set_says_what_matters() {
        let preset = Preset { floor: 1.0, ..Preset::default() };
        let bound = |level: f64| Bound { level, side: Side::Above };
        let own = |levels: &[f64]| preset.with_bounds(levels.iter().map(|&level| bound(level)));
        assert!(own(&[]).is_none());
        assert_eq!(own(&[50.0]).map(|own| own.floor), Some(1.0), "a tenth of it is more than the floor");
        assert_eq!(own(&[50.0, -5.0]).map(|own| own.floor), Some(0.5));
    }

    #[test]
    fn bounds_say_which_side_hurts_where_the_kind_does_not() {
        let harm = |harm: Option<Side>, sides: &[Side]| {
            let bounds = sides.iter().map(|&side| Bound { level: 1.0, side });
            Preset { harm, ..Preset::default() }.with_bounds(bounds).and_then(|own| own.harm)
        };
        use Side::{Above, Below};
        assert_eq!(harm(None, &[Below, Below]), Some(Below));
        assert_eq!(harm(None, &[Below, Above]), None, "either does");
        assert_eq!(harm(None, &[Below, Above, Below]), None);
        assert_eq!(harm(Some(Above), &[Below]), None, "the kind knows it");
    }
}
