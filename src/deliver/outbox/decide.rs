//! The table of decisions: from what is true, what was told and the time to what happens now.

use super::case::{Case, Ledger};
use super::policy::{Policy, Reach};
use super::verdict::{Cause, Verdict, Why};
use super::ways::Pressing;
use crate::alert::{Reason, State, Urgency};
use crate::deliver::Wall;

/// What happens with an alert's latest record for one receiver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// It is queued now.
    Send(Cause),
    /// It is queued for later, unless it is decided anew before.
    Wait(Wall, Why),
    /// The next digest lists it.
    List(Why),
    /// Nothing is queued.
    Keep(Why),
}

/// What a decision depends on besides the case.
pub(super) struct Scene<'a> {
    pub(super) now: Wall,
    pub(super) policy: &'a Policy,
    /// When the next digest is due.
    pub(super) digest: Wall,
    /// A message about this alert is on its way to the receiver at this moment.
    pub(super) flying: bool,
    /// The stream has just been caught up.
    pub(super) at_head: bool,
    /// How urgent it is to this receiver.
    pub(super) pressing: Pressing,
}

/// Decides for one receiver. Whoever was told hears the end, through silences and acknowledgements.
pub(super) fn decide(case: &Case, reach: Reach, ledger: &Ledger, scene: &Scene<'_>) -> Step {
    let record = &case.record;
    if record.revision <= ledger.settled {
        return Step::Keep(Why::Settled);
    }
    if record.state == State::Resolved {
        return decide_end(case, reach, ledger, scene);
    }
    if case.stale {
        return Step::Keep(Why::Stale);
    }
    if let Some(silence) = &case.silenced {
        return Step::Keep(Why::Silenced(silence.clone()));
    }
    if let Some(ack) = &case.ack
        && (record.reason == Reason::Repeated || ack.urgency < record.urgency)
    {
        return Step::Keep(Why::Acknowledged(ack.by.clone()));
    }
    let cause = if scene.at_head { Cause::AtHead } else { Cause::News(record.reason) };
    match (scene.pressing.urgency, reach) {
        (Urgency::Page, _) => Step::Send(cause),
        (Urgency::Hold, _) => match scene.policy.next_work(scene.now) {
            until if until <= scene.now => Step::Send(cause),
            until if scene.pressing.late_from.is_some_and(|late| late < until) => {
                let late = scene.pressing.late_from.unwrap_or(until);
                Step::Wait(late, Why::UntilLate(late))
            }
            until => Step::Wait(until, Why::UntilWork(until)),
        },
        (Urgency::Digest, Reach::Mail) => Step::List(Why::UntilDigest(scene.digest)),
        (Urgency::Digest, Reach::Hook | Reach::Pager) => Step::Wait(scene.digest, Why::UntilDigest(scene.digest)),
    }
}

fn decide_end(case: &Case, reach: Reach, ledger: &Ledger, scene: &Scene<'_>) -> Step {
    let told = ledger.told == Some(State::Firing);
    if !told && !scene.flying {
        return match (ledger.waited, reach) {
            (Some(_), Reach::Mail) if !case.stale => Step::List(Why::NeverTold),
            _ => Step::Keep(Why::NeverTold),
        };
    }
    if case.stale {
        return Step::Keep(Why::Stale);
    }
    match reach {
        Reach::Mail if told && ledger.by_digest => Step::List(Why::UntilDigest(scene.digest)),
        _ if scene.at_head => Step::Send(Cause::AtHead),
        _ => Step::Send(Cause::News(case.record.reason)),
    }
}

impl Step {
    /// The decision as the log keeps it.
    pub(super) fn verdict(&self) -> Verdict {
        match self {
            Step::Send(cause) => Verdict::Send(cause.clone()),
            Step::Wait(_, why) | Step::List(why) | Step::Keep(why) => Verdict::Hold(why.clone()),
        }
    }
}
