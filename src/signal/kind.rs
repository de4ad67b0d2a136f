//! What a signal's name and labels say of its kind: the text that presets are matched on.

use super::Signal;

/// Labels that say how what is counted went.
const OUTCOME: [&str; 13] = [
    "http.response.status_code",
    "http.status_code",
    "http_response_status_code",
    "http_status_code",
    "status_code",
    "response_code",
    "code",
    "status",
    "outcome",
    "result",
    "error.type",
    "grpc_code",
    "grpc_status",
];
/// What they say of failures that are no mistake of the caller, besides the codes from 500 of HTTP: gRPC, Micrometer, and usage.
const FAILED: [&str; 15] = [
    "5xx",
    "server_error",
    "error",
    "errors",
    "failed",
    "failure",
    "fail",
    "exception",
    "timeout",
    "rejected",
    "unavailable",
    "internal",
    "deadlineexceeded",
    "deadline_exceeded",
    "data_loss",
];
/// Words of names whose codes are those of HTTP.
const ANSWERED: [&str; 3] = ["http", "request", "response"];
/// The state that stands for those.
const FAILING: &str = "failed";

/// The words at a name's end that say how the value was made of several, as CloudWatch, vSphere and their exporters add them.
const MADE: [&str; 7] = ["average", "maximum", "minimum", "sum", "summation", "latest", "value"];

impl Signal {
    /// What presets are matched on: the signal's name, and after a colon the state that it tells of, if a label does
    /// (`stat="rate"` of a histogram, a state or mode as in `system.cpu.utilization:idle`), or that it counts what failed
    /// (`http_requests_total:failed` where `code="503"`), or the word before a number in a log line (`log_value:took`), or the level
    /// of lines (`log_lines_rate:error`).
    pub fn kind_text(&self) -> String {
        let stat = self.label("stat");
        let failing = || (stat.is_none_or(|stat| stat == "rate") && self.tells_of_failures()).then_some(FAILING);
        let slot = || self.label("slot").filter(|_| self.name() == "log_value");
        let level = || self.label("level").filter(|_| self.name() == "log_lines_rate");
        let rate = || stat.filter(|stat| *stat == "rate");
        match failing().or_else(rate).or_else(slot).or_else(level).or_else(|| self.state()) {
            Some(state) => format!("{}:{state}", self.name()),
            None => self.name().to_owned(),
        }
    }

    fn tells_of_failures(&self) -> bool {
        // Elsewhere a number may be the code of an article.
        let has_codes = |key: &str| key.ends_with("_code") || ANSWERED.iter().any(|word| self.name().contains(word));
        let is_code =
            |value: &str| value.len() == 3 && value.starts_with('5') && value.bytes().all(|b| b.is_ascii_digit());
        let is_word = |value: &str| FAILED.iter().any(|word| word.eq_ignore_ascii_case(value));
        let failed = |key: &str, value: &str| is_word(value) || (is_code(value) && has_codes(key));
        OUTCOME.iter().any(|key| self.label(key).is_some_and(|value| failed(key, value)))
    }
}

/// A [`Signal::kind_text`] as it reads word by word: `errorCount` in two words, without the word at the end that says how the
/// value was made, and a `Percent` ahead, as Windows has it, at the end.
pub fn word_by_word(kind: &str) -> String {
    let (name, state) = kind.split_once(':').map_or((kind, None), |(name, state)| (name, Some(state)));
    let spaced = apart(name);
    let mut words: Vec<&str> = spaced.split('_').filter(|word| !word.is_empty()).collect();
    if 1 < words.len() && words.last().is_some_and(|last| MADE.iter().any(|made| made.eq_ignore_ascii_case(last))) {
        words.pop();
    }
    if let Some(at) = words.iter().position(|word| word.eq_ignore_ascii_case("percent")) {
        let percent = words.remove(at);
        words.push(percent);
    }
    let name = words.join("_");
    state.map_or_else(|| name.clone(), |state| format!("{name}:{state}"))
}

/// A name with its words in camel case apart: `HeapMemoryUsage` is `Heap_Memory_Usage`, `ifHCInOctets` is `if_HCIn_Octets`.
fn apart(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 8);
    let mut before = ' ';
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && (before.is_ascii_lowercase() || before.is_ascii_digit()) {
            out.push('_');
        }
        out.push(letter);
        before = letter;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_failed_is_told_by_the_labels_of_its_outcome() {
        let kind =
            |name, labels: &[(&'static str, &'static str)]| Signal::new(name, labels.iter().copied()).kind_text();
        for (key, value) in
            [("code", "503"), ("status", "5xx"), ("outcome", "SERVER_ERROR"), ("grpc_code", "Unavailable")]
        {
            assert_eq!(kind("requests_total", &[(key, value)]), "requests_total:failed", "{key}={value}");
            assert_eq!(kind("requests", &[(key, value), ("stat", "rate")]), "requests:failed", "{key}={value}");
            assert_eq!(kind("requests", &[(key, value), ("stat", "p99")]), "requests", "how long {key}={value} takes");
        }
        for (key, value) in [("code", "200"), ("code", "404"), ("code", "5000"), ("zone", "503"), ("status", "ok")] {
            assert_eq!(kind("requests_total", &[(key, value)]), "requests_total", "{key}={value}");
        }
        assert_eq!(kind("articles_sold", &[("code", "512")]), "articles_sold");
        assert_eq!(kind("calls", &[("status_code", "512")]), "calls:failed");
    }

    #[test]
    fn a_name_reads_word_by_word() {
        for (kind, words) in [
            ("win_cpu_Percent_Processor_Time", "win_cpu_Processor_Time_Percent"),
            ("tomcat_connector_errorCount", "tomcat_connector_error_Count"),
            ("aws_rds_free_storage_space_average", "aws_rds_free_storage_space"),
            ("ifHCInOctets", "if_HCIn_Octets"),
            ("value", "value"),
            ("diskIO_sum:read", "disk_IO:read"),
        ] {
            assert_eq!(word_by_word(kind), words);
        }
    }
}
