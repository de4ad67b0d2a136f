//! Histograms and summaries put together from the lines that make one.

use super::line::Sample;
use super::{Kind, PRINTS_TEXT};
use crate::signal::{Buckets, Fingerprint, Reading, Reject, RejectReason, Signal, Sink};
use crate::time::Timestamp;

/// Buckets or quantiles of one series; what has more is no metric.
const POINTS_MAX: usize = 10_000;

/// The family whose lines are being read.
#[derive(Debug, Default)]
pub(super) struct Family {
    name: String,
    kind: Kind,
    open: Option<Group>,
}

/// The lines of one series of a family.
#[derive(Debug)]
struct Group {
    signal: Signal,
    at: Timestamp,
    /// Bound and running count, or quantile and value.
    points: Vec<(f64, f64)>,
    count: Option<f64>,
    start: Option<Timestamp>,
}

impl Family {
    /// A `# TYPE` line.
    pub(super) fn begin<S: Sink>(&mut self, name: &str, kind: Kind, sink: &mut S) {
        self.finish(sink);
        self.name.clear();
        self.name.push_str(name);
        self.kind = kind;
    }

    /// The type of a sample, as far as it is told.
    pub(super) fn kind_of(&self, name: &str) -> Kind {
        if self.suffix(name).is_some() { self.kind } else { Kind::Unknown }
    }

    /// What follows the family's name, where the sample is of the family.
    fn suffix<'n>(&self, name: &'n str) -> Option<&'n str> {
        let suffix = name.strip_prefix(self.name.as_str()).filter(|_| !self.name.is_empty())?;
        let known = ["", "_total", "_bucket", "_count", "_sum", "_gcount", "_gsum", "_created", "_info"];
        known.contains(&suffix).then_some(suffix)
    }

    /// Takes a line that makes a histogram or summary with others; whether it was one.
    pub(super) fn take<S: Sink>(&mut self, sample: &Sample<'_>, at: Timestamp, sink: &mut S) -> bool {
        let part = match (self.kind, self.suffix(&sample.name)) {
            (Kind::Histogram, Some("_bucket")) => Some("le"),
            (Kind::Summary, Some("")) => Some("quantile"),
            (Kind::Histogram | Kind::Summary, Some("_count" | "_sum" | "_created")) => None,
            _ => return false,
        };
        let labels = sample.labels.iter().filter(|(key, _)| Some(&**key) != part);
        let signal = Signal::new(&self.name, labels.map(|(key, value)| (key, value)));
        if self.open.as_ref().is_none_or(|open| open.signal != signal || open.at != at) {
            self.finish(sink);
            self.open = Some(Group { signal, at, points: Vec::new(), count: None, start: None });
        }
        let Some(group) = &mut self.open else { return true };
        let point = part.and_then(|part| sample.labels.iter().find(|(key, _)| key == part));
        match (point.and_then(|(_, text)| text.parse().ok()), sample.name.ends_with("_count")) {
            (Some(place), _) if group.points.len() < POINTS_MAX => group.points.push((place, sample.value)),
            (None, true) => group.count = Some(sample.value),
            (None, false) if sample.name.ends_with("_created") => {
                group.start = Some(Timestamp::from_nanos((sample.value * 1e9) as i64));
            }
            _ => {}
        }
        true
    }

    /// No more lines of the series come.
    pub(super) fn finish<S: Sink>(&mut self, sink: &mut S) {
        let Some(group) = self.open.take() else { return };
        let built = if self.kind == Kind::Summary { group.summary() } else { group.histogram() };
        match built {
            Ok(None) => {}
            Ok(Some(buckets)) => {
                let Group { signal, at, .. } = group;
                let print = signal
                    .labels()
                    .fold(Fingerprint::new(PRINTS_TEXT, signal.name().as_bytes()).and(b"group"), |p, (k, v)| {
                        p.and(k.as_bytes()).and(v.as_bytes())
                    });
                sink.sample(print, || signal, at, Reading::Buckets(Box::new(buckets)));
            }
            Err(what) => {
                let detail = format!("Prometheus family {}: {what}", group.signal);
                sink.reject(Reject::new(RejectReason::Malformed, detail));
            }
        }
    }
}

impl Group {
    /// The buckets of a histogram: what the lines count up to each bound becomes what lies between two.
    fn histogram(&self) -> Result<Option<Buckets>, &'static str> {
        let (mut bounds, mut counts, mut below) = (Vec::new(), Vec::new(), 0.0);
        let mut all = self.count;
        for &(bound, upto) in &self.points {
            if bound == f64::INFINITY {
                all = Some(upto);
            } else if bounds.last().is_some_and(|last| bound <= *last) || !bound.is_finite() {
                return Err("its bounds do not rise");
            } else {
                bounds.push(bound);
                counts.push(upto - below);
                below = upto;
            }
        }
        let Some(all) = all else { return Err("neither a bucket of `+Inf` nor a count") };
        counts.push(all - below);
        if !counts.iter().all(|count| 0.0 <= *count && count.is_finite()) {
            return Err("a bucket counts less than the one before");
        }
        Ok(Some(Buckets::Histogram { bounds, counts, cumulative: true, start: self.start }))
    }

    /// A summary; quantiles that nothing was observed for are left out.
    fn summary(&self) -> Result<Option<Buckets>, &'static str> {
        let quantiles: Vec<(f64, f64)> = self.points.iter().copied().filter(|(_, value)| value.is_finite()).collect();
        let count = match self.count {
            Some(count) if count.is_finite() => count,
            Some(_) => return Err("its count is no number"),
            None if quantiles.is_empty() => return Ok(None),
            None => 0.0,
        };
        Ok(Some(Buckets::Summary { quantiles, count, start: self.start }))
    }
}
