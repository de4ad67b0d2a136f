//! What services there are, and what users feel of them.

/// What a kind of service is like.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    pub(super) name: &'static str,
    pub(super) instances: usize,
    /// Requests per second at load 1, over all instances.
    pub(super) rate: f64,
    pub(super) base_ms: f64,
    /// The services it waits for.
    pub(super) behind: Vec<&'static str>,
    /// The share of their errors that becomes its own.
    pub(super) inherits: f64,
    /// It writes to a disk of its own.
    pub(super) disk: bool,
    /// It works off a queue.
    pub(super) queue: bool,
    /// Its visits end in orders.
    pub(super) sells: bool,
    /// It tells how long its credential holds, and which share of visits ends in an order.
    pub(super) tells_more: bool,
}

impl Shape {
    pub(super) fn new(name: &'static str, instances: usize, rate: f64, base_ms: f64) -> Self {
        Shape {
            name,
            instances,
            rate,
            base_ms,
            behind: Vec::new(),
            inherits: 0.0,
            disk: false,
            queue: false,
            sells: false,
            tells_more: false,
        }
    }
}

/// The shop, in the order in which a step needs its services: those behind first.
pub(super) fn shop() -> Vec<Shape> {
    vec![
        Shape { disk: true, ..Shape::new("orders-db", 1, 300.0, 12.0) },
        Shape::new("payments", 2, 40.0, 80.0),
        Shape::new("catalog", 2, 220.0, 35.0),
        Shape { queue: true, ..Shape::new("mailer", 1, 35.0, 50.0) },
        Shape { behind: vec!["orders-db", "payments"], sells: true, ..Shape::new("checkout", 3, 60.0, 110.0) },
        Shape { behind: vec!["catalog"], ..Shape::new("web", 3, 400.0, 45.0) },
    ]
}

/// One thing that users feel.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Promise {
    pub(super) service: &'static str,
    pub(super) felt: Felt,
    pub(super) level: f64,
}

/// What of a service is felt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Felt {
    /// Latency above the level, in ms.
    Latency,
    /// Share of errors above the level.
    Errors,
    /// Messages waiting above the level.
    Queue,
    /// Share of visits that end in an order, below the level.
    Conversion,
}

/// What is promised of the shop.
pub(super) fn shop_promises() -> Vec<Promise> {
    let promise = |service, felt, level| Promise { service, felt, level };
    vec![
        promise("checkout", Felt::Latency, 500.0),
        promise("checkout", Felt::Errors, 0.05),
        promise("web", Felt::Latency, 400.0),
        promise("mailer", Felt::Queue, 20_000.0),
    ]
}
