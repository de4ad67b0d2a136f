//! How soon people know: from the record that decides, written to Kafka, to the webhook, at 20,000 points a second.

use std::fmt::Write;
use std::time::{Duration, Instant};

use super::broker::Broker;
use super::hook::Hook;
use super::live::Home;
use super::noise;

/// A step of event time holds a point of each signal and is written in a twentieth of a second.
const STEP_SECS: i64 = 300;
const STEP: Duration = Duration::from_millis(50);
const STEPS: usize = 400;
const SERVICES: usize = 50;
const SIGNALS_EACH: usize = 20;
/// Each so many steps another service is slow for two steps: far enough apart to be problems of their own.
const APART: usize = 8;
const START: i64 = 1_790_000_000;
const LATENESS: i64 = 30;
const PARTITIONS: usize = 2;

/// Whether a service is slow at a step.
fn is_slow(service: usize, step: usize) -> bool {
    let (turn, into) = (step / APART, step % APART);
    2 <= turn && turn % SERVICES == service && into < 2
}

/// The messages of a step: of each service its points, in one message.
fn messages(step: usize, state: &mut u64) -> Vec<String> {
    let nanos = (START + step as i64 * STEP_SECS) * 1_000_000_000;
    let message = |service: usize| {
        let mut text = String::new();
        let latency = 100.0 + 10.0 * noise(state) + if is_slow(service, step) { 900.0 } else { 0.0 };
        writeln!(text, "http,service=s{service} latency={latency:.3} {nanos}").unwrap();
        for instance in 1..SIGNALS_EACH {
            let load = instance as f64 + noise(state);
            writeln!(text, "app,service=s{service},instance={instance} load={load:.3} {nanos}").unwrap();
        }
        text
    };
    (0..SERVICES).map(message).collect()
}

/// Writes everything at its pace; when the last record of each step was written.
fn produce(broker: &Broker, topic: &str) -> Vec<Instant> {
    let mut state = 9;
    let mut written = Vec::with_capacity(STEPS);
    let began = Instant::now();
    for step in 0..STEPS {
        let due = began + STEP * step as u32;
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        for (service, message) in messages(step, &mut state).iter().enumerate() {
            broker.send(topic, (service % PARTITIONS) as i32, message.as_bytes());
        }
        written.push(Instant::now());
    }
    broker.flush();
    let took = began.elapsed().as_secs_f64();
    let points = (STEPS * SERVICES * SIGNALS_EACH) as f64;
    println!("{:.0} points/s for {took:.1} s", points / took);
    assert!(0.9 * 20_000.0 <= points / took, "the test could not write fast enough");
    written
}

#[test]
fn a_webhook_comes_soon_after_the_record_that_decides() {
    let bound = Duration::from_secs(2);
    let broker = Broker::connect();
    let (topic, hook) = (broker.topic("latency", PARTITIONS as i32), Hook::open());
    let promise = "[[objective]]\nname = \"slow\"\nsignal = 'http_latency'\nabove = 500\n";
    let home = Home::new(&broker.address, &[&topic], &format!("{promise}{}", hook.receiver()));
    let mut live = home.start();
    live.until("ready", Duration::from_secs(30), |status| status["ready"] == true);
    let written = produce(&broker, &topic);
    let records = (STEPS * SERVICES) as u64;
    live.until("all is judged", Duration::from_secs(60), |status| {
        status["records"][&topic] == records && status["lag"] == 0
    });
    std::thread::sleep(Duration::from_secs(2));

    let mut latencies = Vec::new();
    for message in hook.messages() {
        let at = message.record()["at"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap().as_second();
        // A moment is decided by the first step that lies beyond it by more than the lateness.
        let step = usize::try_from((at + LATENESS - START) / STEP_SECS + 1).unwrap();
        if let Some(written) = written.get(step) {
            latencies.push(message.arrived.saturating_duration_since(*written));
        }
    }
    latencies.sort();
    let share = |share: f64| latencies[((latencies.len() - 1) as f64 * share).ceil() as usize];
    assert!(40 <= latencies.len(), "{} messages came", latencies.len());
    println!(
        "Kafka to webhook beyond the lateness, {} messages: p50 {:?}, p99 {:?}, most {:?}",
        latencies.len(),
        share(0.5),
        share(0.99),
        share(1.0)
    );
    assert!(share(0.99) < bound, "p99 {:?}", share(0.99));
}
