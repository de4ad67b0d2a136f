//! Whether this process reads everything there is: only then does it judge.

use std::collections::BTreeSet;

use crate::ingest::gate::PartitionId;
use crate::ingest::kafka::{Report, advise};

/// What this process has of the group's work.
#[derive(Debug, Default)]
pub(super) struct Membership {
    /// Partitions that were ours and were taken away.
    taken: BTreeSet<PartitionId>,
}

impl Membership {
    pub(super) fn taken(&mut self, partitions: &[PartitionId]) {
        self.taken.extend(partitions.iter().cloned());
    }

    pub(super) fn given<'a>(&mut self, partitions: impl Iterator<Item = &'a PartitionId>) {
        for partition in partitions {
            self.taken.remove(partition);
        }
    }

    /// Partitions whose topic is gone from the broker: they were taken away for good.
    pub(super) fn gone(&mut self, report: &Report) -> Vec<PartitionId> {
        let Some(all) = &report.all else { return Vec::new() };
        let gone: Vec<PartitionId> = self.taken.difference(all).cloned().collect();
        for partition in &gone {
            self.taken.remove(partition);
        }
        gone
    }

    /// Why this process does not judge; none where it reads every partition.
    pub(super) fn why_not<'a>(
        &self,
        reading: impl Iterator<Item = &'a PartitionId>,
        report: &Report,
    ) -> Option<String> {
        let reading: BTreeSet<&PartitionId> = reading.collect();
        let all = report.all.iter().flatten().chain(&self.taken);
        let missing: BTreeSet<&PartitionId> = all.filter(|partition| !reading.contains(partition)).collect();
        if report.all.is_none() && reading.is_empty() {
            let cause = report.silent.as_ref().map(|silent| format!(" ({silent})")).unwrap_or_default();
            return Some(format!("the broker has not answered yet{cause}; it is waited for"));
        }
        if let Some(first) = missing.first() {
            let count = missing.len();
            if !report.others.is_empty() {
                let others: Vec<String> = report.others.iter().map(ToString::to_string).collect();
                let others = others.join(", ");
                return Some(format!(
                    "{count} partitions, {first} among them, are read by another member of the group: {others}; stop it, or \
                     give this process another [kafka] group"
                ));
            }
            // A new partition is ours within seconds; what is known of the others can be judged meanwhile.
            if !self.taken.is_empty() || reading.is_empty() {
                return Some(format!("{count} partitions, {first} among them, are not assigned to this process yet"));
            }
        }
        if reading.is_empty()
            && let Some(words) = forbidden(report)
        {
            return Some(words);
        }
        if reading.is_empty() && !report.missing.is_empty() {
            return Some(format!("topics that do not exist yet are waited for: {}", report.missing.join(", ")));
        }
        reading.is_empty().then(|| "no topic matches [kafka] topics yet; one is waited for".to_owned())
    }
}

/// What is to be done about topics that may not be used, if there are any.
pub(super) fn forbidden(report: &Report) -> Option<String> {
    let topics = report.forbidden.join(", ");
    (!topics.is_empty()).then(|| advise(&format!("topic authorization failed: {topics}")).words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::kafka::Member;
    use expect_test::expect;

    #[test]
    fn it_says_why_it_is_not_ready() {
        let id = |n| PartitionId::new("metrics", n);
        let all = |count| Some((0..count).map(id).collect::<BTreeSet<_>>());
        let other = || vec![Member { client: "forewarn-b".into(), host: "/10.0.0.2".into() }];
        let silent = Some("no route".to_owned());
        let reports = [
            (vec![], Report { silent, ..Report::default() }),
            (vec![], Report { all: all(0), missing: vec!["metrics".into()], ..Report::default() }),
            (vec![], Report { all: all(0), ..Report::default() }),
            (vec![], Report { all: all(2), ..Report::default() }),
            (vec![0], Report { all: all(2), others: other(), ..Report::default() }),
            (vec![0, 1], Report { all: all(2), others: other(), ..Report::default() }),
            (vec![0], Report { all: all(2), ..Report::default() }),
        ];
        let told = reports.map(|(reading, report)| {
            let reading: Vec<PartitionId> = reading.into_iter().map(id).collect();
            let why = Membership::default().why_not(reading.iter(), &report);
            why.unwrap_or_else(|| "ready".into()) + "\n"
        });
        expect![[r#"
            the broker has not answered yet (no route); it is waited for
            topics that do not exist yet are waited for: metrics
            no topic matches [kafka] topics yet; one is waited for
            2 partitions, metrics[0] among them, are not assigned to this process yet
            1 partitions, metrics[1] among them, are read by another member of the group: forewarn-b at 10.0.0.2; stop it, or give this process another [kafka] group
            ready
            ready
        "#]]
        .assert_eq(&told.concat());
        let mut membership = Membership::default();
        membership.taken(&[id(1)]);
        let report = Report { all: all(1), ..Report::default() };
        assert!(membership.why_not([id(0)].iter(), &report).is_some(), "taken away and not given back");
        assert_eq!(membership.gone(&report), [id(1)]);
        assert_eq!(membership.why_not([id(0)].iter(), &report), None, "its topic is gone");
    }
}
