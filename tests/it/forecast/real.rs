//! Real series from a folder of CSV files, with bounds that they had not reached before.

use std::path::Path;

use forewarn::forecast::Forecaster;
use forewarn::plan::{Bound, Side};
use forewarn::time::{Span, Timestamp};

use super::making::{Case, Role};
use super::score::{HOURS, Report, play};

/// A series: minutes (of weeks that begin on Monday) and values.
pub(crate) struct Real {
    pub(crate) name: String,
    pub(crate) points: Vec<(f64, f64)>,
}

/// All CSV files under a folder whose first two columns are a time and a value.
pub(crate) fn read(folder: &Path) -> Vec<Real> {
    let mut files: Vec<std::path::PathBuf> = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "csv") {
                files.push(path);
            }
        }
    }
    files.sort();
    files.iter().map(|file| one(file)).filter(|real| 300 < real.points.len()).collect()
}

fn one(file: &Path) -> Real {
    let text = std::fs::read_to_string(file).unwrap();
    let mut points: Vec<(f64, f64)> = text
        .lines()
        .filter_map(|line| {
            let mut cells = line.split(',').map(|cell| cell.trim_matches('"'));
            let (at, value) = (cells.next()?, cells.next()?.trim().parse::<f64>().ok()?);
            let at = match at.parse::<i64>() {
                Ok(seconds) => Timestamp::from_secs(seconds),
                Err(_) => Timestamp::parse_rfc3339(&format!("{}Z", at.trim_end_matches('Z').replace(' ', "T")))?,
            };
            // the fifth day of 1970 was a Monday
            Some((at.as_secs_f64() / 60.0 - 4.0 * 1440.0, value))
        })
        .collect();
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    let week = points.first().map_or(0.0, |point| (point.0 / 10_080.0).floor() * 10_080.0);
    points.iter_mut().for_each(|point| point.0 -= week);
    Real { name: file.file_stem().unwrap().to_string_lossy().into_owned(), points }
}

fn quantile(sorted: &[f64], share: f64) -> f64 {
    sorted[((sorted.len() - 1) as f64 * share) as usize]
}

/// The cases of a series: a bound at the maximum of what came before each of four splits, or of all, plus half the interquartile range.
fn cases(real: &Real) -> Vec<(f64, Bound)> {
    let mut cases = Vec::new();
    for split in [0.2, 0.4, 0.6, 0.8, 1.0] {
        let count = (real.points.len() as f64 * split) as usize;
        let mut past: Vec<f64> = real.points[..count].iter().map(|point| point.1).collect();
        past.sort_by(f64::total_cmp);
        let iqr = quantile(&past, 0.75) - quantile(&past, 0.25);
        let level = past[past.len() - 1] + 0.5 * iqr;
        let from = real.points[if split == 1.0 { real.points.len() / 5 } else { count }].0;
        cases.push((from, Bound { level, side: Side::Above }));
    }
    cases
}

/// False alarms, crossings foreseen and reliability over all series of the folders.
pub(crate) fn report<'a>(folders: impl Iterator<Item = &'a str>) {
    for folder in folders {
        let all = read(Path::new(folder));
        println!("{folder}: {} series", all.len());
        for whole in [true, false] {
            for hours in HOURS {
                let mut report = Report::default();
                let mut false_alarms = 0usize;
                for real in &all {
                    let cases = cases(real);
                    for (i, (from, bound)) in cases.iter().enumerate() {
                        if (i == 4) != whole {
                            continue;
                        }
                        let case = Case {
                            kind: "",
                            role: Role::Limit,
                            bound: *bound,
                            cadence: 5.0,
                            start: 0.0,
                            values: Vec::new(),
                        };
                        let mut forecaster = Forecaster::new(*bound).with_horizon(Span::from_hours(hours));
                        let tally = play(&real.points, &case, &mut forecaster, *from, true);
                        let before = report.alarms - report.in_time;
                        report.add(&tally, 60.0 * hours as f64);
                        let here = report.alarms - report.in_time - before;
                        if 2 <= here {
                            println!(
                                "  {} split {i}: {here} false at {hours} h in {:.2} weeks",
                                real.name, tally.weeks
                            );
                        }
                        false_alarms += here;
                    }
                }
                println!(
                    "{} {hours:3} h: false per week {:.3}; {}",
                    if whole { "whole" } else { "split" },
                    false_alarms as f64 / report.weeks,
                    report.line()
                );
                if hours == 168 && !whole {
                    super::print(&report);
                }
            }
        }
    }
}

/// Coverage and pinball loss of bands, at native steps ahead.
pub(crate) fn values<'a>(folders: impl Iterator<Item = &'a str>) {
    use super::score::{local, time};
    use forewarn::forecast::Values;
    let all: Vec<Real> = folders.flat_map(|folder| read(Path::new(folder))).collect();
    let mut out: Vec<(usize, Vec<(f64, f64)>)> = vec![(10, vec![]), (50, vec![]), (200, vec![])];
    for real in &all {
        let mut gaps: Vec<f64> = real.points.windows(2).map(|pair| pair[1].0 - pair[0].0).collect();
        gaps.sort_by(f64::total_cmp);
        let step = gaps[gaps.len() / 2];
        let lag = ((1440.0 / step) as usize).max(1);
        let scale: f64 = real.points.windows(lag + 1).map(|w| (w[lag].1 - w[0].1).abs()).sum::<f64>()
            / (real.points.len().saturating_sub(lag)).max(1) as f64;
        if scale <= 0.0 || scale.is_nan() {
            continue;
        }
        for (steps, rows) in &mut out {
            let mut values = Values::default();
            let mut waiting: std::collections::VecDeque<(usize, forewarn::forecast::Band)> = Default::default();
            let (mut inside, mut loss, mut count) = (0.0, 0.0, 0.0f64);
            for (i, &(at, value)) in real.points.iter().enumerate() {
                while waiting.front().is_some_and(|(due, _)| *due <= i) {
                    let (due, band) = waiting.pop_front().unwrap();
                    if due == i && real.points.len() / 5 < i {
                        let pin = |q: f64, p: f64| if value < p { (1.0 - q) * (p - value) } else { q * (value - p) };
                        inside += f64::from(u8::from(band.low <= value && value <= band.high));
                        loss += (pin(0.1, band.low) + pin(0.5, band.middle) + pin(0.9, band.high)) / 3.0;
                        count += 1.0;
                    }
                }
                values.observe(time(at), value, local(at));
                if i % 3 == 0
                    && let Some(band) = values.band(Span::from_secs_f64(step * 60.0 * *steps as f64))
                {
                    waiting.push_back((i + *steps, band));
                }
            }
            if 30.0 < count {
                rows.push((inside / count, loss / count / scale));
            }
        }
    }
    for (steps, rows) in &out {
        let count = rows.len() as f64;
        let cover: f64 = rows.iter().map(|row| row.0).sum::<f64>() / count;
        let loss = libm::exp(rows.iter().map(|row| libm::log(row.1.max(1e-6))).sum::<f64>() / count);
        let mut sorted: Vec<f64> = rows.iter().map(|row| row.0).collect();
        sorted.sort_by(f64::total_cmp);
        println!(
            "{steps:4} steps, {} series: 80 % bands hold {cover:.3} [{:.2}, {:.2}], pinball {loss:.4}",
            rows.len(),
            sorted[sorted.len() / 10],
            sorted[sorted.len() * 9 / 10]
        );
    }
}
