//! The picture of an alert, from what the engine holds of its signals.

use super::Engine;
use super::watch::Watch;
use crate::alert::chart::{Ahead, Chart, Mark, PANELS};
use crate::alert::{AlertRecord, BreachNote, State};
use crate::signal::{Selector, Signal};
use crate::time::{Span, Timestamp};

impl Engine {
    /// The picture of an alert as its record tells it; none where no signal of it is known. Changes nothing.
    pub fn chart(&self, record: &AlertRecord) -> Option<Chart> {
        let breached = record.breach.as_ref().and_then(bound_of);
        let named = record.signals.iter().map(|note| note.signal.as_str());
        let mut watches: Vec<(&str, &Watch)> = Vec::new();
        for text in breached.into_iter().chain(named) {
            if watches.len() < PANELS
                && watches.iter().all(|(have, _)| *have != text)
                && let Some(watch) = self.watch(text)
            {
                watches.push((text, watch));
            }
        }
        let ahead = record.breach.as_ref().filter(|b| record.state == State::Firing && record.at < b.latest);
        let ahead = ahead.map(|b| Ahead { level: b.level, earliest: b.earliest, likely: b.likely, latest: b.latest });
        let (at, (_, first)) = (record.at, watches.first()?);
        let coming = ahead.map_or(Span::ZERO, |ahead| ahead.latest.since(at));
        let past = watches.iter().map(|(_, watch)| watch.past(record.since, at)).max().unwrap_or_default();
        // Half of the width at least is what was seen, as far as it is remembered.
        let past = past.max(coming).min(first.past(Timestamp::MIN, at));
        let from = at - past;
        let to = at + coming.max(Span::from_nanos(past.nanos() / 24));
        let mut panels: Vec<_> = watches.iter().map(|(_, watch)| watch.panel(from, at, to, &self.plan)).collect();
        if let Some(panel) = panels.first_mut().filter(|panel| Some(panel.signal.as_str()) == breached) {
            panel.ahead = ahead;
        }
        let changes = record.suspects.iter().filter(|suspect| from <= suspect.at && suspect.at <= to);
        let changes = changes.map(|suspect| Mark { at: suspect.at, what: suspect.what.clone() }).collect();
        Some(Chart { at, since: record.since, from, to, panels, changes })
    }

    /// The watch of a signal in selector form.
    fn watch(&self, text: &str) -> Option<&Watch> {
        let signal = Selector::parse_route(text).ok()?.to_signal()?;
        let series = self.directory.find(&signal).or_else(|| self.directory.find(&without_stat(&signal)))?;
        let place = self.directory.place(series);
        // One that was only just founded has no place in its shard yet.
        let series = self.shards.get(place.shard as usize)?.series.get(place.slot as usize)?;
        series.watches().find(|watch| **watch.signal() == signal)
    }
}

fn bound_of(breach: &BreachNote) -> Option<&str> {
    breach.objective.as_deref().or(breach.limit.as_deref())
}

/// The series that a derived signal comes from.
fn without_stat(signal: &Signal) -> Signal {
    Signal::new(signal.name(), signal.labels().filter(|(key, _)| *key != "stat"))
}
