//! What a newcomer reads: the shop's days as they pass, the alerts as they come, and what they were worth.

use std::io::{self, Write};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use jiff::tz::TimeZone;

use super::foresight::Foresight;
use crate::alert::{AlertRecord, Reason, State, Urgency};
use crate::deliver::{Form, Shown};
use crate::time::{Span, Timestamp};

/// So much of a request's body is shown.
const LINES: usize = 48;

const RED: &str = "1;31";
const YELLOW: &str = "33";
const GREEN: &str = "32";
const MAGENTA: &str = "1;35";
const BOLD: &str = "1";
const DIM: &str = "2";

/// Tells the story, or keeps silent.
pub(super) struct Tale<'a> {
    out: &'a mut dyn Write,
    silent: bool,
    colours: bool,
    zone: TimeZone,
    /// On stderr, and only where that is a terminal.
    bar: ProgressBar,
}

impl<'a> Tale<'a> {
    pub(super) fn new(out: &'a mut dyn Write, silent: bool, colours: bool, zone: TimeZone, length: Span) -> Tale<'a> {
        let bar = if silent { ProgressBar::hidden() } else { ProgressBar::new(seconds(length)) };
        let style = ProgressStyle::with_template("{spinner} {msg} {wide_bar} {percent:>3} %");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Tale { out, silent, colours, zone, bar }
    }

    pub(super) fn begin(&mut self, seed: u64, length: Span) -> io::Result<()> {
        let next = seed.wrapping_add(1);
        let days = length.as_secs_f64() / 86_400.0;
        self.say(&self.paint(
            BOLD,
            "A small shop, a Kafka broker in this process, and the pipeline of `forewarn run` behind it.",
        ))?;
        self.say(&format!(
            "Story {seed}: {days:.1} days of six services, faster than life. Three things will break; when and how fast follows from the \
             seed, and forewarn is told nothing of it. --seed {next} is another story.\n"
        ))
    }

    pub(super) fn open(&mut self, at: Timestamp) -> io::Result<()> {
        self.line(at, "", "", "the shop opens; two days of ordinary life are learned first")
    }

    pub(super) fn learned(&mut self, at: Timestamp, signals: usize, life: Span, took: Duration) -> io::Result<()> {
        let speed = life.as_secs_f64() / took.as_secs_f64().max(0.001);
        let text = format!(
            "two days of {signals} signals are learned, in {:.0} s: {} times as fast as life",
            took.as_secs_f64(),
            thousands(speed)
        );
        self.line(at, "", "", &text)
    }

    /// A record as it was decided. A repetition is no news.
    pub(super) fn record(&mut self, record: &AlertRecord) -> io::Result<()> {
        let (word, colour) = match (record.state, record.reason, record.urgency) {
            (State::Firing, Reason::Repeated, _) => return Ok(()),
            (State::Resolved, ..) => ("over", GREEN),
            (_, _, Urgency::Page) => ("page", RED),
            (_, _, Urgency::Hold) => ("hold", YELLOW),
            (_, _, Urgency::Digest) => ("digest", DIM),
        };
        self.line(record.at, word, colour, &record.summary)
    }

    /// Users feel it.
    pub(super) fn felt(&mut self, foresight: &Foresight) -> io::Result<()> {
        let failure = &foresight.failure;
        let known = match foresight.lead() {
            Some(lead) => format!("forewarn said so {} ago", words(lead)),
            None => "forewarn had said nothing".to_owned(),
        };
        let text = format!("users feel it: {} ({}); {known}", failure.fault.name(), failure.service);
        self.line(failure.impact_at, "FELT", MAGENTA, &text)
    }

    /// How far the story is.
    pub(super) fn progress(&self, at: Timestamp, told: Span) {
        self.bar.set_message(self.moment(at));
        self.bar.set_position(seconds(told));
    }

    /// One mail and one request, as their receivers would have got them.
    pub(super) fn messages(&mut self, mail: Option<&Shown>, request: Option<&Shown>) -> io::Result<()> {
        self.bar.finish_and_clear();
        for shown in [mail, request].into_iter().flatten() {
            let at = self.moment(shown.at.0);
            let (title, text) = match &shown.form {
                Form::Mail { from, to, subject, text } => {
                    let head = format!("From: {from}\nTo: {}\nSubject: {subject}\n\n", to.join(", "));
                    (format!("An e-mail to `{}`, {at}:", shown.receiver), head + text)
                }
                Form::Request { url, body } => {
                    let title = format!("The same to `{}`, POST {url}, {at}:", shown.receiver);
                    (title, serde_json::to_string_pretty(body).unwrap_or_default())
                }
            };
            self.say(&format!("\n{}", self.paint(BOLD, &title)))?;
            for line in text.lines().take(LINES) {
                self.say(format!("  {} {line}", self.paint(DIM, "|")).trim_end())?;
            }
            let more = text.lines().count().saturating_sub(LINES);
            if 0 < more {
                self.say(&format!("  {} … {more} more lines", self.paint(DIM, "|")))?;
            }
        }
        Ok(())
    }

    /// What it was worth.
    pub(super) fn end(&mut self, foresights: &[Foresight], took: Duration) -> io::Result<()> {
        self.say(&format!(
            "\n{}",
            self.paint(BOLD, &format!("What it was worth, after {:.0} s:", took.as_secs_f64()))
        ))?;
        for foresight in foresights {
            let failure = &foresight.failure;
            let felt = self.moment(failure.impact_at);
            let said = match (foresight.lead(), &foresight.warning) {
                (Some(lead), Some(warning)) => {
                    let urgency = match warning.urgency {
                        Urgency::Page => "a page",
                        Urgency::Hold => "held for work hours",
                        Urgency::Digest => "for the digest",
                    };
                    let said = self.paint(GREEN, &format!("{} before", words(lead)));
                    format!("forewarn said so {said}, at {} ({urgency}, alert {})", self.clock(warning.at), warning.id)
                }
                _ => self.paint(RED, "forewarn said nothing before"),
            };
            self.say(&format!("  users felt `{}` of {} on {felt}; {said}", failure.fault.name(), failure.service))?;
        }
        self.say("")
    }

    /// The lines for programs, the last on stdout, told in any case.
    pub(super) fn lines(&mut self, foresights: &[Foresight]) -> io::Result<()> {
        self.bar.finish_and_clear();
        for foresight in foresights {
            writeln!(self.out, "{}", foresight.line())?;
        }
        self.out.flush()
    }

    fn line(&mut self, at: Timestamp, word: &str, colour: &str, text: &str) -> io::Result<()> {
        let (moment, word) = (self.paint(DIM, &format!("{:>16}", self.moment(at))), format!("{word:<6}"));
        let word = if colour.is_empty() { word } else { self.paint(colour, &word) };
        self.say(&format!("{moment}  {word}  {text}"))
    }

    fn say(&mut self, line: &str) -> io::Result<()> {
        if self.silent {
            return Ok(());
        }
        let Tale { out, bar, .. } = self;
        bar.suspend(|| {
            writeln!(out, "{line}")?;
            out.flush()
        })
    }

    fn paint(&self, colour: &str, text: &str) -> String {
        if self.colours { format!("\x1b[{colour}m{text}\x1b[0m") } else { text.to_owned() }
    }

    fn moment(&self, at: Timestamp) -> String {
        at.to_jiff().to_zoned(self.zone.clone()).strftime("%a %-d %b %H:%M").to_string()
    }

    fn clock(&self, at: Timestamp) -> String {
        at.to_jiff().to_zoned(self.zone.clone()).strftime("%H:%M").to_string()
    }
}

fn seconds(span: Span) -> u64 {
    (span.nanos() / 1_000_000_000).max(0).unsigned_abs()
}

/// A length as people say it, to the minute.
fn words(span: Span) -> String {
    let minutes = seconds(span) / 60;
    match (minutes / 60, minutes % 60) {
        (0, 0) => "less than a minute".to_owned(),
        (0, 1) => "1 minute".to_owned(),
        (0, minutes) => format!("{minutes} minutes"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

/// A speed without more exactness than it has: `29,000`.
fn thousands(number: f64) -> String {
    let rounded = (number / 100.0).round() as u64 * 100;
    match rounded {
        0..1000 => rounded.to_string(),
        _ => format!("{},{:03}", rounded / 1000, rounded % 1000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_and_speeds_as_people_say_them() {
        let table = [
            (30, "less than a minute"),
            (60, "1 minute"),
            (1_500, "25 minutes"),
            (7_200, "2 h"),
            (11_580, "3 h 13 min"),
        ];
        for (secs, expected) in table {
            assert_eq!(words(Span::from_secs(secs)), expected);
        }
        assert_eq!([thousands(640.0), thousands(28_960.0)], ["600", "29,000"]);
    }
}
