//! What is judged of the lines of a service as a whole: how many are of new kinds, how diverse they are, how its flows go.

use std::sync::Arc;

use super::super::series::Told;
use super::super::watch::Watch;
use super::{Context, is_fall, is_told, tell_as_log};
use crate::calendar::Local;
use crate::finding::Finding;
use crate::plan::Plan;
use crate::signal::Signal;
use crate::time::{Span, Timestamp};

/// What is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Aspect {
    /// The share of lines whose template is known for less than an hour.
    Unseen,
    /// How many templates there would be if all came equally often.
    Diversity,
    /// Flows that broke off, per second.
    Broken,
    /// Steps of flows on a path never taken before, per second.
    Strange,
}

/// The watches of the aspects that have a value.
#[derive(Debug, Default)]
pub(super) struct Whole {
    watches: [Option<Box<Watch>>; 4],
}

/// A template is new for so long.
pub(super) const NEW: Span = Span::from_hours(1);
/// Lines of a minute below which a share says nothing.
pub(super) const LEAST: u32 = 20;

impl Aspect {
    const ALL: [Aspect; 4] = [Aspect::Unseen, Aspect::Diversity, Aspect::Broken, Aspect::Strange];

    fn name(self) -> &'static str {
        match self {
            Aspect::Unseen => "log_unseen_ratio",
            Aspect::Diversity => "log_template_diversity",
            Aspect::Broken => "log_flows_broken_rate",
            Aspect::Strange => "log_paths_unseen_rate",
        }
    }
}

impl Whole {
    /// Judges the value of a minute; `what` says more of it where something is told.
    pub(super) fn observe(
        &mut self,
        aspect: Aspect,
        (end, local): (Timestamp, Local),
        value: f64,
        context: &Context<'_>,
        told: &mut Told,
        what: impl Fn() -> String,
    ) {
        let from = told.findings.len();
        let watch = self.watches[aspect as usize].get_or_insert_with(|| new(aspect, context.service, context.plan));
        watch.set_aside(context.aside);
        watch.observe(end, value, local, context.plan, told);
        // That there are fewer new kinds, breaks or strange ways than ever is no trouble.
        let is_well = |finding: &Finding| aspect != Aspect::Diversity && is_told(finding) && is_fall(finding);
        let rest = told.findings.split_off(from);
        told.findings.extend(rest.into_iter().filter(|finding| !is_well(finding)));
        told.findings[from..]
            .iter_mut()
            .filter(|finding| is_told(finding))
            .for_each(|finding| finding.words += &what());
        tell_as_log(&mut told.findings[from..]);
    }

    pub(super) fn watches(&self) -> impl Iterator<Item = (u8, &Watch)> {
        self.watches.iter().enumerate().filter_map(|(at, watch)| Some((at as u8, &**watch.as_ref()?)))
    }

    /// Makes the watch whose sections follow.
    pub(super) fn readmit(&mut self, at: u8, service: &str, plan: &Plan) -> bool {
        let aspect = Aspect::ALL.get(usize::from(at));
        aspect.map(|aspect| self.watches[*aspect as usize] = Some(new(*aspect, service, plan))).is_some()
    }

    pub(super) fn watch(&mut self, at: u8) -> Option<&mut Box<Watch>> {
        self.watches.get_mut(usize::from(at))?.as_mut()
    }

    pub(super) fn remove(&mut self, at: Timestamp, told: &mut Told) {
        let from = told.findings.len();
        self.watches.iter_mut().flatten().for_each(|watch| watch.remove(at, told));
        tell_as_log(&mut told.findings[from..]);
    }
}

fn new(aspect: Aspect, service: &str, plan: &Plan) -> Box<Watch> {
    Box::new(Watch::new(Arc::new(Signal::new(aspect.name(), [("service", service)])), plan))
}

/// How many kinds there would be if all were equally frequent: the inverse of Simpson's index without its bias (Simpson 1949), the
/// number of Hill (1973) of order 2. It does not depend on how many lines were counted.
pub(super) fn diversity(counts: impl Iterator<Item = u32>) -> f64 {
    let (mut all, mut pairs) = (0.0, 0.0);
    for count in counts.map(f64::from) {
        all += count;
        pairs += count * (count - 1.0);
    }
    if pairs == 0.0 { all } else { all * (all - 1.0) / pairs }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn diversity_counts_the_kinds_that_are_frequent_whatever_the_volume() {
        let near = |counts: &[u32], wanted: f64| {
            let got = diversity(counts.iter().copied());
            assert!((got - wanted).abs() < 0.15 * wanted, "{counts:?}: {got}, wanted {wanted}");
        };
        near(&[1_000; 10], 10.0);
        near(&[12; 10], 10.0);
        near(&[1_000, 1, 1, 1], 1.0);
        near(&[1, 1, 1], 3.0);
        assert_eq!(diversity([].into_iter()), 0.0);
    }
}
