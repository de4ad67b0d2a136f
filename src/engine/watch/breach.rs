//! A bound that is passed or will be, as a trouble.

use super::super::bounded::Standing;
use super::super::series::Told;
use super::{Seen, Trouble, Watch};
use crate::finding::{Breach, Kind, Phase};
use crate::time::{Span, Timestamp};

impl Watch {
    /// A bound that is passed or will be. A forecast that comes true stays a forecast; what was not foreseen is an anomaly.
    pub(super) fn bound_troubles(&mut self, standing: Standing, seen: &Seen<'_>, told: &mut Told) {
        match standing {
            Standing::Clear => {
                if let Some(trouble) = self.troubles.forecast.take() {
                    let came = trouble.breach.as_ref().is_some_and(|breach| breach.now);
                    let (phase, words) = match came {
                        true => (Phase::Cleared, "is back within its bound"),
                        false => (Phase::Withdrawn, "is no longer on its way to its bound"),
                    };
                    told.findings.push(self.finding(
                        Kind::Forecast,
                        phase,
                        &trouble,
                        Some(seen),
                        seen.at,
                        words.to_owned(),
                    ));
                }
                if let Some(trouble) = self.troubles.anomaly.take_if(|trouble| trouble.breach.is_some()) {
                    let words = "is back within its bound".to_owned();
                    told.findings.push(self.finding(
                        Kind::Anomaly,
                        Phase::Cleared,
                        &trouble,
                        Some(seen),
                        seen.at,
                        words,
                    ));
                }
            }
            Standing::Ahead { breach, since, words } => {
                self.tell_breach(Kind::Forecast, breach, since, words, seen, told)
            }
            Standing::Passed { breach, since } => {
                let kind = if self.troubles.forecast.is_some() { Kind::Forecast } else { Kind::Anomaly };
                self.tell_breach(kind, breach, since, String::new(), seen, told);
            }
        }
    }

    pub(super) fn tell_breach(
        &mut self,
        kind: Kind,
        breach: Breach,
        since: Timestamp,
        words: String,
        seen: &Seen<'_>,
        told: &mut Told,
    ) {
        let slot = self.troubles.of(kind);
        let phase = match slot {
            None => Phase::Raised,
            Some(trouble) if is_news(trouble, &breach, seen.at) => Phase::Updated,
            Some(_) => return,
        };
        // The begin of a ramp is estimated anew with each look; a bound that is passed began no later than its ramp.
        let since = slot.as_ref().filter(|_| breach.now).map_or(since, |trouble| trouble.since.min(since));
        let rarity = seen.judgement.rarity.unwrap_or(0.0);
        let trouble = Trouble { since, rarity, breach: Some(breach), told_at: seen.at, before: None, harmless: 0 };
        *slot = Some(trouble.clone());
        told.findings.push(self.finding(kind, phase, &trouble, Some(seen), seen.at, words));
    }
}

/// Whether a breach has changed enough for the incident to decide anew: it came true or ended, its probability moved by a
/// tenth, its time by a quarter of what is left, or what was told of it is an hour old.
fn is_news(trouble: &Trouble, breach: &Breach, now: Timestamp) -> bool {
    let Some(before) = &trouble.breach else { return true };
    if before.now != breach.now || before.target != breach.target || before.level != breach.level {
        return true;
    }
    if breach.now {
        return false;
    }
    let left = breach.outlook.likely.since(now).as_secs_f64();
    let moved = breach.outlook.likely.since(before.outlook.likely).as_secs_f64().abs();
    let stale = Span::from_hours(1) <= now.since(trouble.told_at);
    stale || 0.1 <= (breach.outlook.probability - before.outlook.probability).abs() || 0.25 * left <= moved
}
