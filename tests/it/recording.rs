//! A recording replays to what was decided when it was made: whole, cut short by crashes, and with its oldest files gone.

use std::path::{Path, PathBuf};
use std::process::Command;

use forewarn::config::{self, Purpose, Recording, Settings};
use forewarn::engine::Output;
use forewarn::ingest::Received;
use forewarn::ingest::gate::PartitionId;
use forewarn::pipeline::{Pipeline, drain};
use forewarn::recording::Recorder;
use forewarn::signal::{Change, ChangeKind};
use forewarn::state::{Act, Checkpoint};
use forewarn::time::{Span, Timestamp};

const PROMISES: &str = r#"
[[objective]]
name    = "checkout is slow"
service = "checkout"
signal  = 'http_latency{service="checkout"}'
above   = 500
for     = "2m"

[[limit]]
signal = "disk_used_ratio"
above  = 0.95
"#;
const START: i64 = 1_790_000_000;
const STEPS: i64 = 1440;
/// Records of each partition judged at once.
const CHUNK: i64 = 16;

fn settings() -> Settings {
    config::parse(PROMISES, "forewarn.toml", Path::new(""), Purpose::Replay).unwrap().settings
}

/// The n-th record of a partition: a service that is slow twice, and a disk that fills; some bytes nobody can read.
fn payload(partition: i32, n: i64) -> String {
    let nanos = (START + n * 10) * 1_000_000_000;
    let noise = ((n * 7919 + i64::from(partition) * 31) % 101) as f64 / 101.0;
    match partition {
        0 if n % 400 == 399 => "\u{0}\u{1}nobody knows".to_owned(),
        0 => {
            let slow = if (600..690).contains(&n) || (1000..1060).contains(&n) { 800.0 } else { 0.0 };
            format!("http,service=checkout latency={} {nanos}", 100.0 + 20.0 * noise + slow)
        }
        _ => {
            let used = (0.5 + (n as f64 - 500.0).max(0.0) * 0.0006 + 0.002 * noise).min(1.0);
            format!("disk,host=db-1 used_ratio={used} {nanos}")
        }
    }
}

/// One who judges as `run` does, and records.
struct Judge {
    pipeline: Pipeline,
    recorder: Recorder,
    settings: Settings,
    out: Output,
    told: Vec<String>,
}

impl Judge {
    fn new(folder: &Path, file_size: u64, size: u64) -> Judge {
        let settings = settings();
        let bounds = Recording { size, file_size, age: Span::from_days(7) };
        Judge {
            pipeline: Pipeline::new(&settings),
            recorder: Recorder::open(folder, bounds).unwrap(),
            settings,
            out: Output::default(),
            told: Vec::new(),
        }
    }

    fn begin(&mut self) {
        if self.recorder.wants_state() {
            let mut state = Checkpoint::default();
            self.pipeline.save(&mut state);
            self.recorder.begin(&state.to_bytes());
        }
    }

    fn tell(&mut self) {
        self.told.extend(drain(&mut self.out).iter().map(|record| serde_json::to_string(record).unwrap()));
    }

    fn act(&mut self, act: Act) {
        self.begin();
        self.recorder.act(&act);
        self.pipeline.act(&act, &mut self.out);
        self.tell();
    }

    fn read(&mut self, partition: i32, from: i64) {
        self.begin();
        let id = PartitionId::new("metrics", partition);
        for offset in from..from + CHUNK {
            let payload = payload(partition, offset);
            let time = Some(Timestamp::from_secs(START + offset * 10));
            let message = Received { offset, time, key: Some(b"k"), payload: payload.as_bytes() };
            self.recorder.record(&id, message);
            self.pipeline.read(&id, message);
        }
        self.recorder.judged(&id, from + CHUNK);
        self.pipeline.judge(&id, from + CHUNK, &mut self.out);
        self.tell();
    }

    /// Judges steps, one partition ahead of the other by turns, with acts between.
    fn judge(&mut self, steps: std::ops::Range<i64>) {
        for from in steps.step_by(CHUNK as usize) {
            let order = if from % 3 == 0 { [0, 1] } else { [1, 0] };
            order.into_iter().for_each(|partition| self.read(partition, from));
            if from == 592 {
                let change = Change {
                    at: Timestamp::from_secs(START + 5995),
                    id: "c1".into(),
                    service: "checkout".into(),
                    kind: ChangeKind::Upgraded,
                    what: "checkout".into(),
                    version: Some("2".into()),
                };
                self.act(Act::Change(change));
            }
            if from % 160 == 0 && 0 < from {
                self.act(Act::Advance(Timestamp::from_secs(START + (from + CHUNK) * 10 - 3)));
            }
        }
    }
}

/// The lines of `replay --alerts`, and what it logged.
fn replayed(home: &Path, inputs: &[PathBuf]) -> (Vec<String>, String) {
    let (config, out) = (home.join("forewarn.toml"), home.join("out.jsonl"));
    std::fs::write(&config, PROMISES).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_forewarn"));
    let ended =
        command.arg("replay").args(inputs).arg("--config").arg(config).arg("--alerts").arg(&out).output().unwrap();
    let log = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert!(ended.status.success(), "{log}");
    (std::fs::read_to_string(out).unwrap().lines().map(str::to_owned).collect(), log)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn a_recording_replays_bit_for_bit() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("rec");
    let mut judge = Judge::new(&folder, 10_000, 1 << 30);
    for from in (0..STEPS).step_by(160) {
        judge.judge(from..from + 160);
        assert_eq!(judge.recorder.keep(), None);
    }
    let told = judge.told;
    assert!(3 <= told.len(), "the stream gives decisions: {told:#?}");
    assert_eq!(judge.recorder.finish(), None);
    assert!(2 <= files(&folder).len(), "it took several files: {:?}", files(&folder));
    let (replayed_lines, log) = replayed(home.path(), std::slice::from_ref(&folder));
    assert_eq!(replayed_lines, told);
    let (_, count) = log.split_once("forewarn").map_or((0, log.as_str()), |(_, rest)| (0, rest));
    assert!(count.contains(&format!("{} records", 2 * STEPS)) && count.contains("rejected"), "{log}");

    // Its last file alone: it knows what was learned before, and says the rest.
    let last = files(&folder).pop().unwrap();
    let (tail, _) = replayed(home.path(), &[last]);
    assert!(told.ends_with(&tail), "{tail:#?}");
}

#[test]
fn what_a_crash_takes_of_it_is_recorded_again() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("rec");
    let mut judge = Judge::new(&folder, 1 << 30, 1 << 40);
    judge.judge(0..640);
    judge.recorder.keep();
    let mut checkpoint = Checkpoint::default();
    judge.pipeline.save(&mut checkpoint);
    let before = judge.told.len();
    judge.judge(640..1024);
    let mut told = judge.told;
    assert!(before < told.len(), "something was said after the checkpoint");
    // Killed: nothing of the tail was written but some torn bytes.
    drop(judge.recorder);
    let first = files(&folder).pop().unwrap();
    let mut bytes = std::fs::read(&first).unwrap();
    bytes.extend_from_slice(&[0xFF, 0xFF, 0xFF, 0xFF, 64, 0, 0, 0, 1, 2, 3]);
    std::fs::write(&first, bytes).unwrap();

    let mut again = Judge::new(&folder, 1 << 30, 1 << 40);
    again.pipeline = Pipeline::restore(&again.settings, &checkpoint).0;
    again.judge(640..STEPS);
    told.truncate(before);
    told.extend(again.told);
    again.recorder.finish();
    let (replayed_lines, log) = replayed(home.path(), std::slice::from_ref(&folder));
    assert_eq!(replayed_lines, told, "each once, as it was told");
    assert!(log.contains("recording-00000001.arrow is torn: ") && log.contains("rows are good"), "{log}");
}

#[test]
fn the_oldest_files_go_and_the_rest_replays_alike() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("rec");
    let mut judge = Judge::new(&folder, 10_000, 60_000);
    for from in (0..STEPS).step_by(160) {
        judge.judge(from..from + 160);
        assert_eq!(judge.recorder.keep(), None);
    }
    let counts = judge.recorder.counts();
    assert!(0 < counts.removed, "{counts:?}");
    assert_eq!(counts.records, 2 * STEPS as u64);
    let told = judge.told;
    judge.recorder.finish();
    assert!(!files(&folder)[0].ends_with("recording-00000001.arrow"));
    let (tail, _) = replayed(home.path(), std::slice::from_ref(&folder));
    assert!(!tail.is_empty() && told.ends_with(&tail), "{} told, {} replayed", told.len(), tail.len());
}

#[test]
fn it_is_explained_and_misuse_is_named() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("rec");
    let mut judge = Judge::new(&folder, 1 << 30, 1 << 40);
    judge.judge(0..STEPS);
    judge.recorder.finish();
    let record: serde_json::Value = serde_json::from_str(&judge.told[0]).unwrap();
    let config = home.path().join("forewarn.toml");
    std::fs::write(&config, PROMISES).unwrap();
    let ask = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_forewarn"));
        let output = command.args(arguments).arg("--config").arg(&config).output().unwrap();
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        (output.status.code().unwrap_or(-1), format!("{out}{err}"))
    };
    let from = folder.to_str().unwrap();
    let (code, text) = ask(&["explain", record["id"].as_str().unwrap(), "--from", from]);
    assert!(code == 0 && text.contains("what was said, and to whom"), "{text}");
    assert!(text.contains(&format!("alert {}", record["id"].as_str().unwrap())), "{text}");
    let (code, text) = ask(&["explain", "--held", "disk_used_ratio", "--from", from]);
    assert!(code == 0 && text.contains("disk_used_ratio"), "{text}");

    let csv = home.path().join("x.csv");
    std::fs::write(&csv, "timestamp,value\n0,1\n").unwrap();
    let (code, text) = ask(&["replay", from, csv.to_str().unwrap()]);
    assert!(code == 2 && text.contains("other files cannot be read beside it"), "{text}");
    let other = home.path().join("other.arrow");
    std::fs::write(&other, "not arrow at all").unwrap();
    let (code, text) = ask(&["replay", other.to_str().unwrap()]);
    assert!(code == 1 && text.contains("no input could be read") && text.contains("other.arrow"), "{text}");
}
