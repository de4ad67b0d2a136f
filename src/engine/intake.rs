//! The decoder's counterpart: finds or founds the series of each reading, within the bounds.

use super::batch::{Batch, Sample};
use super::directory::Directory;
use crate::plan::Plan;
use crate::signal::template;
use crate::signal::{Change, Fingerprint, Level, Line, Reading, Reject, RejectReason, Signal, Sink, Text, fold};
use crate::time::Timestamp;

/// A [`Sink`] that fills a [`Batch`] for one partition.
#[derive(Debug)]
pub struct Intake<'a> {
    directory: &'a mut Directory,
    plan: &'a Plan,
    batch: &'a mut Batch,
    /// The row given to what comes next; the caller moves it.
    pub row: u64,
}

impl<'a> Intake<'a> {
    pub(super) fn new(directory: &'a mut Directory, plan: &'a Plan, batch: &'a mut Batch) -> Self {
        Intake { directory, plan, batch, row: 0 }
    }

    fn count_line(&mut self, name: &'static str, service: &str, level: Option<Level>, at: Timestamp, reading: Reading) {
        let print =
            Fingerprint::new(LINES, service.as_bytes()).and(name.as_bytes()).and(&[level.map_or(255, |l| l as u8)]);
        let identity = || {
            let level = level.map(|level| ("level", level.as_str()));
            Signal::new(name, [("service", service)].into_iter().chain(level))
        };
        self.sample(print, identity, at, reading);
    }
}

impl Intake<'_> {
    /// What a line says, a stack trace in one line, as much as is looked at.
    fn text(&self, line: Line<'_>) -> Text {
        let folded = fold(&line.body);
        let body = folded.as_ref().map_or(&*line.body, |folded| &folded.line);
        let body = template::cut(body.as_bytes(), self.plan.bounds.log_line_bytes);
        let exception = folded.as_ref().map(|folded| folded.exception.as_str().into());
        Text { level: line.level, body: String::from_utf8_lossy(&body).into(), exception, fields: line.fields }
    }
}

/// The format number of series that are counted from log lines.
const LINES: u64 = 0x6C6F_6773;

impl Sink for Intake<'_> {
    fn sample(&mut self, print: Fingerprint, identity: impl FnOnce() -> Signal, at: Timestamp, reading: Reading) {
        if let Reading::Gauge(value) | Reading::Total { value, .. } | Reading::Delta { value, .. } = &reading
            && !value.is_finite()
        {
            let detail = format!("{value} is not a finite number");
            return self.reject(Reject::new(RejectReason::NotFinite, detail));
        }
        match self.directory.find_or_found(print, identity, self.plan) {
            Ok(None) => {}
            Ok(Some(series)) => self.batch.samples.push(Sample { series, at, reading, row: self.row }),
            Err(reject) => self.reject(reject),
        }
    }

    fn line(&mut self, mut line: Line<'_>) {
        let service = line.service.take().unwrap_or("unknown".into());
        let at = line.at;
        self.count_line("log_lines_rate", &service, Some(line.level), at, Reading::Lines(1));
        let hits = u32::from(line.level.is_error());
        self.count_line("log_error_ratio", &service, None, at, Reading::Share { hits, of: 1 });
        let text = self.text(line);
        self.count_line("log_text", &service, None, at, Reading::Text(Box::new(text)));
    }

    fn change(&mut self, change: Change) {
        self.batch.changes.push(change);
    }

    fn reject(&mut self, reject: Reject) {
        self.batch.rejects.push((self.row, reject));
    }
}
