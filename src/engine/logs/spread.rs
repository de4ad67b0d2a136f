//! How the variables of a template are distributed, before and during a trouble.

use std::collections::BTreeMap;

use super::recent::Kept;
use crate::alert::words::quantity;
use crate::signal::template::{Miner, Number, measure, numbers};

/// Values needed to speak of their distribution.
const LEAST: usize = 5;
/// Variables told.
const MOST: usize = 2;
/// A value is told where it is the one of so many lines.
const SHARE: f64 = 0.3;
/// Numbers looked for in a line.
const NUMBERS: usize = 4;

/// Clauses on the variables of `during` lines, each as against the lines `before`: ``median `took` 350 ms, was 40 ms``; `` `user` alice in
/// 71 %``. Numbers are quantities that have a unit, or whose name `measures` something; others are names.
pub(super) fn spread(
    during: &[&Kept],
    before: &[&Kept],
    miner: &Miner,
    measures: impl Fn(&str) -> bool,
) -> Vec<String> {
    let is_quantity = |number: &Number| number.unit.is_some() || measures(&number.name);
    let now = values(during, miner, is_quantity);
    let then = values(before, miner, is_quantity);
    let mut told: Vec<String> = Vec::new();
    for (name, values) in &now {
        if told.len() < MOST && LEAST <= values.texts.len() + values.numbers.len() {
            told.extend(clause(name, values, then.get(name)));
        }
    }
    told
}

/// The values of one variable: quantities with their unit, and what is none.
#[derive(Debug, Default)]
struct Values {
    numbers: Vec<f64>,
    unit: Option<&'static str>,
    texts: Vec<String>,
}

fn values(lines: &[&Kept], miner: &Miner, is_quantity: impl Fn(&Number) -> bool) -> BTreeMap<String, Values> {
    let mut all = BTreeMap::<String, Values>::new();
    for line in lines {
        let body = line.body.as_bytes();
        let mut found = numbers(body, NUMBERS);
        found.extend(line.fields.iter().filter_map(|(key, value)| measure(key, value)));
        found.retain(&is_quantity);
        for number in &found {
            let values = all.entry(number.name.clone()).or_default();
            values.numbers.push(number.value);
            values.unit = number.unit;
        }
        for variable in miner.variables(body) {
            if found.iter().all(|number| number.name != variable.name) {
                all.entry(variable.name).or_default().texts.push(variable.text);
            }
        }
    }
    all
}

fn clause(name: &str, now: &Values, then: Option<&Values>) -> Option<String> {
    if now.texts.len() < now.numbers.len() {
        let middle = quantity(median(&now.numbers)?, now.unit);
        let was = then.filter(|then| LEAST <= then.numbers.len() && then.unit == now.unit);
        let was = was.and_then(|then| Some(quantity(median(&then.numbers)?, then.unit)));
        let was = was.filter(|was| *was != middle).map(|was| format!(", was {was}")).unwrap_or_default();
        return Some(format!("median `{name}` {middle}{was}"));
    }
    let (value, count) = mode(&now.texts)?;
    let share = count as f64 / now.texts.len() as f64;
    if then.is_none_or(|then| then.texts.is_empty()) && count == now.texts.len() {
        return None;
    }
    let usual = then.map_or(0.0, |then| {
        let same = then.texts.iter().filter(|text| *text == value).count();
        same as f64 / then.texts.len().max(1) as f64
    });
    // What it always is tells nothing, nor do ids that are different in every line.
    let is_news = SHARE <= share && 1 < count && usual < 0.8 * share;
    let was = then.filter(|then| LEAST <= then.texts.len()).map(|_| format!(", was {:.0} %", usual * 100.0));
    is_news.then(|| format!("`{name}` {value} in {:.0} %{}", share * 100.0, was.unwrap_or_default()))
}

/// The middle of the values; of an even number the upper one.
pub(super) fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied()
}

/// The most frequent value; of equals the first by letters.
fn mode(texts: &[String]) -> Option<(&str, usize)> {
    let mut counts = BTreeMap::<&str, usize>::new();
    texts.iter().for_each(|text| *counts.entry(text).or_default() += 1);
    counts.into_iter().rev().max_by_key(|(_, count)| *count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signal::Fields;
    use crate::signal::template::TemplateId;
    use crate::time::Timestamp;

    fn kept(body: &str) -> Kept {
        let fields = Fields::default();
        Kept { template: TemplateId(1), at: Timestamp::from_secs(0), weight: 1, body: body.into(), fields }
    }

    #[test]
    fn quantities_are_told_by_their_middle_and_names_by_the_most_frequent() {
        let lines = |user: fn(u32) -> u32, took: u32| -> Vec<Kept> {
            (0..20).map(|n| kept(&format!("request {} of user u{} took {} ms", 900 + n, user(n), took + n))).collect()
        };
        let (during, before) = (lines(|n| if n < 3 { n } else { 77 }, 340), lines(|n| n, 40));
        let (during, before): (Vec<&Kept>, Vec<&Kept>) = (during.iter().collect(), before.iter().collect());
        let spread = |during: &[&Kept]| spread(during, &before, &Miner::default(), |_| false);
        assert_eq!(spread(&during), ["median `took` 0.35 s, was 0.05 s", "`user` u77 in 85 %, was 0 %"]);
        assert_eq!(spread(&before), ["median `took` 0.05 s"]);
        assert_eq!(spread(&during[..4]), Vec::<String>::new());
    }

    #[test]
    fn what_is_the_same_in_every_line_of_a_new_template_and_numbers_that_are_names_are_not_told() {
        let lines: Vec<Kept> = (0..20).map(|n| kept(&format!("payment {} to /api/pay failed", 1_000 + n))).collect();
        let lines: Vec<&Kept> = lines.iter().collect();
        assert_eq!(spread(&lines, &[], &Miner::default(), |_| false), Vec::<String>::new());
        assert_eq!(spread(&lines, &[], &Miner::default(), |name| name == "payment"), ["median `payment` 1010"]);
    }
}
