//! Prometheus: remote write 1.0 and 2.0, and the text formats (its own 0.0.4 and OpenMetrics 1.0).
//!
//! A counter keeps its name. Where no type is told, the name does: `_total`, and the suffixes that histograms and summaries
//! reserve (`_bucket`, `_count`, `_sum`). A value that is not a number (no observation yet, a series gone stale) is a gap and is passed over.

mod family;
mod line;
mod native;
mod text;
mod write;
mod write2;

pub(super) use text::{decode as decode_text, fits as fits_text};
pub(super) use write::{decode as decode_write, fits as fits_write};

use crate::signal::Reading;

/// Keeps these fingerprints apart from those of other decoders; text has its own, its bytes being other.
const PRINTS: u64 = 0x7072_6F6D;
const PRINTS_TEXT: u64 = 0x0070_7465_7874;

/// What a family's values are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Kind {
    #[default]
    Unknown,
    Counter,
    Gauge,
    Histogram,
    GaugeHistogram,
    Summary,
    /// Info and state sets: gauges of zero and one.
    Other,
}

impl Kind {
    /// From the enumerations of both versions of remote write: they agree.
    fn from_number(number: u64) -> Kind {
        match number {
            1 => Kind::Counter,
            2 => Kind::Gauge,
            3 => Kind::Histogram,
            4 => Kind::GaugeHistogram,
            5 => Kind::Summary,
            6 | 7 => Kind::Other,
            _ => Kind::Unknown,
        }
    }

    /// From the word behind `# TYPE name`.
    fn from_word(word: &str) -> Kind {
        match word {
            "counter" => Kind::Counter,
            "gauge" => Kind::Gauge,
            "histogram" => Kind::Histogram,
            "gaugehistogram" => Kind::GaugeHistogram,
            "summary" => Kind::Summary,
            "info" | "stateset" => Kind::Other,
            _ => Kind::Unknown,
        }
    }

    /// Whether a series of this name counts up.
    fn is_total(self, name: &[u8]) -> bool {
        let ends = |suffix: &[u8]| name.ends_with(suffix);
        match self {
            Kind::Counter => true,
            Kind::Gauge | Kind::GaugeHistogram | Kind::Other => false,
            Kind::Unknown | Kind::Histogram | Kind::Summary => {
                ends(b"_total") || ends(b"_bucket") || ends(b"_count") || ends(b"_sum")
            }
        }
    }

    #[inline]
    fn reading(self, name: &[u8], value: f64) -> Reading {
        if self.is_total(name) { Reading::Total { value, start: None } } else { Reading::Gauge(value) }
    }
}
