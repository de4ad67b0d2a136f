//! What was seen, as one clause for people.

use super::trial::Effect;
use crate::alert::words::{length, quantity};
use crate::detect::View;
use crate::forecast::Trend;
use crate::time::{Span, Timestamp};

/// What is told of a use and how much there is of it: "rises by 1.2 GB an hour; its capacity is 53.7 GB".
pub(super) fn of_capacity(words: String, whole: f64, unit: Option<&str>) -> String {
    let whole = quantity(whole, unit);
    if words.is_empty() { format!("has a capacity of {whole}") } else { format!("{words}; its capacity is {whole}") }
}

/// A surprise by the view that saw it: "jumped above what is usual"; `cycle` is that of the signal's own, where it was held against that.
pub(super) fn surprise(view: View, upward: bool, cycle: Option<Span>) -> String {
    let (side, height) = if upward { ("above", "higher") } else { ("below", "lower") };
    match view {
        View::Value => {
            let point = cycle.map(|cycle| format!(" at this point of its cycle of {}", length(cycle)));
            format!("is far {side} what is usual{}", point.unwrap_or_default())
        }
        View::Level => format!("stays {side} its usual level"),
        View::Slope => format!("jumped {side} what is usual from one moment to the next"),
        View::Spread => "varies more than it is known to".to_owned(),
        View::Shape => "moves in a way not seen before".to_owned(),
        View::Stuck => "has not moved for unusually long".to_owned(),
        View::Days => format!("stays {height} than on any day before"),
        View::Hours => format!("stays {height} for this time of day than on any day before"),
        View::Drop => "fell to the floor".to_owned(),
    }
}

/// A bound ahead: "rises by 0.055 an hour".
pub(super) fn trend(trend: Option<Trend>, unit: Option<&str>) -> String {
    match trend {
        Some(Trend { slope_per_hour, .. }) => {
            let verb = if slope_per_hour < 0.0 { "falls" } else { "rises" };
            format!("{verb} by {} an hour", quantity(slope_per_hour.abs(), unit))
        }
        None => "has come as close before at this time of its day".to_owned(),
    }
}

/// An instance unlike its peers.
pub(super) fn unlike(value: f64, median: f64, unit: Option<&str>) -> String {
    format!("is unlike its peers: {} where they have {}", quantity(value, unit), quantity(median, unit))
}

/// A move since a change.
pub(super) fn moved(effect: &Effect, unit: Option<&str>) -> String {
    let verb = if effect.before < effect.after { "rose" } else { "fell" };
    let (before, after) = (quantity(effect.before, unit), quantity(effect.after, unit));
    format!("{verb} from {before} to {after} with a change")
}

/// The end of a silence.
pub(super) fn speaks_again(since: Timestamp, at: Timestamp) -> String {
    format!("speaks again after {}", length(at.since(since)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_told_against_its_cycle_where_it_has_one() {
        let told = surprise(View::Value, false, Some(Span::from_secs(2_810)));
        assert_eq!(told, "is far below what is usual at this point of its cycle of 47 minutes");
        assert_eq!(surprise(View::Value, true, None), "is far above what is usual");
    }
}
