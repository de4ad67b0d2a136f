//! `forewarn` knows that a system will fail before its users do.
//!
//! It reads metrics and logs from Kafka (or files), keeps a rolling statistical baseline of every signal, predicts when
//! objectives and limits will be passed, and tells people in time and once.
//!
//! The modules below stand in the order in which data flows through them; each may use only those above it.
//!
//! ```text
//!             ┌──────────────── shell: async, fallible, thin ────────────────┐
//!  Kafka ───► source ─► decode ─► gate (lateness, watermark)             outbox ─► email, webhook, topic
//!  files ───►  bytes     pure      pure                                   pure        async
//!                                    ▼                                     ▲
//!        ┌────────────── core: pure, deterministic, total ─────────────────┴┐
//!        │  signal ─► baseline ─► detect ─┐                                 │
//!        │  (by shard, hash of signal)    ├─► findings ─► incident ─► alert │
//!        │                     forecast ──┘                                 │
//!        └──────────────────────────────────────────────────────────────────┘
//!                       checkpoint = positions + shards + incidents + outbox, together
//! ```

// The core: pure. No clock, no file, no randomness; nothing in it can fail.
pub mod time; // when: event time, never read from a clock
pub mod calendar; // local time: days, work, holidays
pub mod signal; // what: identities, readings, observations
pub mod plan; // what the engine was asked to do
pub mod baseline; // what is normal
pub mod detect; // how far from normal
pub mod forecast; // when it will hurt
pub mod finding; // one signal's trouble, as it is handed on
pub mod alert; // what people see of it, and how soon they must
pub mod incident; // is it one problem: findings in, alert records out
pub mod engine; // the shards and the incident stage as one state machine

// The plan: from text to typed values.
pub mod config;

// The shell: bytes in, messages out.
pub mod net; // what all who speak over the network have in common
pub mod ingest; // sources, decoders, the gate of time
pub mod deliver; // the outbox and its channels
pub mod state; // checkpoints, journal, receipts
pub mod pipeline; // from the bytes of all partitions to decisions
pub mod frame; // Arrow: nothing else knows it
pub mod recording; // what was read and what acted, kept for replay
pub mod replay; // the same engine, on files
pub mod telemetry; // metrics of the process itself
pub mod serve; // status and commands over HTTP
#[cfg(feature = "kafka")]
pub mod run; // the live process
pub mod simulate; // a shop that fails, by seed
#[cfg(feature = "kafka")]
pub mod demo; // the live process on that shop, in a minute
pub mod explain; // why something was said, or was not
pub mod eval; // how good it is, against labels

// The command line above all.
pub mod cli;
