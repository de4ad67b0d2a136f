//! The digest: what can wait, and what became of what was held overnight.

use jiff::tz::TimeZone;

use super::words::{count, moment};
use super::{Block, Letter};
use crate::alert::AlertRecord;
use crate::deliver::outbox::{Digest, DigestEntry, Fate};

/// The letter for one day's digest.
pub fn digest(digest: &Digest, zone: &TimeZone) -> Letter {
    let of = |fates: fn(Fate) -> bool| digest.entries.iter().filter(move |entry| fates(entry.fate));
    let open = of(|fate| fate == Fate::Open).count();
    let over = of(|fate| matches!(fate, Fate::Ended | Fate::CameAndWent { .. })).count();
    let date = digest.at.0.to_jiff().to_zoned(zone.clone()).strftime("%a %-d %b");
    let mut blocks =
        vec![Block::Lead(format!("Nothing here needed you at once: {} open, {over} over.", count(open, "alert")))];
    let mut list = |title: &str, fates: fn(Fate) -> bool| {
        let lines: Vec<String> = of(fates).map(|entry| line(entry, zone)).collect();
        if !lines.is_empty() {
            blocks.push(Block::List(title.to_owned(), lines));
        }
    };
    list("Open", |fate| fate == Fate::Open);
    list("Over since the last digest", |fate| fate == Fate::Ended);
    list("Came and went before you had to know", |fate| matches!(fate, Fate::CameAndWent { .. }));
    list("Held, and told by itself now", |fate| matches!(fate, Fate::Released { .. }));
    list("Held, then could not wait and was told by itself", |fate| matches!(fate, Fate::Promoted { .. }));
    if 0 < digest.unlisted {
        blocks.push(Block::Text(format!("{} more will be in the next digest.", digest.unlisted)));
    }
    blocks.push(Block::Small("Why each was raised or held: forewarn explain ID.".to_owned()));
    Letter { subject: format!("[digest] {date}: {} open, {over} over", count(open, "alert")), blocks }
}

fn line(entry: &DigestEntry, zone: &TimeZone) -> String {
    let record = &entry.record;
    let when = match entry.fate {
        Fate::Open => format!("since {}", moment(record.since, zone)),
        Fate::Ended => format!("over since {}", moment(record.at, zone)),
        Fate::CameAndWent { since } => {
            format!("held back from {}, over since {}", moment(since.0, zone), moment(record.at, zone))
        }
        Fate::Released { since } => format!("held back from {}", moment(since.0, zone)),
        Fate::Promoted { since } => {
            format!("held back from {}, told at {}", moment(since.0, zone), moment(record.at, zone))
        }
    };
    format!("{}: {} ({when}; alert {})", record.service, said(record), record.id)
}

/// The summary without the service that stands before it anyway.
fn said(record: &AlertRecord) -> &str {
    let rest = record.summary.strip_prefix(record.service.as_str()).and_then(|rest| rest.strip_prefix(": "));
    rest.unwrap_or(&record.summary)
}
