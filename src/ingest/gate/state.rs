//! The gate's part of a checkpoint.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Admitted, Content, Gate, Newest, Partition, PartitionId, Standing, lateness_of};
use crate::config::Lateness;
use crate::time::Timestamp;

/// What a gate remembers, as a checkpoint keeps it. The lateness is configuration and not part of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GateState {
    partitions: Vec<(PartitionId, Content, Standing)>,
    counts: BTreeMap<Arc<str>, Admitted>,
    newest: Option<Newest>,
    reached: Option<Timestamp>,
}

impl Gate {
    /// The state to keep.
    pub fn snapshot(&self) -> GateState {
        let partitions = self.partitions.iter().map(|(id, p)| (id.clone(), p.content, p.standing)).collect();
        GateState { partitions, counts: self.counts.clone(), newest: self.newest, reached: self.reached }
    }

    /// The gate as it was, under today's lateness. A source that goes on reading says [`unread`](Gate::unread) of each of
    /// its partitions and [`forget`](Gate::forget)s those that are no longer its own.
    pub fn restore(lateness: Lateness, state: GateState) -> Gate {
        let partitions = state.partitions.into_iter().map(|(id, content, standing)| {
            let lateness = lateness_of(&lateness, &id.topic);
            (id, Partition { content, standing, lateness })
        });
        Gate {
            partitions: partitions.collect(),
            counts: state.counts,
            newest: state.newest,
            reached: state.reached,
            lateness,
        }
    }
}
