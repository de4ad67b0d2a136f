//! What the judging thread shows and answers.

use std::sync::Arc;

use serde_json::{Value, json};

use super::RunError;
use super::disk::DISK;
use super::live::Live;
use super::wire;
use crate::alert::{AlertRecord, State};
use crate::ingest::gate::Standing;
use crate::serve::{Command, Drawable, Fault, PartitionStatus, Status, shape};
use crate::signal::Selector;
use crate::state::Act;
use crate::telemetry::{self, ByDelivery, ByPartition, ByReason, ByTopic};
use crate::time::Timestamp;

type Answer = Result<Value, Fault>;

impl Live {
    /// Does or answers what was asked.
    pub(super) fn obey(&mut self, command: Command) -> Result<(), RunError> {
        // An asker who went away needs no answer.
        match command {
            Command::Change(body, reply) => drop(reply.send(self.post(&body)?)),
            Command::Silence { selector, until, by, comment, reply } => {
                let done = self.tell_desk(Act::Silence { selector, until, by, comment })?;
                let made = || self.desk.counter.outbox().newest_silence().map(shape::silence);
                let _ = reply.send(done.map(|()| made().unwrap_or_default()));
            }
            Command::Unsilence(id, reply) => {
                let _ = reply.send(self.tell_desk(Act::Unsilence(id))?.map(|()| Value::Null));
            }
            Command::Acknowledge { alert, by, unneeded, reply } => {
                let at = self.pipeline.engine.watermark();
                let done = if !unneeded {
                    self.tell_desk(Act::Acknowledge { alert: alert.clone(), by, at })?
                } else if self.desk.history.latest().contains_key(&alert) {
                    self.tell_desk(Act::Unneeded { alert: alert.clone(), by, at })?
                } else {
                    Err(Fault::Unknown(format!("there is no alert `{alert}`")))
                };
                let _ =
                    reply.send(done.map(|()| json!({ "alert": alert, "acknowledged": true, "unneeded": unneeded })));
            }
            Command::Changes(reply) => {
                let mut all: Vec<Value> = self.pipeline.engine.incidents().changes().map(shape::change).collect();
                all.reverse();
                let _ = reply.send(Ok(json!({ "changes": all })));
            }
            Command::Silences(reply) => {
                let all: Vec<Value> = self.desk.counter.outbox().silences().map(shape::silence).collect();
                let _ = reply.send(Ok(json!({ "silences": all })));
            }
            Command::Reload(read, reply) => drop(reply.send(self.reload(read)?)),
            Command::Alerts(state, reply) => drop(reply.send(Ok(self.alerts(state.as_deref())))),
            Command::Alert(id, reply) => drop(reply.send(self.alert(&id)?)),
            Command::Chart(id, reply) => drop(reply.send(self.chart(&id))),
            Command::Signals(selector, limit, reply) => drop(reply.send(Ok(self.signals(selector.as_ref(), limit)))),
        }
        Ok(())
    }

    /// Why nothing can be journalled now.
    pub(super) fn unable(&self) -> Option<Fault> {
        if let Some(why) = &self.why_not {
            return Some(Fault::Unable(format!("not ready: {why}")));
        }
        let playing = self.script.remaining();
        (0 < playing).then(|| Fault::Unable("not ready: the journal is played after a restart; ask again".to_owned()))
    }

    fn post(&mut self, body: &[u8]) -> Result<Answer, RunError> {
        if let Some(fault) = self.unable() {
            return Ok(Err(fault));
        }
        let changes = match wire::changes(body, self.present.now().0, &self.settings.plan.bounds) {
            Ok(changes) => changes,
            Err(words) => return Ok(Err(Fault::Wrong(words))),
        };
        let ids: Vec<String> = changes.iter().map(|change| change.id.clone()).collect();
        for change in changes {
            if let Err(words) = self.act(Act::Change(change))? {
                return Ok(Err(Fault::Unable(words)));
            }
        }
        Ok(Ok(json!({ "accepted": ids })))
    }

    fn tell_desk(&mut self, act: Act) -> Result<Result<(), Fault>, RunError> {
        if let Some(fault) = self.unable() {
            return Ok(Err(fault));
        }
        let done = self.act(act)?;
        let full = self.troubles.of(DISK).is_some();
        Ok(done.map_err(|words| if full { Fault::Unable(words) } else { Fault::Unknown(words) }))
    }

    fn alerts(&self, state: Option<&str>) -> Value {
        let wanted = |record: &&AlertRecord| match state {
            Some("firing") => record.state == State::Firing,
            Some(_) => record.state == State::Resolved,
            None => true,
        };
        let mut all: Vec<&AlertRecord> = self.desk.history.latest().values().filter(wanted).collect();
        all.sort_by(|a, b| (b.at, &b.id).cmp(&(a.at, &a.id)));
        json!({ "alerts": all })
    }

    fn alert(&self, id: &str) -> Result<Answer, RunError> {
        let records = self.desk.history.of(id)?;
        if records.is_empty() {
            return Ok(Err(Fault::Unknown(format!("there is no alert `{id}`"))));
        }
        let outbox = self.desk.counter.outbox();
        let decisions: Vec<Value> = outbox.explain(id).map(shape::decision).collect();
        let acknowledged = outbox.acknowledged(id).map(shape::ack);
        Ok(Ok(json!({ "id": id, "records": records, "delivery": decisions, "acknowledged": acknowledged })))
    }

    /// The picture that messages about an alert carry; what only the engine knows is drawn as it stands.
    fn chart(&self, id: &str) -> Result<Drawable, Fault> {
        let Some(record) = self.desk.history.latest().get(id) else {
            return Err(Fault::Unknown(format!("there is no alert `{id}`")));
        };
        let kept = self.desk.counter.outbox().album().get(id).cloned();
        let chart = kept.or_else(|| self.pipeline.engine.chart(record).map(Arc::new));
        let zone = self.settings.plan.calendar.zone.clone();
        let none = || Fault::Unknown(format!("alert `{id}` has no signal that is still known: nothing can be drawn"));
        chart.map(|chart| Drawable { chart, zone }).ok_or_else(none)
    }

    fn signals(&self, selector: Option<&Selector>, limit: usize) -> Value {
        let meant = self.pipeline.engine.watches();
        let mut meant = meant.filter(|watched| selector.is_none_or(|selector| selector.matches(watched.signal)));
        let listed: Vec<Value> = meant.by_ref().take(limit).map(|watched| shape::watched(&watched)).collect();
        json!({ "signals": listed, "more": meant.count() })
    }

    /// Puts up the status page and the metrics.
    pub(super) fn publish(&self) {
        let outbox = self.desk.counter.outbox();
        let receivers = outbox.status();
        drop(outbox);
        let failing = receivers.iter().filter(|receiver| receiver.tally.failing_since.is_some());
        let failing = failing.map(|r| (r.receiver.clone(), r.tally.last_error.clone().unwrap_or_default())).collect();
        let mark = Some(self.pipeline.engine.watermark()).filter(|&mark| Timestamp::MIN < mark);
        let partitions = self.partitions();
        let lag = partitions.iter().filter_map(|p| Some((p.end? - p.next).max(0))).sum();
        let tally = &self.pipeline.tally;
        let firing = self.desk.history.latest().values().filter(|record| record.state == State::Firing).count();
        let replaying = self.script.remaining();
        let playing = (0 < replaying).then(|| format!("{replaying} entries of the journal are played after a restart"));
        let why = self.why_not.clone().or(playing);
        self.shared.publish(Status {
            ready: why.is_none(),
            why,
            shadow: self.settings.receivers.is_empty(),
            replaying,
            watermark: mark.map(|mark| mark.to_string()),
            watermark_lag_seconds: mark.map(|mark| self.present.now().0.since(mark).as_secs_f64()),
            at_head: self.is_at_head(),
            lag,
            blind_spots: self.pipeline.gate.blind_spots().map(ToString::to_string).collect(),
            missing_topics: self.report.missing.clone(),
            signals: self.pipeline.engine.directory().len(),
            waiting: self.pipeline.engine.waiting(),
            records: tally.records.iter().map(|(topic, count)| (topic.to_string(), *count)).collect(),
            rejects: tally.rejects.iter().map(|(reason, count)| (reason.to_string(), *count)).collect(),
            dead_letters: self.dead_letters,
            late: tally.late,
            lost: tally.lost,
            firing,
            topic_pending: self.desk.outlet.as_ref().map_or(0, |outlet| outlet.pending().len()),
            receivers,
            failing,
            checkpoint: self.checkpoint.clone(),
            troubles: self.troubles.words(),
            partitions,
        });
        self.measure();
    }

    fn partitions(&self) -> Vec<PartitionStatus> {
        let ends = self.report.ends.as_ref().map(|ends| &ends.ends);
        let status = |(id, newest, standing): (&_, Option<Timestamp>, Standing)| {
            let next = self.pipeline.positions.get(id)?;
            let standing = match standing {
                Standing::Unread => "unread",
                Standing::Ended => "ended",
                Standing::Stalled => "stalled",
            };
            let end = ends.and_then(|ends| ends.get(id)).copied();
            let newest = newest.map(|at| at.to_string());
            Some(PartitionStatus { topic: id.topic.to_string(), partition: id.partition, next, end, newest, standing })
        };
        self.pipeline.gate.heads().filter_map(status).collect()
    }

    fn measure(&self) {
        let (metrics, status) = (&self.shared.metrics, self.shared.status());
        for (topic, &count) in &status.records {
            telemetry::set(&metrics.records.get_or_create(&ByTopic { topic: topic.clone() }), count);
        }
        for (reason, &count) in &status.rejects {
            telemetry::set(&metrics.rejects.get_or_create(&ByReason { reason: reason.clone() }), count);
        }
        let counts = self.pipeline.engine.counts();
        telemetry::set(&metrics.late, status.late);
        telemetry::set(&metrics.lost, status.lost);
        telemetry::set(&metrics.dead_letters, status.dead_letters);
        telemetry::set(&metrics.conflicts, counts.conflicts);
        telemetry::set(&metrics.signals_refused, counts.signals_refused);
        telemetry::set(&metrics.signals_forgotten, counts.signals_forgotten);
        telemetry::set(&metrics.templates_forgotten, counts.templates_forgotten);
        telemetry::set(&metrics.flows_refused, counts.flows_refused);
        telemetry::set(&metrics.alerts_dropped, counts.dropped.alerts);
        telemetry::set(&metrics.changes_forgotten, counts.dropped.changes);
        telemetry::set(&metrics.precursors_forgotten, counts.dropped.precursors);
        if let Some(lag) = status.watermark_lag_seconds {
            metrics.watermark_lag.set(lag);
        }
        for PartitionStatus { topic, partition, next, end, .. } in &status.partitions {
            let labels = ByPartition { topic: topic.clone(), partition: *partition };
            metrics.partition_lag.get_or_create(&labels).set(end.map_or(0, |end| (end - next).max(0)));
        }
        metrics.blind_spots.set(status.blind_spots.len() as i64);
        metrics.signals.set(status.signals as i64);
        metrics.waiting.set(status.waiting as i64);
        metrics.firing.set(status.firing as i64);
        metrics.topic_pending.set(status.topic_pending as i64);
        metrics.ready.set(i64::from(status.ready));
        self.measure_recording();
        for receiver in &status.receivers {
            let tally = &receiver.tally;
            let results = [
                ("delivered", tally.delivered),
                ("retried", tally.retried),
                ("refused", tally.refused),
                ("expired", tally.expired),
                ("dropped", tally.dropped),
            ];
            for (result, count) in results {
                let labels = ByDelivery { receiver: receiver.receiver.clone(), result: result.to_owned() };
                telemetry::set(&metrics.deliveries.get_or_create(&labels), count);
            }
        }
    }
}
