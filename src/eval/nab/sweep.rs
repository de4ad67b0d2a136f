//! NAB's scores at every threshold.

use super::corpus::File;

/// The weights of a profile.
#[derive(Debug)]
pub(super) struct Profile {
    hit: f64,
    miss: f64,
    false_alarm: f64,
}

/// Standard, reward low false positives, reward low false negatives.
pub(super) const PROFILES: [Profile; 3] = [
    Profile { hit: 1.0, miss: 1.0, false_alarm: 0.11 },
    Profile { hit: 1.0, miss: 1.0, false_alarm: 0.22 },
    Profile { hit: 1.0, miss: 2.0, false_alarm: 0.11 },
];

/// The best threshold and its score.
#[derive(Debug)]
pub(super) struct Best {
    pub(super) threshold: f64,
    #[cfg_attr(not(test), expect(dead_code, reason = "the tests compare it with the sum over files"))]
    pub(super) score: f64,
}

/// A row that counts.
struct Row {
    score: f64,
    gain: f64,
    /// The window, numbered over all files; none outside.
    window: Option<usize>,
}

/// Tries every threshold on these files.
pub(super) fn best(files: &[File], scores: &[&[f64]], of: &[usize], profile: &Profile) -> Best {
    let mut rows = Vec::new();
    let mut windows = 0;
    for &at in of {
        let file = &files[at];
        for (row, &score) in scores[at].iter().enumerate().skip(file.probation) {
            rows.push(Row { score, gain: file.gains[row], window: file.window_of[row].map(|window| windows + window) });
        }
        windows += file.windows.len();
    }
    rows.sort_by(|a, b| b.score.total_cmp(&a.score));
    let mut got = vec![-profile.miss; windows];
    let silent: f64 = part_sum(files, of, profile);
    let mut total = silent;
    let mut best = (f64::NEG_INFINITY, f64::INFINITY);
    for (at, row) in rows.iter().enumerate() {
        total += match row.window {
            None => row.gain * profile.false_alarm,
            Some(window) => {
                let before = got[window];
                got[window] = before.max(row.gain * profile.hit);
                got[window] - before
            }
        };
        let is_last = rows.get(at + 1).is_none_or(|next| next.score != row.score);
        if is_last && best.0 < total {
            best = (total, row.score);
        }
    }
    if best.0 <= silent {
        let above = rows.first().map_or(1.0, |row| row.score + 1.0);
        best = (silent, above);
    }
    let perfect = profile.hit * windows as f64;
    Best { threshold: best.1, score: 100.0 * (best.0 - silent) / (perfect - silent) }
}

/// What silence costs: every window that is not wholly in probation is missed.
fn part_sum(files: &[File], of: &[usize], profile: &Profile) -> f64 {
    -profile.miss * of.iter().map(|&at| counted(&files[at])).sum::<usize>() as f64
}

fn counted(file: &File) -> usize {
    file.windows.iter().filter(|(_, last)| file.probation <= *last).count()
}

/// What one file adds at a threshold.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    sum: f64,
    counted: usize,
    windows: usize,
}

/// The sum of a file's gains at a threshold.
pub(super) fn part(file: &File, scores: &[f64], profile: &Profile, threshold: f64) -> Part {
    let mut got = vec![-profile.miss; file.windows.len()];
    let mut sum = 0.0;
    for (row, _) in scores.iter().enumerate().skip(file.probation).filter(|(_, score)| threshold <= **score) {
        match file.window_of[row] {
            None => sum += file.gains[row] * profile.false_alarm,
            Some(window) => got[window] = f64::max(got[window], file.gains[row] * profile.hit),
        }
    }
    for (&(_, last), got) in file.windows.iter().zip(got) {
        if file.probation <= last {
            sum += got;
        }
    }
    Part { sum, counted: counted(file), windows: file.windows.len() }
}

/// The sums of files as a score from 0 (silence) to 100; none where there is no window.
pub(super) fn scaled(parts: impl Iterator<Item = Part>, profile: &Profile) -> Option<f64> {
    let (mut sum, mut counted, mut windows) = (0.0, 0, 0);
    for part in parts {
        sum += part.sum;
        counted += part.counted;
        windows += part.windows;
    }
    let silent = -profile.miss * counted as f64;
    let perfect = profile.hit * windows as f64;
    (0 < windows).then(|| 100.0 * (sum - silent) / (perfect - silent))
}

/// The score of these files at a threshold chosen elsewhere.
pub(super) fn at(files: &[File], scores: &[&[f64]], of: &[usize], profile: &Profile, threshold: f64) -> Option<f64> {
    scaled(of.iter().map(|&at| part(&files[at], scores[at], profile, threshold)), profile)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Timestamp;
    use proptest::prelude::*;

    /// A hundred rows, a window at 40 to 49.
    fn file() -> File {
        let times: Vec<Timestamp> = (0..100).map(|row| Timestamp::from_secs(60 * row)).collect();
        File::new(&times, &[(times[40], times[49])])
    }

    fn scores(high: &[(usize, f64)]) -> Vec<f64> {
        let mut scores = vec![0.0; 100];
        high.iter().for_each(|&(row, score)| scores[row] = score);
        scores
    }

    fn all(high: &[(usize, f64)]) -> [f64; 3] {
        let (files, scores) = ([file()], scores(high));
        PROFILES.each_ref().map(|profile| best(&files, &[&scores], &[0], profile).score)
    }

    #[test]
    fn scores_by_hand() {
        let near = |have: [f64; 3], want: [f64; 3]| {
            assert!(have.iter().zip(want).all(|(have, want)| (have - want).abs() < 1e-9), "{have:?} is not {want:?}");
        };
        near(all(&[]), [0.0; 3]);
        near(all(&[(40, 0.9)]), [100.0; 3]);
        // A false alarm before the window that no threshold avoids costs its whole weight: (1 - 0.11 + 1) / 2 and so on.
        near(all(&[(40, 0.9), (30, 0.95)]), [94.5, 89.0, 100.0 * 2.89 / 3.0]);
        // One that a threshold avoids costs nothing; neither does one in probation.
        near(all(&[(40, 0.9), (30, 0.8), (5, 1.0)]), [100.0; 3]);
        // Only the best detection of a window counts.
        near(all(&[(40, 0.9), (45, 0.95)]), [100.0; 3]);
    }

    proptest! {
        /// The sweep's best is what the sum over files gives at its threshold, and no threshold gives more.
        #[test]
        fn the_best_threshold_is_best(values in prop::collection::vec(0u8..30, 300), other in 0u8..31) {
            let files = [file(), file(), file()];
            let scores: Vec<Vec<f64>> = values.chunks(100).map(|rows| rows.iter().map(|&row| f64::from(row)).collect()).collect();
            let scores: Vec<&[f64]> = scores.iter().map(Vec::as_slice).collect();
            for profile in &PROFILES {
                let best = best(&files, &scores, &[0, 1, 2], profile);
                let there = at(&files, &scores, &[0, 1, 2], profile, best.threshold).unwrap();
                prop_assert!((there - best.score).abs() < 1e-9);
                let elsewhere = at(&files, &scores, &[0, 1, 2], profile, f64::from(other)).unwrap();
                prop_assert!(elsewhere <= best.score + 1e-9);
            }
        }
    }
}
