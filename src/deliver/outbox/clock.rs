//! The wall clock of the machine was set back: what waits for a moment of the wrong time would wait too long.

use super::Outbox;
use super::queue::{Item, Queue};
use crate::deliver::Wall;
use crate::time::Span;

impl Outbox {
    /// The clock stood at `from` and stands at `to`, before it. What was due stays due, a wait between two tries keeps its length,
    /// and so does the time until a message is given up. What waits for people at work waits for the clock, as they do.
    pub fn set_back(&mut self, from: Wall, to: Wall) {
        let by = from.since(to);
        for queue in self.book.queues.values_mut() {
            let Queue { waiting, flying, rest, .. } = queue;
            let items = waiting.values_mut().chain(flying.iter_mut().map(|(_, item)| item));
            items.for_each(|item| item.set_back(from, to, by));
            if to < *rest {
                *rest = back(*rest, by);
            }
        }
        self.paces.set_back(to);
    }
}

impl Item {
    fn set_back(&mut self, from: Wall, to: Wall, by: Span) {
        if self.next_try <= from {
            self.next_try = self.next_try.min(to);
        } else if 0 < self.attempts {
            self.next_try = back(self.next_try, by);
        }
        self.expires = back(self.expires, by);
    }
}

fn back(at: Wall, by: Span) -> Wall {
    Wall(at.0 - by)
}
