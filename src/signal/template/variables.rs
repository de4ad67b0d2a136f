//! The variables of one line by name, and the unit of work that it belongs to.

use xxhash_rust::xxh3::xxh3_64;

use super::kind::kind;
use super::lexer::{self, Token};
use super::meet::Role;
use super::{Miner, groups};

/// What stands in one variable place of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// The word before it in lower case, else its kind: what people call it.
    pub name: String,
    /// As it stands in the line.
    pub text: String,
}

/// Names of units of work: lines that share such an id tell of one flow.
const FLOWS: [&str; 22] = [
    "request",
    "req",
    "requestid",
    "reqid",
    "trace",
    "traceid",
    "session",
    "sessionid",
    "order",
    "transaction",
    "transactionid",
    "txn",
    "tx",
    "task",
    "job",
    "blk",
    "block",
    "message",
    "msg",
    "correlation",
    "conversation",
    "batch",
];

impl Miner {
    /// The variables of a line in order, each after the word that names it; of equal names the first.
    pub fn variables(&self, line: &[u8]) -> Vec<Variable> {
        let line = &*groups::cut(line, self.bounds.line_bytes);
        let (mut tokens, mut found) = (Vec::new(), Vec::<Variable>::new());
        lexer::lex(line, &mut tokens);
        let met = self.meet(line, &tokens);
        let mut before: Option<Token> = None;
        for (at, token) in tokens.iter().enumerate() {
            if !token.is_variable() && met.values.get(at).is_none_or(|role| *role == Role::Own) {
                before = Some(*token);
                continue;
            }
            let text = String::from_utf8_lossy(token.of(line)).into_owned();
            let kind = kind(token.of(line));
            let name = match before.take() {
                Some(word) => String::from_utf8_lossy(word.of(line)).to_ascii_lowercase(),
                None => kind.to_owned(),
            };
            if kind != "unit" && found.iter().all(|variable| variable.name != name) {
                found.push(Variable { name, text });
            }
        }
        found
    }

    /// The unit of work that the line learned last names, as a hash of its id: a UUID, an id of 16 hexadecimal digits or more, or
    /// what follows `request`, `session`, `order` and the like or begins so (`blk_17`, `req-9`).
    pub fn flow_of(&self, line: &[u8]) -> Option<u64> {
        let mut before: Option<Token> = None;
        for token in &self.tokens {
            if !token.is_variable() {
                before = Some(*token);
                continue;
            }
            let text = token.of(line);
            let name = before.take().filter(|word| token.start.saturating_sub(word.end) <= 3);
            let is_named = name.is_some_and(|word| is_flow(word.of(line))) && 1 < text.len();
            let begin = text.iter().position(|byte| matches!(byte, b'_' | b'-'));
            if is_named || begin.is_some_and(|end| is_flow(&text[..end])) || is_unique(text) {
                return Some(xxh3_64(text));
            }
        }
        None
    }
}

fn is_flow(name: &[u8]) -> bool {
    (2..=13).contains(&name.len()) && FLOWS.iter().any(|flow| flow.as_bytes().eq_ignore_ascii_case(name))
}

/// Sixteen hexadecimal digits or more, with at most the four dashes of a UUID.
fn is_unique(text: &[u8]) -> bool {
    let dashes = text.iter().filter(|byte| **byte == b'-').count();
    let digits = text.iter().filter(|byte| byte.is_ascii_hexdigit()).count();
    16 <= digits && digits + dashes == text.len() && (dashes == 0 || (dashes == 4 && text.len() == 36))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_have_the_names_of_the_words_before_them() {
        let shown = |line: &str| -> Vec<String> {
            let found = Miner::default().variables(line.as_bytes());
            found.iter().map(|variable| format!("{}={}", variable.name, variable.text)).collect()
        };
        assert_eq!(shown("request 4711 took 350 ms from 10.0.0.7"), ["request=4711", "took=350", "from=10.0.0.7"]);
        assert_eq!(shown("10.0.0.7 said nothing"), ["ip=10.0.0.7"]);
        assert_eq!(shown("nothing at all"), Vec::<String>::new());
    }

    #[test]
    fn a_flow_is_named_by_the_id_of_a_unit_of_work() {
        let mut miner = Miner::default();
        let mut flow = |line: &str| {
            miner.learn(line.as_bytes());
            miner.flow_of(line.as_bytes())
        };
        let order = flow("order 4711 was placed by user 7");
        assert!(order.is_some());
        assert_eq!(flow("paid for order=4711 with 12.50"), order);
        assert_ne!(flow("order 4712 was placed by user 7"), order);
        assert_eq!(flow("took 350 ms on port 8080"), None);
        assert_eq!(flow("block blk_-162 received"), flow("deleting blk_-162 from /data/1"));
        assert_eq!(
            flow("done 7f3c1a2e-0000-4000-8000-00000000abcd"),
            flow("begin of 7f3c1a2e-0000-4000-8000-00000000abcd")
        );
    }
}
