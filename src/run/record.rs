//! What is read and what acts, written down beside the judging.

use super::live::Live;
use super::{Options, RunError};
use crate::config::Settings;
use crate::recording::Recorder;
use crate::state::Checkpoint;
use crate::telemetry;

/// The recorder, where one was asked for.
pub(super) fn open(options: &Options, settings: &Settings) -> Result<Option<Recorder>, RunError> {
    let Some(folder) = &options.record else { return Ok(None) };
    let opened = Recorder::open(folder, settings.record);
    let recorder = opened.map_err(|source| RunError::Record { path: folder.clone(), source })?;
    tracing::info!(folder = %folder.display(), "recording");
    Ok(Some(recorder))
}

impl Live {
    /// Where a file of the recording begins with what comes next, its begin is this moment's state.
    pub(super) fn begin_recording(&mut self) {
        if let Some(recorder) = &mut self.recorder
            && recorder.wants_state()
        {
            let mut state = Checkpoint::default();
            self.pipeline.save(&mut state);
            recorder.begin(&state.to_bytes());
        }
    }

    /// Before a checkpoint: what lies before it is not read again, and so must be durable.
    pub(super) fn keep_recording(&mut self) {
        let Some(recorder) = &mut self.recorder else { return };
        match recorder.keep() {
            Some(words) => self.troubles.is("recording", words),
            None => self.troubles.over("recording"),
        }
    }

    /// At the end.
    pub(super) fn end_recording(&mut self) {
        if let Some(words) = self.recorder.take().and_then(Recorder::finish) {
            tracing::warn!("{words}");
        }
    }

    /// What the metrics say of it.
    pub(super) fn measure_recording(&self) {
        let Some(recorder) = &self.recorder else { return };
        let (metrics, counts) = (&self.shared.metrics, recorder.counts());
        telemetry::set(&metrics.recorded, counts.records);
        telemetry::set(&metrics.recording_files_removed, counts.removed);
        telemetry::set(&metrics.recording_failures, counts.failures);
        metrics.recording_bytes.set(counts.bytes as i64);
    }
}
