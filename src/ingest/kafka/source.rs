//! Reading: a member of a consumer group that begins where the checkpoint says.
//!
//! Each partition has a queue of its own, bounded in bytes: a partition that is not read fills its queue and is then
//! fetched no further, which is how reading slows down to what is judged. An end of a partition and a lost offset are
//! known to be of that partition and no other.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::consumer::base_consumer::PartitionQueue;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Message, OwnedMessage};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::advice::advise;
use super::group::{Group, Handover};
use super::start::{Extent, Loss, Start, start};
use super::{KafkaFault, Topics, client};
use crate::config::{From, Kafka};
use crate::ingest::Received;
use crate::ingest::gate::PartitionId;
use crate::time::Timestamp;

/// How long the broker may take to say what a partition holds.
const ANSWER: Duration = Duration::from_secs(10);

/// What happened beside reading.
#[derive(Debug)]
pub enum Event {
    /// These partitions are read from now on.
    Assigned(Vec<Start>),
    /// These are no longer ours.
    Revoked(Vec<PartitionId>),
    /// Something is wrong with the broker; librdkafka goes on trying.
    Fault(String),
}

/// What one call of [`Source::read`] found.
#[derive(Debug, Default)]
pub struct Read {
    /// How many records were read.
    pub records: usize,
    /// The partition is read to its end.
    pub ended: bool,
    /// Its offset was no longer there.
    pub loss: Option<Loss>,
}

/// A member of the consumer group.
pub struct Source {
    consumer: Arc<BaseConsumer<Group>>,
    lanes: BTreeMap<PartitionId, Lane>,
    /// Given to us, but the broker has not yet said what they hold.
    given: Vec<PartitionId>,
    /// The group waits for an answer to what it gave, even where that was nothing.
    owed: bool,
    asked: Option<Instant>,
}

struct Lane {
    queue: PartitionQueue<Group>,
    next: i64,
    ended: bool,
    /// Records read too far.
    ahead: VecDeque<OwnedMessage>,
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Source").field("partitions", &self.lanes.keys().collect::<Vec<_>>()).finish_non_exhaustive()
    }
}

impl Source {
    /// Joins the group. The broker need not be there yet: it is waited for.
    pub fn open(kafka: &Kafka, topics: &Topics, client_id: &str) -> Result<Source, KafkaFault> {
        let config = client::consumer(kafka, topics, client_id)?;
        let made = config.create_with_context(Group::new(kafka)?);
        let consumer: BaseConsumer<Group> = made.map_err(|source| KafkaFault::Client { source })?;
        consumer.subscribe(&topics.subscription()).map_err(|source| KafkaFault::Client { source })?;
        Ok(Source { consumer: Arc::new(consumer), lanes: BTreeMap::new(), given: Vec::new(), owed: false, asked: None })
    }

    /// Serves the group and tells what changed; waits for at most `patience` where nothing did.
    ///
    /// `known` gives the checkpoint's position of a partition, `first` where to begin at the very first start.
    pub fn events(
        &mut self,
        patience: Duration,
        known: impl Fn(&PartitionId) -> Option<i64>,
        first: Option<&From>,
    ) -> Vec<Event> {
        let mut events = Vec::new();
        match self.consumer.poll(patience) {
            // An end that is not known to be of one partition is told again by its own queue.
            None | Some(Err(KafkaError::PartitionEOF(_))) => {}
            // Fetched before its queue was its own: it comes before what lies there.
            Some(Ok(message)) => {
                let partition = PartitionId::new(message.topic(), message.partition());
                if let Some(lane) = self.lanes.get_mut(&partition) {
                    lane.ahead.push_back(message.detach());
                }
            }
            Some(Err(error)) => events.push(Event::Fault(error.to_string())),
        }
        while let Some(handover) = self.consumer.context().next_handover() {
            match handover {
                Handover::Given(partitions) => {
                    self.given.extend(partitions);
                    self.owed = true;
                }
                Handover::Taken(partitions) => {
                    for partition in &partitions {
                        self.lanes.remove(partition);
                        self.given.retain(|given| given != partition);
                    }
                    events.push(Event::Revoked(partitions));
                }
            }
        }
        events.extend(self.take_given(known, first));
        while let Some(fault) = self.consumer.context().next_fault() {
            events.push(Event::Fault(fault));
        }
        events
    }

    fn take_given(&mut self, known: impl Fn(&PartitionId) -> Option<i64>, first: Option<&From>) -> Option<Event> {
        let again = self.asked.is_none_or(|asked| Duration::from_secs(1) <= asked.elapsed());
        if !self.owed || !again {
            return None;
        }
        if self.given.is_empty() {
            self.owed = false;
            let answered = self.consumer.incremental_assign(&TopicPartitionList::new());
            return answered.err().map(|error| Event::Fault(format!("answer the group: {error}")));
        }
        self.asked = Some(Instant::now());
        let given = self.given.clone();
        let extents = match extents(&self.consumer, &given, first) {
            Ok(extents) => extents,
            Err(source) => return Some(Event::Fault(format!("ask what the partitions hold: {source}"))),
        };
        let starts: Vec<Start> = given
            .into_iter()
            .zip(extents)
            .map(|(partition, extent)| {
                let at = known(&partition);
                start(partition, at, first, extent)
            })
            .collect();
        self.given.clear();
        self.owed = false;
        self.asked = None;
        match self.assign(&starts) {
            Ok(()) => Some(Event::Assigned(starts)),
            Err(error) => Some(Event::Fault(format!("take partitions: {error}"))),
        }
    }

    fn assign(&mut self, starts: &[Start]) -> Result<(), KafkaError> {
        let mut list = TopicPartitionList::with_capacity(starts.len());
        for start in starts {
            let Start { partition, from, .. } = start;
            list.add_partition_offset(&partition.topic, partition.partition, Offset::Offset(*from))?;
            // Before the first fetch, so that nothing of it comes by the common queue.
            if let Some(queue) = self.consumer.split_partition_queue(&partition.topic, partition.partition) {
                let lane = Lane { queue, next: *from, ended: !start.has_records(), ahead: VecDeque::new() };
                self.lanes.insert(partition.clone(), lane);
            }
        }
        self.consumer.incremental_assign(&list)
    }

    /// The partitions that are read, in order.
    pub fn partitions(&self) -> impl Iterator<Item = &PartitionId> {
        self.lanes.keys()
    }

    /// Whether a partition is read here.
    pub fn reads(&self, partition: &PartitionId) -> bool {
        self.lanes.contains_key(partition)
    }

    /// Whether a partition was read to its end when it was last looked at.
    pub fn is_ended(&self, partition: &PartitionId) -> bool {
        self.lanes.get(partition).is_some_and(|lane| lane.ended)
    }

    /// A partition has more than was read, whatever was said of its end.
    pub fn doubt(&mut self, partition: &PartitionId) {
        if let Some(lane) = self.lanes.get_mut(partition) {
            lane.ended = false;
        }
    }

    /// The next offset of a partition.
    pub fn next(&self, partition: &PartitionId) -> Option<i64> {
        self.lanes.get(partition).map(|lane| lane.next)
    }

    /// Reads what is there of a partition, at most `most` records and none at or behind `until`, and none from the one on that
    /// `each` does not yet take. Never waits.
    pub fn read(
        &mut self,
        partition: &PartitionId,
        until: Option<i64>,
        most: usize,
        mut each: impl FnMut(Received<'_>) -> bool,
    ) -> Read {
        let mut read = Read::default();
        let Some(lane) = self.lanes.get_mut(partition) else { return read };
        let until = until.unwrap_or(i64::MAX);
        while read.records < most
            && let Some(ahead) = lane.ahead.pop_front_if(|ahead| ahead.offset() < until)
        {
            if lane.next <= ahead.offset() {
                if !each(received(&ahead)) {
                    lane.ahead.push_front(ahead);
                    break;
                }
                lane.next = ahead.offset() + 1;
                read.records += 1;
            }
        }
        while read.records < most && lane.next < until && lane.ahead.is_empty() {
            match lane.queue.poll(Duration::ZERO) {
                None => break,
                Some(Ok(message)) if message.offset() < lane.next => {}
                Some(Ok(message)) if until <= message.offset() => {
                    lane.ended = false;
                    lane.ahead.push_back(message.detach());
                }
                Some(Ok(message)) => {
                    lane.ended = false;
                    if !each(received(&message)) {
                        lane.ahead.push_back(message.detach());
                        break;
                    }
                    lane.next = message.offset() + 1;
                    read.records += 1;
                }
                Some(Err(KafkaError::PartitionEOF(_))) => {
                    lane.ended = true;
                    break;
                }
                Some(Err(KafkaError::MessageConsumption(RDKafkaErrorCode::AutoOffsetReset))) => {
                    read.loss = resume(&self.consumer, partition, lane);
                    break;
                }
                Some(Err(error)) => {
                    let words = advise(&error.to_string()).words;
                    tracing::warn!(%partition, "a partition cannot be read for now: {words}");
                    break;
                }
            }
        }
        read.ended = lane.ended && lane.ahead.is_empty();
        read
    }

    /// Whether the next record of a partition is known to lie at or behind `offset`, or nothing more is there.
    pub fn has_reached(&self, partition: &PartitionId, offset: i64) -> bool {
        let Some(lane) = self.lanes.get(partition) else { return false };
        offset <= lane.next || lane.ahead.front().is_some_and(|ahead| offset <= ahead.offset())
    }

    /// Tells the broker how far was judged: for lag charts only.
    pub fn commit<'a>(&self, positions: impl Iterator<Item = (&'a PartitionId, i64)>) {
        let mut list = TopicPartitionList::new();
        for (partition, next) in positions.filter(|(partition, _)| self.lanes.contains_key(partition)) {
            let added = list.add_partition_offset(&partition.topic, partition.partition, Offset::Offset(next));
            if let Err(error) = added {
                tracing::debug!(%partition, %error, "an offset was not committed");
            }
        }
        if 0 < list.count()
            && let Err(error) = self.consumer.commit(&list, CommitMode::Async)
        {
            tracing::debug!(%error, "offsets were not committed");
        }
    }

    pub(super) fn consumer(&self) -> Arc<BaseConsumer<Group>> {
        Arc::clone(&self.consumer)
    }
}

impl Drop for Source {
    /// Leaves the group. It waits for an answer to what it gave, so that comes first.
    fn drop(&mut self) {
        self.consumer.context().close();
        while let Some(handover) = self.consumer.context().next_handover() {
            if let Handover::Given(partitions) = handover {
                self.given.extend(partitions);
                self.owed = true;
            }
        }
        let mut list = TopicPartitionList::new();
        for partition in self.given.drain(..) {
            // Nothing of it is read any more.
            let _ = list.add_partition_offset(&partition.topic, partition.partition, Offset::End);
        }
        if self.owed
            && let Err(error) = self.consumer.incremental_assign(&list)
        {
            tracing::debug!(%error, "partitions were not taken at the end");
        }
        self.lanes.clear();
    }
}

fn received<M: Message>(message: &M) -> Received<'_> {
    Received {
        offset: message.offset(),
        time: message.timestamp().to_millis().filter(|&millis| 0 <= millis).map(Timestamp::from_millis),
        key: message.key(),
        payload: message.payload().unwrap_or_default(),
    }
}

/// Goes on at the earliest record there is.
fn resume(consumer: &BaseConsumer<Group>, partition: &PartitionId, lane: &mut Lane) -> Option<Loss> {
    let extent = extents(consumer, std::slice::from_ref(partition), None).ok()?.pop()?;
    let loss = Loss { partition: partition.clone(), wanted: lane.next, resumed: extent.low };
    match consumer.seek(&partition.topic, partition.partition, Offset::Offset(extent.low), ANSWER) {
        Ok(()) => {
            lane.next = extent.low;
            lane.ended = false;
            Some(loss)
        }
        Err(error) => {
            tracing::warn!(%partition, %error, "going on at the earliest record failed");
            None
        }
    }
}

/// What the broker holds of some partitions, in one question for each bound.
pub(super) fn extents(
    consumer: &BaseConsumer<Group>,
    partitions: &[PartitionId],
    first: Option<&From>,
) -> Result<Vec<Extent>, KafkaError> {
    let low = offsets(consumer, partitions, Offset::Beginning)?;
    let high = offsets(consumer, partitions, Offset::End)?;
    let since = match first {
        Some(From::Back(span)) => Some(Timestamp::from(jiff::Timestamp::now()) - *span),
        Some(From::At(at)) => Some(*at),
        _ => None,
    };
    let since = match since {
        Some(at) => offsets(consumer, partitions, Offset::Offset((at.nanos() / 1_000_000).max(0)))?,
        None => vec![None; partitions.len()],
    };
    let all = low.into_iter().zip(high).zip(since);
    Ok(all
        .map(|((low, high), since)| {
            let low = low.unwrap_or(0);
            Extent { low, high: high.unwrap_or(low).max(low), since }
        })
        .collect())
}

/// The first offset at or after a time in milliseconds, or at the begin or end; none where there is no such record.
pub(super) fn offsets(
    consumer: &BaseConsumer<Group>,
    partitions: &[PartitionId],
    at: Offset,
) -> Result<Vec<Option<i64>>, KafkaError> {
    let mut list = TopicPartitionList::with_capacity(partitions.len());
    for partition in partitions {
        list.add_partition_offset(&partition.topic, partition.partition, at)?;
    }
    let found = consumer.offsets_for_times(list, ANSWER)?;
    partitions
        .iter()
        .map(|partition| {
            let element = found.find_partition(&partition.topic, partition.partition);
            let element = element.ok_or(KafkaError::MetadataFetch(RDKafkaErrorCode::UnknownPartition))?;
            element.error()?;
            Ok(match element.offset() {
                Offset::Offset(offset) => Some(offset),
                _ => None,
            })
        })
        .collect()
}
