//! Metrics of the process itself, in the names that Prometheus users expect.

use std::sync::atomic::{AtomicU64, Ordering};

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

/// The label of a topic.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ByTopic {
    /// The topic.
    pub topic: String,
}

/// The label of a reason for a reject.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ByReason {
    /// The reason, of a closed set.
    pub reason: String,
}

/// The labels of an alert record.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ByAlert {
    /// The kind.
    pub kind: String,
    /// The urgency.
    pub urgency: String,
}

/// The labels of a delivery.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ByDelivery {
    /// The receiver's name.
    pub receiver: String,
    /// `delivered`, `retried`, `refused`, `expired` or `dropped`.
    pub result: String,
}

/// The labels of a partition.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ByPartition {
    /// The topic.
    pub topic: String,
    /// The number.
    pub partition: i32,
}

/// Floating-point gauges.
pub type Seconds = Gauge<f64, AtomicU64>;

/// All metrics of the process.
#[derive(Debug, Default)]
pub struct Metrics {
    registry: Registry,
    /// Records read.
    pub records: Family<ByTopic, Counter>,
    /// What could not be read.
    pub rejects: Family<ByReason, Counter>,
    /// Records later than the lateness allows.
    pub late: Counter,
    /// Records that were gone from the broker before they were read.
    pub lost: Counter,
    /// Messages kept as dead letters.
    pub dead_letters: Counter,
    /// Messages whose dead letter could not be written.
    pub dead_letters_failed: Counter,
    /// Equal signal and time with another value.
    pub conflicts: Counter,
    /// New signals refused at the bound.
    pub signals_refused: Counter,
    /// Signals forgotten after long silence.
    pub signals_forgotten: Counter,
    /// Log templates forgotten at the bound of their service.
    pub templates_forgotten: Counter,
    /// Flows in log lines that were not followed for want of room.
    pub flows_refused: Counter,
    /// Open alerts closed because too many were open.
    pub alerts_dropped: Counter,
    /// Changes forgotten because too many were remembered.
    pub changes_forgotten: Counter,
    /// Signals forgotten that might announce a broken objective.
    pub precursors_forgotten: Counter,
    /// Wall time less the watermark.
    pub watermark_lag: Seconds,
    /// Records between what was judged and the end.
    pub partition_lag: Family<ByPartition, Gauge>,
    /// Partitions that cannot be read.
    pub blind_spots: Gauge,
    /// Signals watched.
    pub signals: Gauge,
    /// Records read and not yet judged.
    pub waiting: Gauge,
    /// Records of alerts.
    pub alerts: Family<ByAlert, Counter>,
    /// Alerts that are firing.
    pub firing: Gauge,
    /// Alert records not yet confirmed by the alerts topic.
    pub topic_pending: Gauge,
    /// Deliveries.
    pub deliveries: Family<ByDelivery, Counter>,
    /// How long the last checkpoint took.
    pub checkpoint_seconds: Seconds,
    /// Its size.
    pub checkpoint_bytes: Gauge,
    /// Entries of the journal.
    pub journal_entries: Counter,
    /// 1 where it judges, 0 where it does not.
    pub ready: Gauge,
    /// 1 where the last reload of the configuration was good, 0 where the old one holds.
    pub reload_successful: Gauge,
    /// When the configuration in force was read, seconds since the epoch.
    pub reload_time: Seconds,
    /// Records written to the recording.
    pub recorded: Counter,
    /// The size of the recording.
    pub recording_bytes: Gauge,
    /// Files of the recording that went because of its bounds.
    pub recording_files_removed: Counter,
    /// How often the recording could not be written.
    pub recording_failures: Counter,
}

impl Metrics {
    /// Metrics under their names.
    pub fn new() -> Self {
        let mut metrics = Metrics { registry: Registry::with_prefix("forewarn"), ..Metrics::default() };
        metrics.register_input();
        metrics.register_output();
        metrics.register_recording();
        metrics
    }

    fn register_input(&mut self) {
        let to = &mut self.registry;
        to.register("records", "Records read", self.records.clone());
        to.register("rejects", "What could not be read, by reason", self.rejects.clone());
        to.register("late", "Records later than the lateness allows", self.late.clone());
        to.register("lost", "Records gone from the broker before they were read", self.lost.clone());
        to.register("dead_letters", "Messages kept as dead letters", self.dead_letters.clone());
        to.register("dead_letters_failed", "Dead letters that were not written", self.dead_letters_failed.clone());
        to.register("conflicts", "Equal signal and time with another value", self.conflicts.clone());
        to.register("signals_refused", "New signals refused at the bound", self.signals_refused.clone());
        to.register("signals_forgotten", "Signals forgotten after long silence", self.signals_forgotten.clone());
        to.register(
            "log_templates_forgotten",
            "Log templates forgotten at the bound",
            self.templates_forgotten.clone(),
        );
        to.register(
            "log_flows_refused",
            "Flows in log lines not followed for want of room",
            self.flows_refused.clone(),
        );
        to.register(
            "alerts_dropped",
            "Open alerts closed at the bound, least urgent first",
            self.alerts_dropped.clone(),
        );
        to.register("changes_forgotten", "Changes forgotten at the bound", self.changes_forgotten.clone());
        to.register(
            "precursors_forgotten",
            "Signals forgotten at the bound that might announce a broken objective",
            self.precursors_forgotten.clone(),
        );
        to.register("watermark_lag_seconds", "Wall time less the watermark", self.watermark_lag.clone());
        to.register("partition_lag_records", "Records between what was read and the end", self.partition_lag.clone());
        to.register("blind_spots", "Partitions that have records and cannot be read", self.blind_spots.clone());
        to.register("signals", "Signals watched", self.signals.clone());
        to.register("waiting_records", "Records read and not yet judged", self.waiting.clone());
    }

    fn register_output(&mut self) {
        let to = &mut self.registry;
        to.register("alerts", "Records of alerts", self.alerts.clone());
        to.register("alerts_firing", "Alerts that are firing", self.firing.clone());
        to.register(
            "alerts_topic_pending",
            "Alert records that the topic has not confirmed",
            self.topic_pending.clone(),
        );
        to.register("deliveries", "Messages to receivers, by result", self.deliveries.clone());
        to.register("checkpoint_seconds", "How long the last checkpoint took", self.checkpoint_seconds.clone());
        to.register("checkpoint_bytes", "Size of the last checkpoint", self.checkpoint_bytes.clone());
        to.register("journal_entries", "Entries written to the journal", self.journal_entries.clone());
        to.register("ready", "1 while it judges", self.ready.clone());
    }

    fn register_recording(&mut self) {
        let to = &mut self.registry;
        to.register(
            "config_last_reload_successful",
            "1 while the configuration last read is in force",
            self.reload_successful.clone(),
        );
        to.register(
            "config_last_reload_success_timestamp_seconds",
            "When the configuration in force was read",
            self.reload_time.clone(),
        );
        to.register("recorded_records", "Records written to the recording", self.recorded.clone());
        to.register("recording_bytes", "Size of the recording on disk", self.recording_bytes.clone());
        to.register(
            "recording_files_removed",
            "Files of the recording removed at its bounds",
            self.recording_files_removed.clone(),
        );
        to.register("recording_failures", "Failures to write the recording", self.recording_failures.clone());
    }

    /// The text that Prometheus reads.
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}

/// Sets a counter to a total that is counted elsewhere and never falls within a process.
pub fn set(counter: &Counter, total: u64) {
    counter.inner().store(total, Ordering::Relaxed);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_conventional() {
        let metrics = Metrics::new();
        set(&metrics.records.get_or_create(&ByTopic { topic: "metrics".into() }), 7);
        set(&metrics.late, 2);
        metrics.watermark_lag.set(1.5);
        let text = metrics.text();
        for line in [
            "forewarn_records_total{topic=\"metrics\"} 7",
            "forewarn_late_total 2",
            "forewarn_watermark_lag_seconds 1.5",
            "forewarn_signals 0",
            "# TYPE forewarn_late counter",
        ] {
            assert!(text.contains(line), "{line} is missing in\n{text}");
        }
    }
}
