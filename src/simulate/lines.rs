//! Stories told in log lines alone: a payment service that fails, or only looks as if it did.
//!
//! Three days of ordinary lines (requests by the hour of the day, users, a scheduler that says each minute that it runs, a
//! few retries and declined cards), and from the third day on what the story is about.

use std::io::{self, Write};

use super::noise::Noise;
use crate::time::{Span, Timestamp};

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineStory {
    /// Retries grow for half an hour before payments fail.
    RetryStorm,
    /// A certificate says for days when it ends.
    CredentialExpiry,
    /// The scheduler no longer says that it runs.
    HeartbeatStops,
    /// A deploy brings an exception never seen, first now and then, later for everyone.
    NewException,
    /// Requests take longer by a little, all day.
    SlowCreep,
    /// Somebody switches debug logging on.
    QuietDebug,
    /// The instances restart one after the other.
    QuietRestart,
    /// A deploy brings a new line that means no harm.
    QuietNewLine,
    /// Files rotate at midnight.
    QuietMidnight,
    /// Three times the traffic for two hours.
    QuietPeak,
}

/// When the trouble began, and when users felt it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineTruth {
    /// The first sign.
    pub begins: Timestamp,
    /// When it hurts; none where it never does.
    pub impact: Option<Timestamp>,
}

impl LineStory {
    /// All of them.
    pub const ALL: [LineStory; 10] = [
        LineStory::RetryStorm,
        LineStory::CredentialExpiry,
        LineStory::HeartbeatStops,
        LineStory::NewException,
        LineStory::SlowCreep,
        LineStory::QuietDebug,
        LineStory::QuietRestart,
        LineStory::QuietNewLine,
        LineStory::QuietMidnight,
        LineStory::QuietPeak,
    ];

    /// Its folder under `fixtures/`; quiet ones begin so.
    pub fn name(self) -> &'static str {
        match self {
            LineStory::RetryStorm => "log-retry-storm",
            LineStory::CredentialExpiry => "log-credential-expiry",
            LineStory::HeartbeatStops => "log-heartbeat-stops",
            LineStory::NewException => "log-new-exception",
            LineStory::SlowCreep => "log-slow-creep",
            LineStory::QuietDebug => "quiet-log-debug",
            LineStory::QuietRestart => "quiet-log-restart",
            LineStory::QuietNewLine => "quiet-log-new-line",
            LineStory::QuietMidnight => "quiet-log-midnight",
            LineStory::QuietPeak => "quiet-log-peak",
        }
    }

    /// When it begins, after the start of the stream.
    fn begins(self) -> Span {
        match self {
            LineStory::CredentialExpiry => Span::from_hours(48 + 6),
            LineStory::QuietMidnight => Span::from_hours(24),
            _ => Span::from_hours(48 + 10),
        }
    }

    fn is_deploy(self) -> bool {
        matches!(self, LineStory::NewException | LineStory::QuietNewLine | LineStory::QuietRestart)
    }
}

/// The length of a story.
const DAYS: i64 = 3;
const CERTIFICATE_DAYS: i64 = 12;

/// Tells a story: JSON log lines to `logs`, CDEvents to `changes`. The start is a midnight.
pub fn tell_lines(
    story: LineStory,
    seed: u64,
    start: Timestamp,
    logs: &mut dyn Write,
    changes: &mut dyn Write,
) -> io::Result<LineTruth> {
    let begins = start + story.begins();
    if story.is_deploy() {
        writeln!(changes, "{}", deploy(begins))?;
    }
    let mut teller = Teller { story, begins, noise: Noise::new(seed, story.name()), lines: Vec::new(), requests: 0 };
    for minute in 0..DAYS * 1440 {
        teller.minute(start + Span::from_mins(minute), minute);
        teller.lines.sort();
        for (at, level, message) in teller.lines.drain(..) {
            let message = message.replace('\n', "\\n").replace('\t', "\\t").replace('"', "\\\"");
            writeln!(
                logs,
                r#"{{"@timestamp":"{at}","log.level":"{level}","service.name":"payments","message":"{message}"}}"#
            )?;
        }
    }
    let after = |minutes: i64| Some(begins + Span::from_mins(minutes));
    let impact = match story {
        LineStory::RetryStorm => after(FAILS_AFTER),
        LineStory::NewException => after(60),
        LineStory::CredentialExpiry => after(CERTIFICATE_DAYS * 1440),
        LineStory::SlowCreep => after(CREEP_FELT),
        _ => None,
    };
    Ok(LineTruth { begins, impact })
}

/// Minutes of retries before payments fail.
const FAILS_AFTER: i64 = 30;
/// Minutes until requests that take 0.4 % longer each minute take a second.
const CREEP_FELT: i64 = 403;

struct Teller {
    story: LineStory,
    begins: Timestamp,
    noise: Noise,
    lines: Vec<(Timestamp, &'static str, String)>,
    requests: u64,
}

impl Teller {
    /// Minutes since the story's turn; negative before it.
    fn since(&self, at: Timestamp) -> f64 {
        at.since(self.begins).as_secs_f64() / 60.0
    }

    fn say(&mut self, minute: Timestamp, level: &'static str, message: String) {
        let at = minute + Span::from_millis(self.noise.uniform(0.0, 60_000.0) as i64);
        self.lines.push((at, level, message));
    }

    fn minute(&mut self, at: Timestamp, minute: i64) {
        self.ordinary(at, minute);
        let since = self.since(at);
        if 0.0 <= since || self.story == LineStory::QuietMidnight {
            self.turn(at, minute, since);
        }
    }

    fn ordinary(&mut self, at: Timestamp, minute: i64) {
        let hour = (minute % 1440) as f64 / 60.0;
        let day = 1.0 - 0.6 * libm::cos((hour - 3.0) / 24.0 * core::f64::consts::TAU);
        let since = self.since(at);
        let peak = if self.story == LineStory::QuietPeak && (0.0..120.0).contains(&since) { 3.0 } else { 1.0 };
        let slower = if self.story == LineStory::SlowCreep && 0.0 < since { libm::pow(1.004, since) } else { 1.0 };
        for _ in 0..self.noise.count(4.0 * day * peak) {
            self.requests += 1;
            let took = 200.0 * slower * libm::exp(0.15 * self.noise.normal());
            let request = self.requests;
            self.say(at, "info", format!("request {request} to /api/pay took {took:.0} ms"));
        }
        for _ in 0..self.noise.count(1.0 * day * peak) {
            let (order, user) = (self.requests * 7, NAMES[self.noise.uniform(0.0, 12.0) as usize % 12]);
            self.say(at, "info", format!("order {order} accepted for user {user} of the shop"));
        }
        for _ in 0..self.noise.count(0.5 * day * peak) {
            self.say(at, "warn", "gateway timeout, retry 1/5 in 200 ms".to_owned());
        }
        for _ in 0..self.noise.count(0.05 * day * peak) {
            let order = self.requests;
            self.say(at, "error", format!("payment {order} failed: card declined"));
        }
        if self.story != LineStory::HeartbeatStops || since < 0.0 {
            let waiting = self.noise.count(3.0);
            let late = Span::from_millis(self.noise.uniform(0.0, 900.0) as i64);
            self.lines.push((at + late, "info", format!("scheduler alive, {waiting} jobs waiting")));
        }
    }

    /// What the story is about.
    fn turn(&mut self, at: Timestamp, minute: i64, since: f64) {
        match self.story {
            LineStory::RetryStorm => {
                for _ in 0..self.noise.count((2.0 * libm::pow(1.12, since)).min(90.0)) {
                    let attempt = 1 + self.noise.count(1.5).min(4);
                    self.say(at, "warn", format!("gateway timeout, retry {attempt}/5 in 200 ms"));
                }
                for _ in 0..if since < FAILS_AFTER as f64 { 0 } else { self.noise.count(8.0) } {
                    let order = self.requests;
                    self.say(at, "error", format!("payment {order} failed: gateway unreachable"));
                }
            }
            LineStory::CredentialExpiry if minute % 720 == 360 => {
                let left = CERTIFICATE_DAYS - (since / 1440.0) as i64;
                self.say(at, "warn", format!("client certificate CN=gateway expires in {left} days"));
            }
            LineStory::NewException => {
                for _ in 0..self.noise.count(if since < 60.0 { 1.0 } else { 9.0 }) {
                    let order = self.requests;
                    self.say(at, "error", format!("payment {order} failed\n{TRACE}"));
                }
            }
            LineStory::QuietDebug => {
                for _ in 0..self.noise.count(20.0) {
                    let (key, bytes) = (self.noise.count(500.0), self.noise.count(900.0));
                    self.say(at, "debug", format!("cache lookup of key k{key} gave {bytes} bytes"));
                }
            }
            LineStory::QuietRestart if since < 9.0 && (since as i64) % 3 == 0 => {
                let pod = since as i64 / 3;
                self.say(at, "info", format!("pod payments-{pod} is shutting down"));
                self.say(at, "info", format!("pod payments-{pod} started in 2100 ms"));
            }
            LineStory::QuietNewLine => {
                for _ in 0..self.noise.count(3.0) {
                    let size = self.noise.count(40.0);
                    self.say(at, "info", format!("basket of {size} items priced by the new engine"));
                }
            }
            LineStory::QuietMidnight if minute % 1440 == 0 => {
                for file in 0..40 {
                    self.say(at, "info", format!("rotated /var/log/payments/{file}.log, 0 errors"));
                }
            }
            _ => {}
        }
    }
}

const NAMES: [&str; 12] =
    ["anna", "boris", "chen", "dora", "emil", "fritz", "gina", "hugo", "ines", "jan", "kira", "luis"];
const TRACE: &str = "java.lang.NullPointerException: basket\n\tat shop.pay.Basket.total(Basket.java:41)\n\tat shop.pay.Api.pay(Api.java:77)";

fn deploy(at: Timestamp) -> String {
    format!(
        concat!(
            r#"{{"specversion":"1.0","id":"deploy-7","source":"/shop/deploys","type":"dev.cdevents.service.upgraded.0.2.0","#,
            r#""time":"{at}","datacontenttype":"application/json","data":{{"context":{{"id":"deploy-7","timestamp":"{at}"}},"#,
            r#""subject":{{"id":"payments","type":"service","content":{{"environment":{{"id":"production"}},"#,
            r#""artifactId":"pkg:oci/payments@v7"}}}}}}}}"#
        ),
        at = at
    )
}
