//! A book in a snapshot: its own section, and one for each template followed by those of its watches.

use serde::{Deserialize, Serialize};

use super::super::section::{Section, Writer};
use super::flows::Flows;
use super::known::{Core, Known, Value};
use super::news::News;
use super::recent::Recent;
use super::{Book, Loading};
use crate::plan::Plan;
use crate::signal::template::{Miner, MinerState, TemplateId};
use crate::time::Timestamp;

const BOOK: u8 = 20;
const KNOWN: u8 = 21;
/// A watch of the template before follows: of its rate, or of one of its values.
const WATCH: u8 = 22;
/// The watch of an aspect of the whole follows.
const WHOLE: u8 = 23;
const VERSION: u8 = 2;

/// Whether a section belongs to a book.
pub(in super::super) fn is_of_book(section: &Section<'_>) -> bool {
    (BOOK..=WHOLE).contains(&section.tag)
}

#[derive(Debug, Serialize, Deserialize)]
struct BookState {
    minute: Option<Timestamp>,
    first: Option<Timestamp>,
    newest: Option<Timestamp>,
    lines: u64,
    in_minute: u32,
    news: News,
    recent: Recent,
    flows: Flows,
    dropped: u64,
    miner: MinerState,
}

#[derive(Debug, Serialize, Deserialize)]
struct KnownState {
    id: TemplateId,
    core: Core,
    values: Vec<Value>,
}

pub(super) fn save(book: &Book, to: &mut Writer) {
    let state = BookState {
        minute: book.minute,
        first: book.first,
        newest: book.newest,
        lines: book.lines,
        in_minute: book.in_minute,
        news: book.news.clone(),
        recent: book.recent.clone(),
        flows: book.flows.clone(),
        dropped: book.dropped,
        miner: book.miner.save(),
    };
    to.put(BOOK, VERSION, &state);
    for (at, watch) in book.whole.watches() {
        to.put(WHOLE, VERSION, &at);
        watch.save(to);
    }
    for (id, known) in &book.known {
        let values = known.values.iter().map(|(value, _)| value.clone()).collect();
        to.put(KNOWN, VERSION, &KnownState { id: *id, core: known.core.clone(), values });
        let values = known.values.iter().enumerate().map(|(place, (_, watch))| (Some(place), watch));
        for (place, watch) in [(None, &known.rate)].into_iter().chain(values) {
            if let Some(watch) = watch {
                to.put(WATCH, VERSION, &place);
                watch.save(to);
            }
        }
    }
}

pub(super) fn load(book: &mut Book, section: &Section<'_>, plan: &Plan) -> bool {
    let service = book.service.clone();
    match section.tag {
        BOOK => section.read(VERSION).map(|state| restore(book, state)).is_some(),
        KNOWN => {
            let Some(KnownState { id, core, values }) = section.read(VERSION) else { return false };
            let values = values.into_iter().map(|value| (value, None)).collect();
            book.known.insert(id, Known { core, rate: None, values });
            book.loading = Some(Loading::Template(id, None));
            true
        }
        WATCH => {
            let Some(place) = section.read::<Option<usize>>(VERSION) else { return false };
            let Some(Loading::Template(id, into)) = &mut book.loading else { return false };
            *into = place;
            book.known.get_mut(id).is_some_and(|known| known.readmit(place, &service, plan))
        }
        WHOLE => {
            let Some(at) = section.read::<u8>(VERSION) else { return false };
            book.loading = Some(Loading::Whole(at));
            book.whole.readmit(at, &service, plan)
        }
        _ => {
            let watch = match book.loading {
                Some(Loading::Template(id, place)) => book.known.get_mut(&id).and_then(|known| match place {
                    None => known.rate.as_mut(),
                    Some(place) => known.values.get_mut(place).and_then(|(_, watch)| watch.as_mut()),
                }),
                Some(Loading::Whole(at)) => book.whole.watch(at),
                None => None,
            };
            watch.is_some_and(|watch| watch.load(section))
        }
    }
}

fn restore(book: &mut Book, state: BookState) {
    book.minute = state.minute;
    book.first = state.first;
    book.newest = state.newest;
    book.lines = state.lines;
    book.in_minute = state.in_minute;
    book.news = state.news;
    book.recent = state.recent;
    book.flows = state.flows;
    book.dropped = state.dropped;
    book.miner = Miner::restore(state.miner);
}
