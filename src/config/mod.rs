//! From text to typed values: a file is read raw with spans, then resolved, and every problem is reported at once.

mod settings;

pub use settings::{
    Channel, Deliver, Email, From, Http, Kafka, Lateness, Receiver, Route, Secret, Settings, SmtpTls, State, Webhook,
};
