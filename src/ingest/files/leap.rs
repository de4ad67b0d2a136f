//! Leaps of a file's clock: a record that lies far after all before it is held back until a later one confirms it.
//!
//! A file has no broker whose time could show that a record is absurd. So a record more than a day after the highest time
//! so far, and the first record of a file too, is believed only once a later record agrees: one of another time, that leaps
//! as well and lies no more than a day before it. If the file goes on without it instead (a later record moves the highest time on as usual), it
//! is a reject. Records of one and the same time, as one writer's wrong clock gives them, confirm each other only where the
//! file ends with them. Kafka never pays for this.

use crate::engine::{Batch, Sample};
use crate::signal::{Reject, RejectReason};
use crate::time::{Span, Timestamp};

/// A record further than this after the highest time so far must be confirmed.
pub const LEAP: Span = Span::from_days(1);

/// So many rows that wait for a record to confirm them are settled without it.
const HELD_ROWS: usize = 1000;

/// The leaps of one file.
#[derive(Debug, Default)]
pub struct Leap {
    highest: Option<Timestamp>,
    held: Vec<Sample>,
    held_rows: usize,
}

impl Leap {
    /// The highest time believed so far.
    pub fn highest(&self) -> Option<Timestamp> {
        self.highest
    }

    /// Takes the next samples of the file: those that must be confirmed stay back, those now confirmed come out in their
    /// order, those refuted become rejects, one to a row.
    pub fn pass(&mut self, batch: &mut Batch) {
        if self.is_ordinary(&batch.samples) {
            return;
        }
        let given = std::mem::take(&mut batch.samples);
        batch.samples.reserve(given.len());
        for sample in given {
            self.take(sample, batch);
        }
    }

    /// The file is at its end: what still waits is settled.
    ///
    /// Where nothing was believed yet, the earliest record is, with those up to a day after it. Else a time that at least
    /// two rows tell is believed, and the rest is not.
    pub fn end(&mut self, batch: &mut Batch) {
        let held = std::mem::take(&mut self.held);
        self.held_rows = 0;
        if self.highest.is_none() {
            self.highest = held.iter().map(|sample| sample.at).min();
        }
        let confirmed = |sample: &Sample| held.iter().any(|other| other.at == sample.at && other.row != sample.row);
        let confirmed: Vec<bool> = held.iter().map(|sample| self.fits(sample.at) || confirmed(sample)).collect();
        for (sample, confirmed) in held.into_iter().zip(confirmed) {
            if confirmed { self.believe(sample, batch) } else { self.refute(&sample, batch) }
        }
    }

    /// Whether all samples follow on what was believed; then they need no second look.
    fn is_ordinary(&mut self, samples: &[Sample]) -> bool {
        let Some(mut highest) = self.highest.filter(|_| self.held.is_empty()) else { return samples.is_empty() };
        for sample in samples {
            if highest + LEAP < sample.at {
                return false;
            }
            highest = highest.max(sample.at);
        }
        self.highest = Some(highest);
        true
    }

    fn take(&mut self, sample: Sample, batch: &mut Batch) {
        if !self.fits(sample.at) {
            self.confirm(sample.at, batch);
        }
        if !self.fits(sample.at) {
            return self.hold(sample, batch);
        }
        if self.highest < Some(sample.at) {
            for held in std::mem::take(&mut self.held) {
                self.refute(&held, batch);
            }
            self.held_rows = 0;
        }
        self.believe(sample, batch);
    }

    fn fits(&self, at: Timestamp) -> bool {
        self.highest.is_some_and(|highest| at <= highest + LEAP)
    }

    /// A record leaps to `at`: what waited for such a one is believed, and what fits that.
    fn confirm(&mut self, at: Timestamp, batch: &mut Batch) {
        let (confirmed, waiting): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.held).into_iter().partition(|held| held.at != at && held.at <= at + LEAP);
        if confirmed.is_empty() {
            self.held = waiting;
            return;
        }
        self.held_rows = 0;
        confirmed.into_iter().for_each(|sample| self.believe(sample, batch));
        for sample in waiting {
            if self.fits(sample.at) { self.believe(sample, batch) } else { self.hold(sample, batch) }
        }
    }

    fn hold(&mut self, sample: Sample, batch: &mut Batch) {
        let new_row = self.held.last().is_none_or(|last| last.row != sample.row);
        self.held_rows += usize::from(new_row);
        if HELD_ROWS < self.held_rows {
            self.end(batch);
            return self.take(sample, batch);
        }
        self.held.push(sample);
    }

    fn believe(&mut self, sample: Sample, batch: &mut Batch) {
        self.highest = self.highest.max(Some(sample.at));
        batch.samples.push(sample);
    }

    fn refute(&self, sample: &Sample, batch: &mut Batch) {
        if batch
            .rejects
            .last()
            .is_some_and(|(row, reject)| *row == sample.row && reject.reason == RejectReason::AbsurdTime)
        {
            return;
        }
        let before = self.highest.unwrap_or(sample.at);
        let detail = format!(
            "the time {} leaps {} beyond {before}, and no later record confirms it",
            sample.at,
            sample.at.since(before)
        );
        batch.rejects.push((sample.row, Reject::new(RejectReason::AbsurdTime, detail)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::SeriesIx;
    use crate::signal::Reading;
    use proptest::prelude::*;

    const HOUR: i64 = 3600;
    const DAY: i64 = 24 * HOUR;

    /// The rows that came out and those that were rejected, of rows with these times in seconds; fed `chunk` at a time.
    fn run(times: &[i64], chunk: usize) -> (Vec<u64>, Vec<u64>) {
        let mut leap = Leap::default();
        let (mut out, mut rejected) = (Vec::new(), Vec::new());
        let mut drain = |batch: &Batch| {
            out.extend(batch.samples.iter().map(|sample| sample.row));
            rejected.extend(batch.rejects.iter().map(|(row, _)| *row));
        };
        let rows: Vec<(u64, i64)> = (0..).zip(times.iter().copied()).collect();
        for rows in rows.chunks(chunk) {
            let mut batch = Batch::default();
            for &(row, secs) in rows {
                let at = Timestamp::from_secs(secs);
                // Two columns to a row: a row never confirms itself.
                for series in 0..2 {
                    batch.samples.push(Sample { series: SeriesIx(series), at, reading: Reading::Gauge(0.0), row });
                }
            }
            leap.pass(&mut batch);
            drain(&batch);
        }
        let mut batch = Batch::default();
        leap.end(&mut batch);
        drain(&batch);
        out.dedup();
        (out, rejected)
    }

    /// A name, the rows' times, the rows that come out, the rows that are rejected.
    type Case = (&'static str, &'static [i64], &'static [u64], &'static [u64]);

    #[test]
    fn a_leap_is_believed_once_confirmed() {
        let table: [Case; 13] = [
            ("one record", &[5 * DAY], &[0], &[]),
            ("steady", &[0, 60, 120], &[0, 1, 2], &[]),
            ("daily", &[0, DAY, 2 * DAY], &[0, 1, 2], &[]),
            ("weekly, the last is not confirmed", &[0, 7 * DAY, 14 * DAY, 21 * DAY], &[0, 1, 2], &[3]),
            ("weekly, the last told twice", &[0, 7 * DAY, 14 * DAY, 14 * DAY], &[0, 1, 2, 3], &[]),
            ("a gap of a week", &[0, 60, 7 * DAY, 7 * DAY + 60], &[0, 1, 2, 3], &[]),
            ("a gap with stragglers", &[0, 60, 7 * DAY, 30, 7 * DAY + 60], &[0, 1, 3, 2, 4], &[]),
            ("a future record", &[0, 60, 900 * DAY, 120, 180], &[0, 1, 3, 4], &[2]),
            ("scattered ones", &[0, 60, 900 * DAY, 120, 900 * DAY + 1, 180], &[0, 1, 3, 5], &[2, 4]),
            ("one that the file walks up to", &[0, 3 * DAY, HOUR, DAY, 2 * DAY, 3 * DAY], &[0, 2, 3, 4, 5], &[1]),
            ("the first is wrong", &[900 * DAY, 0, 60, 120], &[1, 2, 3], &[0]),
            ("the first is in the distant past", &[-9000 * DAY, 0, 60], &[0, 1, 2], &[]),
            ("the last leaps", &[0, 60, 2 * DAY], &[0, 1], &[2]),
        ];
        for (name, times, out, rejected) in table {
            for chunk in 1..=times.len() {
                assert_eq!(run(times, chunk), (out.to_vec(), rejected.to_vec()), "{name}, {chunk} at a time");
            }
        }
    }

    #[test]
    fn many_rows_of_one_time_are_bounded_and_believed() {
        let times = [vec![0], vec![60], vec![9 * DAY; 5000]].concat();
        let (out, rejected) = run(&times, 700);
        assert_eq!((out.len(), rejected.len()), (5002, 0));
    }

    proptest! {
        #[test]
        fn every_row_comes_out_or_is_rejected(times in prop::collection::vec(-5i64..5, 0..40), chunk in 1usize..9) {
            let times: Vec<i64> = times.iter().map(|t| t * 20 * HOUR).collect();
            let (mut out, rejected) = run(&times, chunk);
            prop_assert_eq!(&(out.clone(), rejected.clone()), &run(&times, 1));
            out.extend(rejected);
            out.sort_unstable();
            prop_assert_eq!(out, (0..times.len() as u64).collect::<Vec<_>>());
        }
    }
}
