//! The pictures of alerts, beside the book: what is lost of them is a picture, never a message.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::alert::Chart;

/// So many pictures are kept; beyond it the one with the oldest moment goes.
const PICTURES: usize = 500;

/// The newest picture of each alert, kept for a while after its end.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Album(BTreeMap<String, Arc<Chart>>);

impl Album {
    /// Keeps the picture of an alert as it stands now.
    pub fn put(&mut self, alert: &str, chart: Chart) {
        self.0.insert(alert.to_owned(), Arc::new(chart));
        while PICTURES < self.0.len() {
            let oldest = self.0.iter().min_by_key(|(_, chart)| chart.at).map(|(alert, _)| alert.clone());
            let Some(oldest) = oldest else { break };
            self.0.remove(&oldest);
        }
    }

    /// The newest picture of an alert.
    pub fn get(&self, alert: &str) -> Option<&Arc<Chart>> {
        self.0.get(alert)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{Span, Timestamp};

    #[test]
    fn the_oldest_picture_goes_and_the_newest_of_an_alert_stays() {
        let mut album = Album::default();
        let chart = |i: i64| {
            let at = Timestamp::from_secs(i);
            Chart { at, since: at, from: at, to: at + Span::from_secs(1), panels: Vec::new(), changes: Vec::new() }
        };
        for i in 0..=PICTURES as i64 {
            album.put(&i.to_string(), chart(i));
        }
        album.put("7", chart(9_999));
        assert!(album.get("0").is_none() && album.get("1").is_some());
        assert_eq!(album.get("7").unwrap().at, Timestamp::from_secs(9_999));
        let bytes = postcard::to_allocvec(&album).unwrap();
        assert_eq!(postcard::from_bytes::<Album>(&bytes).unwrap(), album);
    }
}
