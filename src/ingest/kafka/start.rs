//! Where reading of a partition begins.

use std::fmt;

use crate::config::From;
use crate::ingest::gate::PartitionId;

/// Where reading of a partition begins, and what it holds there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Start {
    /// The partition.
    pub partition: PartitionId,
    /// The offset of the first record to read.
    pub from: i64,
    /// The offset behind the last record it held when it was asked.
    pub high: i64,
    /// What the checkpoint expected and the broker no longer has.
    pub loss: Option<Loss>,
}

impl Start {
    /// Whether there is something to read.
    pub fn has_records(&self) -> bool {
        self.from < self.high
    }
}

/// Records that were to be read next and are gone from the broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// The partition.
    pub partition: PartitionId,
    /// The offset that was to be read next.
    pub wanted: i64,
    /// Where reading goes on.
    pub resumed: i64,
}

impl Loss {
    /// How many offsets are missing; none where the partition was begun anew.
    pub fn missing(&self) -> Option<u64> {
        u64::try_from(self.resumed - self.wanted).ok()
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Loss { partition, wanted, resumed } = self;
        match self.missing() {
            Some(missing) => write!(
                f,
                "{partition}: {missing} records from offset {wanted} are gone from the broker (its retention is shorter than \
                 the time not read), going on at {resumed}"
            ),
            None => write!(
                f,
                "{partition}: offset {wanted} lies behind its end (the topic was made anew, or the broker lost records), \
                 going on at {resumed}"
            ),
        }
    }
}

/// What the broker says of a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Extent {
    pub(super) low: i64,
    pub(super) high: i64,
    /// The first offset of the moment asked for, where one was asked for.
    pub(super) since: Option<i64>,
}

/// The rule: the checkpoint's position where there is one; a partition unknown to an existing checkpoint from its begin, so
/// that nothing is missed between its making and its finding; `from` only at the very first start.
pub(super) fn start(partition: PartitionId, known: Option<i64>, first: Option<&From>, extent: Extent) -> Start {
    let Extent { low, high, since } = extent;
    let (from, loss) = match (known, first) {
        (Some(at), _) if low <= at && at <= high => (at, None),
        (Some(wanted), _) => (low, Some(Loss { partition: partition.clone(), wanted, resumed: low })),
        (None, Some(From::Latest)) => (high, None),
        (None, Some(From::Back(_) | From::At(_))) => (since.unwrap_or(high).clamp(low, high), None),
        (None, Some(From::Earliest) | None) => (low, None),
    };
    Start { partition, from, high, loss }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Span;

    #[test]
    fn where_reading_begins() {
        let back = From::Back(Span::from_hours(6));
        let extent = |since| Extent { low: 10, high: 50, since };
        // (known, first start, first offset of the moment, expected, lost)
        let table = [
            (Some(20), None, None, 20, false),
            (Some(50), None, None, 50, false),
            (Some(20), Some(&From::Latest), None, 20, false),
            (Some(5), None, None, 10, true),
            (Some(51), None, None, 10, true),
            (None, None, None, 10, false),
            (None, Some(&From::Earliest), None, 10, false),
            (None, Some(&From::Latest), None, 50, false),
            (None, Some(&back), Some(33), 33, false),
            (None, Some(&back), None, 50, false),
        ];
        for (known, first, since, from, lost) in table {
            let got = start(PartitionId::new("t", 0), known, first, extent(since));
            assert_eq!((got.from, got.loss.is_some()), (from, lost), "{known:?} {first:?} {since:?}");
        }
        let loss = Loss { partition: PartitionId::new("t", 1), wanted: 5, resumed: 10 };
        assert_eq!(loss.missing(), Some(5));
    }
}
