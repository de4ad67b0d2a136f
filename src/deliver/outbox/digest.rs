//! The daily digest: what disturbed nobody, and what became of what was held.

use serde::{Deserialize, Serialize};

use super::case::{Case, Ledger, as_json};
use crate::alert::{AlertRecord, State, Urgency};
use crate::deliver::Wall;

/// One day's digest for one receiver.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Digest {
    /// The start of work that it was made for.
    pub at: Wall,
    /// The alerts, most urgent fate first.
    pub entries: Vec<DigestEntry>,
    /// How many more there were than a digest lists.
    pub unlisted: usize,
}

/// One alert in a digest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DigestEntry {
    /// Its record as it stood.
    #[serde(with = "as_json")]
    pub record: AlertRecord,
    /// What became of it.
    pub fate: Fate,
}

/// What became of an alert by the time of the digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Fate {
    /// It is open; this is the first that the receiver hears of it.
    Open,
    /// An earlier digest listed it; it is over now.
    Ended,
    /// It began and ended before anyone had to hear of it.
    CameAndWent {
        /// Since when it had waited.
        since: Wall,
    },
    /// It was held and is told by itself now.
    Released {
        /// Since when it had waited.
        since: Wall,
    },
    /// It was held, then became a page and was told by itself.
    Promoted {
        /// Since when it had waited.
        since: Wall,
    },
}

impl Fate {
    /// Whether the digest alone tells this; the others are mentioned where there is a digest.
    pub fn is_news(self) -> bool {
        matches!(self, Fate::Open | Fate::Ended | Fate::CameAndWent { .. })
    }
}

/// What a digest says of an alert to one receiver, to whom it is so urgent; if anything.
pub(super) fn fate(case: &Case, ledger: &Ledger, urgency: Urgency) -> Option<Fate> {
    let record = &case.record;
    if case.stale || record.revision <= ledger.listed {
        return None;
    }
    let unsettled = ledger.settled < record.revision;
    match (record.state, urgency) {
        (State::Resolved, _) if !unsettled => None,
        (State::Resolved, _) if ledger.told == Some(State::Firing) => ledger.by_digest.then_some(Fate::Ended),
        (State::Resolved, _) if ledger.told == Some(State::Resolved) => None,
        (State::Resolved, _) => ledger.waited.map(|since| Fate::CameAndWent { since }),
        _ if case.silenced.is_some() => None,
        (State::Firing, Urgency::Digest) => (unsettled && case.ack.is_none()).then_some(Fate::Open),
        (State::Firing, Urgency::Hold) => ledger.waited.map(|since| Fate::Released { since }),
        (State::Firing, Urgency::Page) => ledger.waited.map(|since| Fate::Promoted { since }),
    }
}
