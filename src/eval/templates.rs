//! Log templates against the true ones of loghub's `*_structured*.csv`.
//!
//! Four scores by their published definitions: grouping accuracy GA (Zhu et al., 2019, ICSE-SEIP), F1 of exact groups FGA (Jiang et
//! al., 2024, ISSTA), parsing accuracy PA (a message's template equals the true one once typed variables read `<*>`), and FTA, the
//! F1 of templates whose group and text are both exact. Templates count as they stand after the last line.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::Read;

use regex::Regex;
use serde::Serialize;

use super::EvalError;
use super::figures::Figure;
use super::peers;
use super::table::Table;
use crate::ingest::files::{Input, open};
use crate::signal::template::Miner;

/// The figures of a set of systems.
#[derive(Debug, Serialize)]
pub(super) struct Figures {
    systems: Vec<System>,
    /// Means over systems, for the plain and the corrected truth apart.
    means: Vec<Mean>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    peers: Vec<peers::TemplatePeer>,
}

/// The scores of one file.
#[derive(Debug, Serialize)]
struct System {
    name: String,
    lines: usize,
    #[serde(flatten)]
    scores: Scores,
    #[serde(flatten)]
    arrival: Arrival,
}

/// Means of one kind of truth.
#[derive(Debug, Serialize)]
struct Mean {
    truth: &'static str,
    systems: usize,
    ga: Figure,
    fga: Figure,
    pa: Figure,
    fta: Figure,
    ga_at_arrival: Figure,
    same_in_the_end: Figure,
}

/// The four scores.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(super) struct Scores {
    ga: f64,
    fga: f64,
    pa: f64,
    fta: f64,
}

/// What the ids were worth when the lines came.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
struct Arrival {
    /// Grouping accuracy by the id given at once.
    ga_at_arrival: f64,
    /// The share of lines whose id is the same in the end.
    same_in_the_end: f64,
}

/// A message's group and template.
type Labelled = (String, String);

/// Mines each file by itself and scores what comes out.
pub(super) fn measure(inputs: &[Input]) -> Result<Figures, EvalError> {
    let mut systems = Vec::new();
    for input in inputs {
        let lines = read(input)?;
        let truth: Vec<Labelled> = lines.iter().map(|line| (line.event.clone(), line.template.clone())).collect();
        let (early, ours) = mine(&lines);
        let scores = score(&truth, &ours);
        let same = early.iter().zip(&ours).filter(|(early, late)| early.0 == late.0).count();
        let same_in_the_end = same as f64 / lines.len() as f64;
        let arrival = Arrival { ga_at_arrival: score(&truth, &early).ga, same_in_the_end };
        systems.push(System { name: input.place.display().to_string(), lines: lines.len(), scores, arrival });
    }
    let means = ["plain", "corrected"].into_iter().filter_map(|truth| mean(truth, &systems)).collect();
    let peers = peers::of_templates(systems.len(), systems.iter().map(|system| system.lines).sum());
    Ok(Figures { systems, means, peers })
}

/// One message with its truth.
struct Line {
    content: Vec<u8>,
    event: String,
    template: String,
}

fn read(input: &Input) -> Result<Vec<Line>, EvalError> {
    let wrong = |reason: String| EvalError::read(&input.path, reason);
    let mut bytes = Vec::new();
    open(input).and_then(|mut from| from.read_to_end(&mut bytes)).map_err(|error| wrong(error.to_string()))?;
    let bare = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes);
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(bare);
    let header = reader.byte_headers().map_err(|error| wrong(error.to_string()))?.clone();
    let column = |name: &str| {
        let found = header.iter().position(|cell| cell == name.as_bytes());
        found.ok_or_else(|| wrong(format!("its header has no {name}; expected Content, EventId and EventTemplate")))
    };
    let (content, event, template) = (column("Content")?, column("EventId")?, column("EventTemplate")?);
    let mut lines = Vec::new();
    for record in reader.byte_records() {
        let record = record.map_err(|error| wrong(error.to_string()))?;
        let text = |at: usize| String::from_utf8_lossy(record.get(at).unwrap_or_default()).into_owned();
        let content = record.get(content).unwrap_or_default().to_vec();
        lines.push(Line { content, event: text(event), template: text(template) });
    }
    if lines.is_empty() { Err(wrong("it has no message".to_owned())) } else { Ok(lines) }
}

/// The id of each message when it came, and its id and template in the end.
fn mine(lines: &[Line]) -> (Vec<Labelled>, Vec<Labelled>) {
    let mut miner = Miner::default();
    let early = lines.iter().map(|line| (miner.learn(&line.content).id.to_string(), String::new())).collect();
    miner.settle();
    let texts: HashMap<_, String> =
        miner.templates().into_iter().map(|template| (template.id, template.text)).collect();
    let label = |line: &Line| {
        let id = miner.classify(&line.content);
        let text = texts.get(&id).cloned().unwrap_or_else(|| miner.describe(&line.content).1);
        (id.to_string(), text)
    };
    (early, lines.iter().map(label).collect())
}

/// The four scores of one list of labels against another, message by message.
pub(super) fn score(truth: &[Labelled], ours: &[Labelled]) -> Scores {
    let normal = Normal::new();
    let groups = |labels: &[Labelled]| {
        let mut groups: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        labels.iter().enumerate().for_each(|(at, (group, _))| groups.entry(group.clone()).or_default().push(at));
        groups
    };
    let (true_groups, our_groups) = (groups(truth), groups(ours));
    let true_sets: BTreeSet<&Vec<usize>> = true_groups.values().collect();
    let exact: Vec<&Vec<usize>> = our_groups.values().filter(|group| true_sets.contains(group)).collect();
    let n = truth.len().max(1) as f64;
    let both = (true_groups.len() + our_groups.len()).max(1) as f64;
    let equal = |at: usize| normal.of(&truth[at].1) == normal.of(&ours[at].1);
    let right = exact.iter().filter(|group| group.last().is_some_and(|&last| equal(last))).count();
    Scores {
        ga: exact.iter().map(|group| group.len()).sum::<usize>() as f64 / n,
        fga: 2.0 * exact.len() as f64 / both,
        pa: (0..truth.len()).filter(|&at| equal(at)).count() as f64 / n,
        fta: 2.0 * right as f64 / both,
    }
}

/// Templates in the form in which they are compared.
struct Normal {
    typed: Regex,
    blank: Regex,
    run: Regex,
}

impl Normal {
    fn new() -> Self {
        let regex = |text: &str| Regex::new(text).expect("a pattern written here is one");
        Normal { typed: regex(r"<[A-Za-z_0-9*:]+>"), blank: regex(r"\s+"), run: regex(r"<\*>(?:[ ,.:;/_=@#-]?<\*>)+") }
    }

    fn of(&self, template: &str) -> String {
        let text = self.typed.replace_all(template, "<*>");
        let mut text = self.blank.replace_all(&text, " ").trim().to_owned();
        loop {
            let next = self.run.replace_all(&text, "<*>").into_owned();
            if next == text {
                return text;
            }
            text = next;
        }
    }
}

fn mean(truth: &'static str, systems: &[System]) -> Option<Mean> {
    let is_corrected = |system: &&System| system.name.contains("corrected") == (truth == "corrected");
    let of: Vec<&System> = systems.iter().filter(is_corrected).collect();
    let figure = |one: fn(&System) -> f64| Figure::mean(&of.iter().map(|system| one(system)).collect::<Vec<_>>());
    (!of.is_empty()).then(|| Mean {
        truth,
        systems: of.len(),
        ga: figure(|system| system.scores.ga),
        fga: figure(|system| system.scores.fga),
        pa: figure(|system| system.scores.pa),
        fta: figure(|system| system.scores.fta),
        ga_at_arrival: figure(|system| system.arrival.ga_at_arrival),
        same_in_the_end: figure(|system| system.arrival.same_in_the_end),
    })
}

impl Figures {
    /// The figures for people, the peers' below ours.
    pub(super) fn table(&self) -> Table {
        let mut table = Table::default();
        table.remark("one setting for all systems; templates as they stand after the last line");
        table.header(&["", "lines", "GA", "FGA", "PA", "FTA", "GA at arrival", "same in the end"]);
        for System { name, lines, scores, arrival } in &self.systems {
            let mut row = vec![name.clone(), lines.to_string()];
            let Arrival { ga_at_arrival, same_in_the_end } = *arrival;
            let all = [scores.ga, scores.fga, scores.pa, scores.fta, ga_at_arrival, same_in_the_end];
            row.extend(all.map(|score| format!("{score:.3}")));
            table.row(row);
        }
        for mean in &self.means {
            let mut row = vec![format!("mean of {} ({} truth)", mean.systems, mean.truth), String::new()];
            let Mean { ga, fga, pa, fta, ga_at_arrival, same_in_the_end, .. } = mean;
            row.extend([ga, fga, pa, fta, ga_at_arrival, same_in_the_end].map(|figure| figure.text(3)));
            table.row(row);
        }
        self.peers.iter().for_each(|peer| table.row(peer.row()));
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(text: &str) -> Vec<Labelled> {
        text.lines().map(|line| line.trim().split_once(' ').unwrap()).map(|(a, b)| (a.into(), b.into())).collect()
    }

    #[test]
    fn four_scores_by_hand() {
        let truth = labels("E1 user <*> in\nE1 user <*> in\nE2 user <*> out\nE3 done\n");
        // The first two are one group, with another text; the last two are one group where truth has two.
        let ours = labels("a user <name> came in\na user <name> came in\nb user <name> out\nb user <name> out\n");
        let scores = score(&truth, &ours);
        // GA 2 of 4; one exact group of 2 ours and 3 true: 2/5; texts equal on the third line alone; no exact template.
        assert_eq!(scores, Scores { ga: 0.5, fga: 0.4, pa: 0.25, fta: 0.0 });
        assert_eq!(score(&truth, &truth), Scores { ga: 1.0, fga: 1.0, pa: 1.0, fta: 1.0 });
    }

    #[test]
    fn variables_that_touch_are_one() {
        let normal = Normal::new();
        assert_eq!(normal.of("at  <host>:<port> took <num:ms>\t"), "at <*> took <*>");
        assert_eq!(normal.of("<a> <b>,<c>/<d> <e>"), "<*>");
        assert_eq!(normal.of("<*> and <*>"), "<*> and <*>");
    }
}
