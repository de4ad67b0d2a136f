//! The stories of `fixtures/` that are told in log lines: decisions and lead times are compared with the golden ones beside
//! them. Whatever the golden file says: what hurts is told before, and a quiet story disturbs nobody.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use expect_test::expect_file;
use forewarn::alert::{AlertRecord, Reason, State, Urgency};
use forewarn::config::{self, Purpose};
use forewarn::finding::Kind;
use forewarn::replay::{ReplayArgs, replay};
use forewarn::simulate::{LineStory, LineTruth, tell_lines};
use forewarn::time::Timestamp;

fn judge(story: LineStory) -> (Vec<AlertRecord>, LineTruth) {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    let start = Timestamp::parse_rfc3339("2026-03-02T00:00:00Z").unwrap();
    let mut logs = BufWriter::new(File::create(path("logs.jsonl")).unwrap());
    let mut changes = File::create(path("changes.jsonl")).unwrap();
    let truth = tell_lines(story, 1, start, &mut logs, &mut changes).unwrap();
    drop(logs);
    let mut settings = config::load_for(&fixtures.join("forewarn.toml"), Purpose::Replay).unwrap().settings;
    if story == LineStory::SlowCreep {
        let text = fixtures.join(story.name()).join("forewarn.toml");
        settings = config::load_for(&text, Purpose::Replay).unwrap().settings;
    }
    let args = ReplayArgs {
        inputs: vec![path("logs.jsonl"), path("changes.jsonl")],
        alerts: Some(path("alerts.out")),
        ..ReplayArgs::default()
    };
    replay(&args, &settings).unwrap();
    let text = std::fs::read_to_string(path("alerts.out")).unwrap();
    let alerts: Vec<AlertRecord> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mut shown = String::new();
    for alert in &alerts {
        let minutes = alert.at.since(truth.begins).nanos() / 60_000_000_000;
        let AlertRecord { kind, urgency, reason, summary, suspects, .. } = alert;
        let suspects: Vec<&str> = suspects.iter().map(|suspect| suspect.change.as_str()).collect();
        shown += &format!("{minutes} min {kind:?} {urgency:?} {reason:?} {suspects:?}: {summary}\n");
    }
    if let Some(impact) = truth.impact {
        let lead = alerts.iter().find(|alert| truth.begins <= alert.at).map(|alert| impact.since(alert.at));
        shown += &format!("lead time: {}\n", lead.map_or("none".to_owned(), |lead| lead.to_string()));
    }
    expect_file![fixtures.join(story.name()).join("golden.txt")].assert_eq(&shown);
    (alerts, truth)
}

/// What is told from the first sign on and before it hurts.
fn told(story: LineStory, kind: Kind) -> AlertRecord {
    let (alerts, truth) = judge(story);
    let fits = |alert: &&AlertRecord| {
        let in_time = truth.begins <= alert.at && truth.impact.is_none_or(|impact| alert.at < impact);
        alert.state == State::Firing && in_time && alert.kind == kind
    };
    alerts
        .iter()
        .find(fits)
        .cloned()
        .unwrap_or_else(|| panic!("{}: nothing was said in time: {alerts:#?}", story.name()))
}

fn quiet(story: LineStory) {
    let (alerts, _) = judge(story);
    let disturbs = |alert: &&AlertRecord| {
        alert.state == State::Firing && alert.reason != Reason::Repeated && Urgency::Hold <= alert.urgency
    };
    assert_eq!(alerts.iter().filter(disturbs).count(), 0, "{}: {alerts:#?}", story.name());
    assert!(!alerts.iter().any(|alert| alert.kind == Kind::Log), "{}: {alerts:#?}", story.name());
}

#[test]
fn a_retry_storm_is_told_before_payments_fail() {
    let (alerts, truth) = judge(LineStory::RetryStorm);
    let tells = |alert: &&AlertRecord| {
        let of_line = alert.signals.iter().any(|note| note.signal.starts_with("log_template_rate"));
        of_line && truth.begins <= alert.at && alert.at < truth.impact.unwrap()
    };
    let alert = alerts.iter().find(tells).unwrap_or_else(|| panic!("nothing was said in time: {alerts:#?}"));
    assert!(format!("{alert:?}").contains("gateway timeout, retry <num>/<num>"), "{alert:#?}");
}

#[test]
fn a_certificate_that_says_when_it_ends_is_a_forecast() {
    let alert = told(LineStory::CredentialExpiry, Kind::Forecast);
    let breach = alert.breach.unwrap();
    let days = breach.likely.since(alert.at).as_secs_f64() / 86_400.0;
    assert!((11.9..12.1).contains(&days), "{days}");
}

#[test]
fn a_heartbeat_that_stops_is_missed_in_minutes() {
    let alert = told(LineStory::HeartbeatStops, Kind::Log);
    assert!(alert.summary.contains("has stopped"), "{}", alert.summary);
    assert!(alert.at.since(alert.since).as_secs_f64() < 600.0);
}

#[test]
fn a_new_exception_is_tied_to_the_deploy_that_brought_it() {
    let alert = told(LineStory::NewException, Kind::Log);
    assert_eq!(alert.suspects[0].change, "deploy-7");
    assert!(alert.summary.contains("java.lang.NullPointerException at shop.pay.Basket.total"), "{}", alert.summary);
}

#[test]
fn requests_that_take_longer_in_the_log_are_a_forecast() {
    told(LineStory::SlowCreep, Kind::Forecast);
}

#[test]
fn debug_logging_disturbs_nobody() {
    quiet(LineStory::QuietDebug);
}

#[test]
fn a_rolling_restart_disturbs_nobody() {
    quiet(LineStory::QuietRestart);
}

#[test]
fn a_harmless_new_line_disturbs_nobody() {
    quiet(LineStory::QuietNewLine);
}

#[test]
fn files_that_rotate_disturb_nobody() {
    quiet(LineStory::QuietMidnight);
}

#[test]
fn a_peak_of_traffic_disturbs_nobody() {
    quiet(LineStory::QuietPeak);
}

/// A text log: a line a minute, and a kind of error that comes six times in the minutes after each of these hours.
fn log_with_errors_at(hours: &[i64], days: i64) -> Vec<AlertRecord> {
    let dir = tempfile::tempdir().unwrap();
    let mut text = String::new();
    let start = Timestamp::parse_rfc3339("2026-03-02T00:00:00Z").unwrap();
    for minute in 0..days * 1440 {
        let at = Timestamp::from_nanos(start.nanos() + minute * 60_000_000_000);
        text += &format!("{at} INFO served {} requests from 10.0.{}.{}\n", 40 + minute % 9, minute % 7, minute % 200);
        if hours.iter().any(|hour| (0..6).contains(&(minute - 60 * hour))) {
            text += &format!("{at} ERROR cannot lock ledger {}\n", minute * 31);
        }
    }
    let (log, out) = (dir.path().join("ledger.log"), dir.path().join("alerts.out"));
    std::fs::write(&log, text).unwrap();
    let settings = config::parse("", "f", Path::new(""), Purpose::Replay).unwrap().settings;
    let args = ReplayArgs { inputs: vec![log], alerts: Some(out.clone()), ..ReplayArgs::default() };
    replay(&args, &settings).unwrap();
    let told = std::fs::read_to_string(out).unwrap();
    told.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn an_error_that_returns_after_long_silence_is_news_again_and_one_that_was_not_away_is_not() {
    // Where the service's share of errors speaks first, the line joins it.
    let tells = |alerts: &[AlertRecord], words: &str| {
        alerts.iter().flat_map(|alert| &alert.signals).any(|signal| signal.words.starts_with(words))
    };
    let returned = log_with_errors_at(&[30, 30 + 24 * 8], 10);
    assert!(tells(&returned, "was never seen before"), "{returned:#?}");
    assert!(tells(&returned, "was not seen for 8 days"), "{returned:#?}");
    let usual = log_with_errors_at(&[30, 54, 78, 102, 126, 150, 174, 198, 222], 10);
    assert!(!tells(&usual, "was not seen for"), "{usual:#?}");
}
