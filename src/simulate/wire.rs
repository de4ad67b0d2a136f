//! The shop as it stands on the wire: line protocol, JSON logs, CDEvents.

use std::fmt::Write;

use super::fault::{Fault, FaultKind};
use super::service::Service;
use crate::time::Timestamp;

/// One message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its time, which is also its Kafka record's.
    pub at: Timestamp,
    /// Where it goes.
    pub topic: Topic,
    /// What keeps its order: the service.
    pub key: String,
    /// The message.
    pub bytes: Vec<u8>,
}

/// The three streams that a shop sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// Line protocol.
    Metrics,
    /// JSON lines.
    Logs,
    /// CloudEvents.
    Changes,
}

impl Topic {
    /// The topic's name.
    pub fn name(self) -> &'static str {
        match self {
            Topic::Metrics => "metrics",
            Topic::Logs => "logs",
            Topic::Changes => "changes",
        }
    }
}

/// The metrics of a service at a step, as one batch of lines.
pub(super) fn metrics(service: &Service, orders: Option<f64>, at: Timestamp) -> Event {
    let mut text = String::new();
    let name = service.shape.name;
    for instance in service.instances.iter().filter(|instance| !instance.silent) {
        let (tags, now) = (format!("service={name},instance={}", instance.name), &instance.now);
        line(
            &mut text,
            format_args!(
                "http,{tags} requests_total={}i,errors_total={}i,latency_ms={:.2} {}",
                instance.requests,
                instance.errors,
                now.latency_ms,
                at.nanos()
            ),
        );
        line(
            &mut text,
            format_args!(
                "process,{tags} cpu_used_ratio={:.4},memory_used_ratio={:.4} {}",
                now.cpu,
                now.memory,
                at.nanos()
            ),
        );
        line(&mut text, format_args!("pool,{tags} used_ratio={:.4} {}", now.pool, at.nanos()));
    }
    line(
        &mut text,
        format_args!(
            "http,service={name} latency_p99_ms={:.2},error_ratio={:.5} {}",
            service.latency_ms(),
            service.error_ratio(),
            at.nanos()
        ),
    );
    if service.shape.disk {
        line(
            &mut text,
            format_args!("disk,service={name},host={name}-host used_ratio={:.5} {}", service.disk, at.nanos()),
        );
    }
    if let Some(used) = service.log_volume {
        line(
            &mut text,
            format_args!("disk,service={name},host={name}-host,path=/var/log used_ratio={used:.5} {}", at.nanos()),
        );
    }
    if service.shape.tells_more {
        line(
            &mut text,
            format_args!("credential,service={name} left_seconds={:.0} {}", service.credential.max(0.0), at.nanos()),
        );
        if service.shape.sells {
            line(
                &mut text,
                format_args!("shop,service={name} conversion_ratio={:.5} {}", 0.3 * service.conversion, at.nanos()),
            );
        }
    }
    if service.shape.queue {
        line(&mut text, format_args!("queue,service={name} depth={:.0}i {}", service.queue, at.nanos()));
    }
    if let Some(orders) = orders {
        line(&mut text, format_args!("shop,service={name} orders_per_minute={orders:.2} {}", at.nanos()));
    }
    Event { at, topic: Topic::Metrics, key: name.to_owned(), bytes: text.into_bytes() }
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    writeln!(text, "{line}").expect("writing to a string cannot fail");
}

/// The log lines of a service over the `dt` seconds before `at`.
pub(super) fn logs(service: &mut Service, at: Timestamp, dt: f64) -> Option<Event> {
    let name = service.shape.name;
    let rate: f64 = service.instances.iter().map(|instance| instance.now.rate).sum();
    // A fleet logs a sample of what a shop logs: it lives for weeks.
    let (most, share) = if service.shape.tells_more { (8.0, 0.05) } else { (50.0, 1.0) };
    let ordinary = service.noise.count((rate * dt * 0.004 * share).min(most));
    let failed = service.noise.count((rate * service.error_ratio() * dt * 0.5 * share).min(most));
    let mut text = String::new();
    for n in 0..ordinary {
        let took = service.latency_ms() * service.noise.uniform(0.2, 1.0);
        line(
            &mut text,
            format_args!(
                r#"{{"@timestamp":"{at}","log.level":"info","service.name":"{name}","message":"request {n} took {took:.0} ms"}}"#
            ),
        );
    }
    for n in 0..failed {
        line(
            &mut text,
            format_args!(
                r#"{{"@timestamp":"{at}","log.level":"error","service.name":"{name}","message":"request {n} failed"}}"#
            ),
        );
    }
    (!text.is_empty()).then(|| Event { at, topic: Topic::Logs, key: name.to_owned(), bytes: text.into_bytes() })
}

/// The change that a fault begins or ends with, where it is one.
pub(super) fn change(fault: &Fault, n: usize, begins: bool) -> Option<Event> {
    let (service, at) = (fault.service, if begins { fault.begins } else { fault.ends });
    let text = match (fault.kind, begins) {
        (FaultKind::BadDeploy | FaultKind::HarmlessDeploy, true) => deploy(service, n, "upgraded", n + 2, at),
        (FaultKind::BadDeploy, false) => deploy(service, n, "rolledback", n + 1, at),
        (FaultKind::SlowFlag, on) => flag(service, n, on, at),
        _ => return None,
    };
    Some(Event { at, topic: Topic::Changes, key: service.to_owned(), bytes: text.into_bytes() })
}

fn deploy(service: &str, n: usize, kind: &str, version: usize, at: Timestamp) -> String {
    format!(
        concat!(
            r#"{{"specversion":"1.0","id":"deploy-{n}-{kind}","source":"/shop/deploys","type":"dev.cdevents.service.{kind}.0.2.0","#,
            r#""time":"{at}","datacontenttype":"application/json","data":{{"context":{{"id":"deploy-{n}-{kind}","timestamp":"{at}"}},"#,
            r#""subject":{{"id":"{service}","type":"service","content":{{"environment":{{"id":"production"}},"#,
            r#""artifactId":"pkg:oci/{service}@v{version}"}}}}}}}}"#
        ),
        n = n,
        kind = kind,
        at = at,
        service = service,
        version = version,
    )
}

fn flag(service: &str, n: usize, on: bool, at: Timestamp) -> String {
    let state = if on { "on" } else { "off" };
    format!(
        concat!(
            r#"{{"specversion":"1.0","id":"flag-{n}-{state}","source":"/shop/flags","type":"dev.forewarn.flag.changed","#,
            r#""time":"{at}","datacontenttype":"application/json","data":{{"service":"{service}","what":"new_search_{n}","version":"{state}"}}}}"#
        ),
        n = n,
        state = state,
        at = at,
        service = service,
    )
}
