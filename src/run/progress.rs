//! How far a backlog was read, for one who looks on: a line on a terminal, nothing elsewhere.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::serve::Status;

/// Below so many unread records there is nothing to show.
const BACKLOG: i64 = 10_000;

/// The line, while there is a backlog.
#[derive(Debug, Default)]
pub(super) struct Progress {
    bar: Option<ProgressBar>,
}

impl Progress {
    /// Shows how things stand.
    pub(super) fn show(&mut self, status: &Status) {
        let read: u64 = status.records.values().sum();
        let unread = status.lag.max(0).unsigned_abs();
        match &self.bar {
            None if BACKLOG <= status.lag => self.bar = Some(begin(read)),
            Some(_) if unread == 0 => self.finish(),
            _ => {}
        }
        if let Some(bar) = &self.bar {
            bar.set_length(read + unread);
            bar.set_position(read);
            bar.set_message(status.watermark.clone().unwrap_or_default());
        }
    }

    /// The backlog is read, or it is over.
    pub(super) fn finish(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }

    #[cfg(test)]
    fn at(&self) -> Option<(u64, u64)> {
        self.bar.as_ref().map(|bar| (bar.position(), bar.length().unwrap_or_default()))
    }
}

/// The line goes to stderr, and nowhere if that is no terminal.
fn begin(read: u64) -> ProgressBar {
    let bar = ProgressBar::new(read).with_position(read);
    let words = "catching up: {bar:30} {human_pos} of {human_len} records, {per_sec}, {eta} left; judged up to {msg}";
    bar.set_style(ProgressStyle::with_template(words).unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.enable_steady_tick(Duration::from_millis(250));
    bar
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_there_while_there_is_a_backlog() {
        let status =
            |read: u64, lag: i64| Status { records: [("m".to_owned(), read)].into(), lag, ..Status::default() };
        let mut progress = Progress::default();
        let mut shown = |read, lag| {
            progress.show(&status(read, lag));
            progress.at()
        };
        assert_eq!(shown(0, 0), None);
        assert_eq!(shown(5, 9_999), None, "that is read at once");
        assert_eq!(shown(10, 50_000), Some((10, 50_010)));
        assert_eq!(shown(49_000, 1_010), Some((49_000, 50_010)));
        assert_eq!(shown(50_010, 0), None);
    }
}
