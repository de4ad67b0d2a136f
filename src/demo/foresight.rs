//! Was it said before users felt it? Pure.

use serde::Serialize;

use crate::alert::{AlertRecord, Reason, State, Urgency};
use crate::signal::Selector;
use crate::simulate::Failure;
use crate::time::Span;

/// A failure, and the first word of it that came before users felt it.
#[derive(Clone, Debug, PartialEq)]
pub struct Foresight {
    /// What users felt.
    pub failure: Failure,
    /// The record that counts; none where nothing came before.
    pub warning: Option<AlertRecord>,
}

/// The line of a failure at the end.
#[derive(Serialize)]
struct Line<'a> {
    failure: &'a str,
    alert: Option<&'a str>,
    alert_at: Option<String>,
    impact_at: String,
    lead_seconds: Option<i64>,
}

impl Foresight {
    /// Looks for the first record that counts: see `counts`.
    pub fn of(failure: &Failure, records: &[AlertRecord]) -> Foresight {
        let warning = records.iter().filter(|record| counts(record, failure)).min_by_key(|record| record.at);
        Foresight { failure: failure.clone(), warning: warning.cloned() }
    }

    /// From the word to the impact.
    pub fn lead(&self) -> Option<Span> {
        Some(self.failure.impact_at.since(self.warning.as_ref()?.at))
    }

    /// The JSON object of INTERFACE "Commands".
    pub fn line(&self) -> String {
        let warning = self.warning.as_ref();
        let line = Line {
            failure: self.failure.fault.name(),
            alert: warning.map(|record| &*record.id),
            alert_at: warning.map(|record| record.at.to_string()),
            impact_at: self.failure.impact_at.to_string(),
            lead_seconds: self.lead().map(|lead| lead.nanos() / 1_000_000_000),
        };
        serde_json::to_string(&line).expect("text and numbers are JSON")
    }
}

/// Whether a record warns of a failure: it fires between the begin of the fault and the impact, concerns the faulty service
/// (as the alert's own or as that of one of its signals), and someone can act on it. That is so of a page and of a hold; a
/// line of the daily digest counts only where it names the breach to come or the change suspected. A repetition is no news
/// and never counts.
fn counts(record: &AlertRecord, failure: &Failure) -> bool {
    let in_time = failure.begins <= record.at && record.at < failure.impact_at;
    let news = record.state == State::Firing && record.reason != Reason::Repeated;
    let telling = Urgency::Hold <= record.urgency || record.breach.is_some() || !record.suspects.is_empty();
    in_time && news && telling && concerns(record, failure.service)
}

fn concerns(record: &AlertRecord, service: &str) -> bool {
    let of_service = |text: &str| {
        let signal = Selector::parse(text).ok().and_then(|selector| selector.to_signal());
        signal.is_some_and(|signal| signal.service() == Some(service))
    };
    record.service == service || record.signals.iter().any(|note| of_service(&note.signal))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::FaultKind;
    use crate::time::Timestamp;
    use serde_json::json;

    fn record(id: &str, at: &str, urgency: &str, change: serde_json::Value) -> AlertRecord {
        let mut all = json!({
            "id": id, "revision": 1, "state": "firing", "kind": "anomaly", "urgency": urgency, "at": at, "since": at,
            "service": "checkout", "summary": "", "signals": [], "breach": null, "suspects": [], "reason": "opened"
        });
        let fields = all.as_object_mut().unwrap();
        fields.extend(change.as_object().unwrap().clone());
        serde_json::from_value(all).unwrap()
    }

    #[test]
    fn the_first_word_that_someone_can_act_on_counts() {
        let at = |text| Timestamp::parse_rfc3339(text).unwrap();
        let failure = Failure {
            fault: FaultKind::DiskFills,
            service: "orders-db",
            begins: at("2026-01-07T02:00:00Z"),
            impact_at: at("2026-01-07T08:00:00Z"),
        };
        let (early, soon, felt) = ("2026-01-07T01:00:00Z", "2026-01-07T05:00:00Z", "2026-01-07T08:00:00Z");
        let signal = json!({ "signals": [{
            "signal": "disk_used_ratio{host=\"db-1\",service=\"orders-db\"}", "value": 0.9, "expected_low": null,
            "expected_high": null, "score": 0.9, "unit": null
        }] });
        let of_db = json!({ "service": "orders-db" });
        let suspected = json!({ "service": "orders-db",
            "suspects": [{ "change": "c", "what": "deploy", "at": early, "confidence": 0.5 }] });
        // (records, the one that counts)
        let table: Vec<(Vec<AlertRecord>, Option<&str>)> = vec![
            (vec![], None),
            (vec![record("elsewhere", soon, "page", json!({}))], None),
            (vec![record("before", early, "page", of_db.clone())], None),
            (vec![record("after", felt, "page", of_db.clone())], None),
            (vec![record("digest", soon, "digest", of_db.clone())], None),
            (vec![record("suspected", soon, "digest", suspected)], Some("suspected")),
            (vec![record("repeated", soon, "page", json!({ "service": "orders-db", "reason": "repeated" }))], None),
            (vec![record("over", soon, "page", json!({ "service": "orders-db", "state": "resolved" }))], None),
            (
                vec![record("by-signal", soon, "page", signal.clone()), record("hold", soon, "hold", of_db)],
                Some("by-signal"),
            ),
        ];
        for (records, expected) in table {
            let got = Foresight::of(&failure, &records);
            assert_eq!(got.warning.as_ref().map(|record| &*record.id), expected, "{records:?}");
        }
        let foreseen = Foresight::of(&failure, &[record("a", soon, "page", signal)]);
        let missed = Foresight::of(&failure, &[]);
        expect_test::expect![[r#"
            {"failure":"disk fills","alert":"a","alert_at":"2026-01-07T05:00:00Z","impact_at":"2026-01-07T08:00:00Z","lead_seconds":10800}
            {"failure":"disk fills","alert":null,"alert_at":null,"impact_at":"2026-01-07T08:00:00Z","lead_seconds":null}
        "#]]
        .assert_eq(&format!("{}\n{}\n", foreseen.line(), missed.line()));
    }
}
