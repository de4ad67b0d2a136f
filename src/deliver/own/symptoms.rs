//! What is wrong at a moment, and how long each kind of trouble is watched before it is told.

use super::{Counts, FLICKER, Health, Own};
use crate::alert::words::length;
use crate::alert::{SignalNote, Urgency};
use crate::deliver::Wall;
use crate::deliver::outbox::ReceiverStatus;
use crate::time::Span;

/// A receiver fails, the alerts topic takes nothing: told after so long.
const UNDELIVERED: Span = Span::from_mins(15);
/// Lag, blindness, silence of the broker: told after so long.
const UNREAD: Span = Span::from_mins(5);
/// A loss is over when there was no other for so long.
const LOSS: Span = Span::from_hours(1);
/// Rejects are judged over windows of this length.
const WINDOW: Span = Span::from_mins(5);
/// From this share of what is read, and so many, rejects are told.
const REJECTS_SHARE: f64 = 0.1;
const REJECTS_LEAST: u64 = 20;

/// Something that is wrong at this moment.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Symptom {
    pub(super) cause: String,
    pub(super) words: String,
    pub(super) urgency: Urgency,
    /// Since when, where that is known better than by looking.
    pub(super) since: Option<Wall>,
    /// How long it may last before it is told.
    pub(super) patience: Span,
    /// How long it must be gone before it is over.
    pub(super) lasts: Span,
    /// Its size, in the unit of the metric.
    pub(super) amount: f64,
    /// What becomes smaller while it is watched is not told.
    pub(super) may_shrink: bool,
    /// The process's own metric that shows it, and its unit.
    metric: &'static str,
    unit: Option<&'static str>,
    pub(super) receiver: Option<String>,
}

impl Symptom {
    fn new(cause: impl Into<String>, patience: Span, metric: &'static str, amount: f64, words: String) -> Symptom {
        Symptom {
            cause: cause.into(),
            words,
            urgency: Urgency::Hold,
            since: None,
            patience,
            lasts: FLICKER,
            amount,
            may_shrink: false,
            metric,
            unit: None,
            receiver: None,
        }
    }

    pub(super) fn notes(&self) -> Vec<SignalNote> {
        let receiver = self.receiver.as_ref().map(|name| format!("{{receiver={name:?}}}")).unwrap_or_default();
        vec![SignalNote {
            signal: format!("{}{receiver}", self.metric),
            value: Some(self.amount),
            expected_low: None,
            expected_high: None,
            score: 1.0,
            unit: self.unit.map(str::to_owned),
            words: String::new(),
        }]
    }
}

impl Own {
    /// What is wrong now.
    pub(super) fn symptoms(&mut self, health: &Health, now: Wall) -> Vec<Symptom> {
        let mut all = Vec::new();
        all.extend(unread(health));
        all.extend(undelivered(health));
        all.extend(self.losses(health.counts));
        all.extend(self.rejects(health.counts, now));
        all
    }

    /// What was lost since the last look.
    fn losses(&mut self, counts: Counts) -> Vec<Symptom> {
        let before = std::mem::replace(&mut self.before, counts);
        let loss = |cause: &str, metric, new: u64, words: String| Symptom {
            lasts: LOSS,
            ..Symptom::new(cause, Span::ZERO, metric, new as f64, words)
        };
        let mut all = Vec::new();
        let lost = counts.lost.saturating_sub(before.lost);
        if 0 < lost {
            let words = format!(
                "{lost} records were gone from the broker before forewarn read them: keep them longer there, or give forewarn \
                 more processor"
            );
            all.push(loss("lost records", "forewarn_lost_total", lost, words));
        }
        let refused = counts.refused.saturating_sub(before.refused);
        if 0 < refused {
            let words = format!(
                "{refused} new signals are not watched, for forewarn watches as many as it may: look for a label that has \
                 ever new values"
            );
            all.push(loss("refused signals", "forewarn_signals_refused_total", refused, words));
        }
        all
    }

    fn rejects(&mut self, counts: Counts, now: Wall) -> Option<Symptom> {
        let (began, first) = *self.window.get_or_insert((now, counts));
        if WINDOW <= now.since(began) {
            self.window = Some((now, counts));
            let rejects = counts.rejects.saturating_sub(first.rejects);
            let share = (rejects as f64 / counts.records.saturating_sub(first.records).max(1) as f64).min(1.0);
            self.rejecting = (REJECTS_LEAST <= rejects && REJECTS_SHARE <= share).then_some(share);
        }
        let share = self.rejecting?;
        let words = format!(
            "forewarn cannot understand {:.0} % of what it reads: the dead letters say why; what they hold is not watched",
            share * 100.0
        );
        Some(Symptom::new("rejects", Span::ZERO, "forewarn_rejects_total", share, words))
    }
}

fn unread(health: &Health) -> Vec<Symptom> {
    let mut all = Vec::new();
    if let Some(behind) = health.behind {
        let words = format!(
            "forewarn is {} behind the present and does not catch up, so that its warnings come late: give it more \
             processor, or fewer signals",
            length(behind)
        );
        let seconds = behind.as_secs_f64();
        all.push(Symptom {
            may_shrink: true,
            unit: Some("s"),
            ..Symptom::new("lag", UNREAD, "forewarn_watermark_lag_seconds", seconds, words)
        });
    }
    if let Some(why) = &health.unreadable {
        let words = format!("forewarn can read nothing, so that nothing is watched: {why}");
        all.push(Symptom {
            urgency: Urgency::Page,
            ..Symptom::new("nothing is read", UNREAD, "forewarn_ready", 0.0, words)
        });
    }
    if let Some(first) = health.blind.first() {
        let count = health.blind.len();
        let which = if count == 1 { first.clone() } else { format!("{count} partitions, {first} among them") };
        let words = format!("forewarn is blind to {which}: there are records, and they cannot be read");
        all.push(Symptom::new("blind spots", UNREAD, "forewarn_blind_spots", count as f64, words));
    }
    if let Some(why) = &health.dead_letters {
        let words =
            format!("what forewarn cannot understand cannot be kept either, and no checkpoint is written: {why}");
        all.push(Symptom::new("dead letters", UNREAD, "forewarn_dead_letters_failed_total", 1.0, words));
    }
    if let Some(why) = &health.disk {
        let words = format!("forewarn cannot keep what it knows; it goes on, but what needs the disk waits: {why}");
        all.push(Symptom::new("disk", UNREAD, "forewarn_journal_entries_total", 1.0, words));
    }
    all
}

fn undelivered(health: &Health) -> Vec<Symptom> {
    let mut all = Vec::new();
    let is_failing = |receiver: &&ReceiverStatus| receiver.tally.failing_since.is_some();
    let nobody = health.receivers.iter().all(|receiver| is_failing(&receiver));
    for ReceiverStatus { receiver, waiting, tally, .. } in health.receivers.iter().filter(is_failing) {
        let why = tally.last_error.as_deref().unwrap_or("it does not say why");
        let alone = if nobody { "; nobody can be told of anything" } else { "" };
        let words = format!("{receiver} gets no alerts, {waiting} wait{alone}: {why}");
        all.push(Symptom {
            urgency: if nobody { Urgency::Page } else { Urgency::Hold },
            since: tally.failing_since,
            receiver: Some(receiver.clone()),
            ..Symptom::new(
                format!("receiver {receiver}"),
                UNDELIVERED,
                "forewarn_deliveries_total",
                *waiting as f64,
                words,
            )
        });
    }
    if let Some(why) = &health.topic {
        let words = format!("the alerts topic takes no alerts: {why}");
        all.push(Symptom::new("alerts topic", UNDELIVERED, "forewarn_topic_pending", 1.0, words));
    }
    all
}
