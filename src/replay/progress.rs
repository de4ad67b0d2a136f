//! A progress bar on a terminal; nothing in a pipe.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use indicatif::{ProgressBar, ProgressStyle};

/// Shows how much of the files was read.
pub(super) struct Progress {
    bar: ProgressBar,
    counted: Arc<AtomicU64>,
}

impl Progress {
    /// `counted` tells how many of `bytes` were read. The bar goes to stderr, and nowhere if that is no terminal.
    pub(super) fn new(bytes: u64, counted: Arc<AtomicU64>) -> Self {
        let bar = ProgressBar::new(bytes);
        let style = ProgressStyle::with_template("{wide_bar} {bytes} of {total_bytes}, {eta} left");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Progress { bar, counted }
    }

    pub(super) fn show(&self) {
        self.bar.set_position(self.counted.load(Ordering::Relaxed));
    }

    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
