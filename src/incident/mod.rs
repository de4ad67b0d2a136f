//! Is it one problem: findings of many signals become incidents, with their likely origin and suspects.

mod finding;

pub use finding::{Breach, Finding, Kind, Phase, Target};

#[derive(Debug, Default, Clone, serde::Serialize, serde::Deserialize)]
pub struct Incidents;
use crate::alert::AlertRecord;
use crate::plan::Plan;
use crate::signal::Change;
use crate::time::Timestamp;
impl Incidents {
    pub const VERSION: u8 = 1;
    pub fn new(_p: &Plan) -> Self {
        Incidents
    }
    pub fn take(&mut self, _f: Finding, _p: &Plan, _o: &mut Vec<AlertRecord>) {}
    pub fn change(&mut self, _f: Change, _p: &Plan, _o: &mut Vec<AlertRecord>) {}
    pub fn acknowledge(&mut self, _a: &str, _t: Timestamp) {}
    pub fn advance(&mut self, _t: Timestamp, _p: &Plan, _o: &mut Vec<AlertRecord>) {}
    pub fn watched(&mut self, _n: usize) {}
    pub fn next_deadline(&self) -> Option<Timestamp> {
        None
    }
}
