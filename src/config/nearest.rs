//! The word that was probably meant.

/// The candidate nearest to `word`, if it is near enough to be what was meant: at most a third of its letters differ,
/// or one of the two begins with the other.
pub(super) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = word.to_lowercase();
    let near = |candidate: &str| {
        let other = candidate.to_lowercase();
        let away = distance(&lower, &other);
        let bound = (lower.chars().count().max(other.chars().count()) / 3).max(1);
        let begins = 3 <= lower.len().min(other.len()) && (lower.starts_with(&other) || other.starts_with(&lower));
        (away <= bound || begins).then_some(away)
    };
    let scored = candidates.into_iter().filter_map(|candidate| Some((near(candidate)?, candidate)));
    scored.min().map(|(_, candidate)| candidate)
}

/// Letters to insert, drop, replace or swap with their neighbour (optimal string alignment).
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before = vec![0; b.len() + 1];
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let replaced = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = replaced.min(last[j] + 1).min(row[j - 1] + 1);
            if 1 < i && 1 < j && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_meant_is_found_and_nothing_far_fetched() {
        let keys = ["brokers", "topics", "group", "alerts_topic", "dead_letters", "from"];
        for (word, expected) in [
            ("broker", Some("brokers")),
            ("tpoics", Some("topics")),
            ("alert_topic", Some("alerts_topic")),
            ("dead", Some("dead_letters")),
            ("Group", Some("group")),
            ("form", Some("from")),
            ("password", None),
            ("x", None),
        ] {
            assert_eq!(nearest(word, keys), expected, "{word}");
        }
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
