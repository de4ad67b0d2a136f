//! What sets the lines of an alert apart from the others of their service: fields, with lift and p-value.
//!
//! A field's value is told where it is more frequent among these lines than among the others that have such a field at all, by
//! Fisher's exact test (Fisher 1922), corrected for the number of values looked at (Bonferroni). Lines that stand for many count by
//! their effective number (Kish 1965). It is the question of a log-rate analysis, asked at the moment an alert is told.

use std::collections::BTreeMap;

use super::recent::Kept;

/// Lines needed on either side.
const LEAST: f64 = 5.0;
/// Told are values of at most this p-value (after correction), at least so much more frequent, and of so many of the lines.
const CHANCE: f64 = 1e-3;
const LIFT: f64 = 1.5;
const SHARE: f64 = 0.3;
/// Fields told.
const MOST: usize = 2;

/// A field that sets lines apart.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Apart {
    field: String,
    /// The share of these lines that have it, and of the others.
    share: f64,
    other: f64,
    p: f64,
}

impl Apart {
    /// `host=web-3 in 96 % of them, in 12 % of other lines (lift 8, p 1e-9)`.
    pub(super) fn words(&self) -> String {
        let Apart { field, share, other, p } = self;
        let lift = match share / other {
            lift if lift.is_finite() && lift < 1_000.0 => format!("lift {}", crate::alert::words::quantity(lift, None)),
            _ => "never before".to_owned(),
        };
        let chance = libm::floor(libm::log10(p.max(1e-99))) as i32;
        format!(
            "{field} in {:.0} % of them, in {:.0} % of other lines ({lift}, p 1e{chance})",
            share * 100.0,
            other * 100.0
        )
    }
}

/// Lines with a value, or with a field: how many they stand for, and the sum of the squares of that.
#[derive(Clone, Copy, Debug, Default)]
struct Weight {
    sum: f64,
    squares: f64,
}

impl Weight {
    fn add(&mut self, weight: u32) {
        self.sum += f64::from(weight);
        self.squares += f64::from(weight) * f64::from(weight);
    }

    fn effective(self) -> f64 {
        if self.squares == 0.0 { 0.0 } else { self.sum * self.sum / self.squares }
    }
}

type Counts<'a> = BTreeMap<(&'a str, Option<&'a str>), Weight>;

fn count<'a>(lines: impl Iterator<Item = &'a Kept>) -> Counts<'a> {
    let mut counts = Counts::new();
    for line in lines {
        for (key, value) in line.fields.iter() {
            counts.entry((key, None)).or_default().add(line.weight);
            counts.entry((key, Some(value))).or_default().add(line.weight);
        }
    }
    counts
}

/// The fields that set `these` lines apart from the `others`, the surest first.
pub(super) fn apart<'a>(these: impl Iterator<Item = &'a Kept>, others: impl Iterator<Item = &'a Kept>) -> Vec<Apart> {
    let (these, others) = (count(these), count(others));
    let tried = these.keys().filter(|(_, value)| value.is_some()).count() as f64;
    let of = |counts: &Counts<'a>, key, value| counts.get(&(key, value)).copied().unwrap_or_default();
    let mut found: Vec<Apart> = these
        .iter()
        .filter_map(|(&(key, value), &with)| {
            let value = value?;
            let (all, without) = (of(&these, key, None), of(&others, key, None));
            let (n, m) = (all.effective(), without.effective());
            if n < LEAST || m < LEAST {
                return None;
            }
            let share = with.sum / all.sum;
            let other = of(&others, key, Some(value)).sum / without.sum;
            let p = (fisher(share * n, n, other * m, m) * tried).min(1.0);
            let is_told = p <= CHANCE && SHARE <= share && LIFT * other <= share;
            is_told.then(|| Apart { field: format!("{key}={value}"), share, other, p })
        })
        .collect();
    found.sort_by(|a, b| a.p.total_cmp(&b.p).then_with(|| a.field.cmp(&b.field)));
    found.truncate(MOST);
    found
}

/// The one-sided p-value of `hits` of `n` against `other` of `m`: the chance of so many hits or more where both have the same share.
fn fisher(hits: f64, n: f64, other: f64, m: f64) -> f64 {
    let [hits, n, other, m] = [hits, n, other, m].map(libm::round);
    let (with, all) = (hits + other, n + m);
    let most = with.min(n);
    let term = |k: f64| libm::exp(choose(with, k) + choose(all - with, n - k) - choose(all, n));
    let mut sum = 0.0;
    let mut k = hits;
    while k <= most {
        sum += term(k);
        k += 1.0;
    }
    sum.clamp(0.0, 1.0)
}

/// The logarithm of the binomial coefficient; of none where there is no way to choose.
fn choose(n: f64, k: f64) -> f64 {
    if k < 0.0 || n < k {
        return f64::NEG_INFINITY;
    }
    libm::lgamma(n + 1.0) - libm::lgamma(k + 1.0) - libm::lgamma(n - k + 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signal::Fields;
    use crate::signal::template::TemplateId;
    use crate::time::Timestamp;

    fn kept(host: &str, version: &str, weight: u32) -> Kept {
        let fields: Fields = [("host", host), ("version", version)].into_iter().collect();
        Kept { template: TemplateId(1), at: Timestamp::from_secs(0), weight, body: "x".into(), fields }
    }

    #[test]
    fn the_exact_test_agrees_with_its_table() {
        // Fisher's lady: 3 of 4 cups against 1 of 4 (The Design of Experiments, 1935): 17/70.
        assert!((fisher(3.0, 4.0, 1.0, 4.0) - 17.0 / 70.0).abs() < 1e-12);
        assert!((fisher(0.0, 4.0, 1.0, 4.0) - 1.0).abs() < 1e-12);
        assert!(fisher(30.0, 30.0, 10.0, 200.0) < 1e-20);
    }

    #[test]
    fn a_host_that_stands_out_is_named_and_what_all_share_is_not() {
        let hosts = ["web-1", "web-2", "web-3", "web-4"];
        let others: Vec<Kept> = (0..200).map(|n| kept(hosts[n % 4], "1.4", 3)).collect();
        let these: Vec<Kept> = (0..20).map(|n| kept(if n == 7 { "web-1" } else { "web-3" }, "1.4", 1)).collect();
        let found = apart(these.iter(), others.iter());
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].words(), "host=web-3 in 95 % of them, in 25 % of other lines (lift 3.8, p 1e-9)");
    }

    #[test]
    fn by_chance_hardly_anything_stands_out() {
        let mut told = 0;
        for seed in 0..200u64 {
            let draw = |n: u64| format!("web-{}", xxhash_rust::xxh3::xxh3_64(&(seed * 1_000 + n).to_le_bytes()) % 4);
            let lines: Vec<Kept> = (0..230).map(|n| kept(&draw(n), "1.4", 1)).collect();
            told += apart(lines[..30].iter(), lines[30..].iter()).len();
        }
        assert!(told <= 1, "{told} of 200");
    }
}
