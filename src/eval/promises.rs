//! Whether what is promised comes true: the band that should hold four values in five, and how often "once a week" comes.

use serde::Serialize;

use super::series::Series;

/// Promised and seen, outside of labelled events and of the first rows of each series.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub(super) struct Promises {
    /// The share of values inside the band that should hold 80 %.
    pub(super) band: Option<f64>,
    /// How often news as rare as once a week came, per signal and week; 1 is as promised, less is quieter.
    pub(super) weekly: Option<f64>,
    /// The same for once in ten weeks, in times of ten weeks.
    pub(super) ten_weekly: Option<f64>,
    /// How many signal weeks that is.
    pub(super) weeks: f64,
}

/// Counts over all series; `first` tells the first row of each that counts, `normal` whether a row is outside of all events.
pub(super) fn count(
    series: &[Series],
    first: impl Fn(&Series) -> usize,
    normal: impl Fn(usize, usize) -> bool,
) -> Promises {
    let (mut inside, mut banded, mut weekly, mut rarer, mut weeks) = (0u64, 0u64, 0u64, 0u64, 0.0);
    for (at, one) in series.iter().enumerate() {
        let first = first(one);
        weeks += one.days(first) / 7.0;
        for (_, promised) in one.promised.iter().enumerate().skip(first).filter(|(row, _)| normal(at, *row)) {
            banded += u64::from(promised.in_band.is_some());
            inside += u64::from(promised.in_band == Some(true));
            weekly += u64::from(promised.rarity.is_some_and(|rarity| 0.0 <= rarity));
            rarer += u64::from(promised.rarity.is_some_and(|rarity| 1.0 <= rarity));
        }
    }
    let enough = 1.0 <= weeks;
    Promises {
        band: (0 < banded).then(|| inside as f64 / banded as f64),
        weekly: enough.then(|| weekly as f64 / weeks),
        ten_weekly: enough.then(|| 10.0 * rarer as f64 / weeks),
        weeks,
    }
}

impl Promises {
    /// One line for people.
    pub(super) fn remark(&self) -> String {
        let share = |share: Option<f64>| share.map_or("none".to_owned(), |share| format!("{:.1} %", 100.0 * share));
        let times = |times: Option<f64>| times.map_or("unknown".to_owned(), |times| format!("{times:.2}"));
        format!(
            "outside of events: the 80 % band held {} of values; news promised once a week came {} times a week, once in ten \
             weeks {} times in ten weeks ({:.0} signal weeks)",
            share(self.band),
            times(self.weekly),
            times(self.ten_weekly),
            self.weeks
        )
    }
}
