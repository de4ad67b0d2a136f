//! Changes as CloudEvents 1.0 in structured JSON: CDEvents of services, and `dev.forewarn.*.changed`.
//!
//! <https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md>,
//! <https://cdevents.dev/docs/continuous-deployment/>. INTERFACE "Changes" says which types are known.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::json::{Text, fault};
use super::moment::moment;
use super::quote;
use crate::signal::{Change, ChangeKind, Reject, RejectReason};
use crate::time::Timestamp;

#[derive(Deserialize, Default)]
#[serde(default, expecting = "an object")]
struct Envelope<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow, rename = "type")]
    kind: Text<'a>,
    #[serde(borrow)]
    time: Option<&'a RawValue>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
}

/// The `data` of a CDEvent.
#[derive(Deserialize, Default)]
#[serde(default, expecting = "an object")]
struct CdEvent<'a> {
    #[serde(borrow)]
    context: Context<'a>,
    #[serde(borrow)]
    subject: Subject<'a>,
}

#[derive(Deserialize, Default)]
#[serde(default, expecting = "an object")]
struct Context<'a> {
    #[serde(borrow)]
    timestamp: Option<&'a RawValue>,
}

#[derive(Deserialize, Default)]
#[serde(default, expecting = "an object")]
struct Subject<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow)]
    content: Content<'a>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase", expecting = "an object")]
struct Content<'a> {
    #[serde(borrow)]
    artifact_id: Text<'a>,
}

/// The `data` of a change that CDEvents lacks.
#[derive(Deserialize, Default)]
#[serde(default, expecting = "an object")]
struct Own<'a> {
    #[serde(borrow)]
    service: Text<'a>,
    #[serde(borrow)]
    what: Text<'a>,
    #[serde(borrow)]
    version: Option<&'a RawValue>,
}

/// Reads one event; one without a time takes `default_time`.
pub(super) fn read(text: &str, default_time: Option<Timestamp>) -> Result<Change, Reject> {
    let envelope: Envelope<'_> = serde_json::from_str(text).map_err(|error| fault("CloudEvent", &error))?;
    let (id, name) = (&*envelope.id.0, &*envelope.kind.0);
    let Some((kind, is_cdevent)) = kind(name) else {
        let detail = format!("CloudEvent `{}`: type `{}` is not known", quote(id.as_bytes()), quote(name.as_bytes()));
        return Err(Reject::new(RejectReason::UnknownFormat, detail));
    };
    let missing = |what: &str| {
        let detail = format!("CloudEvent `{}` of type `{name}`: {what} is missing", quote(id.as_bytes()));
        Reject::new(RejectReason::Malformed, detail)
    };
    if id.is_empty() {
        return Err(missing("id"));
    }
    let data = envelope.data.ok_or_else(|| missing("data"))?.get();
    let place = |error| fault(&format!("CloudEvent `{}`: data", quote(id.as_bytes())), &error);
    let (service, what, version, inner_time);
    if is_cdevent {
        let event: CdEvent<'_> = serde_json::from_str(data).map_err(place)?;
        (service, what) = (event.subject.id.0, event.subject.content.artifact_id.0);
        version = artifact_version(&what);
        inner_time = event.context.timestamp;
    } else {
        let own: Own<'_> = serde_json::from_str(data).map_err(place)?;
        (service, what) = (own.service.0, own.what.0);
        version = own.version.and_then(|raw| scalar(raw.get()));
        inner_time = None;
    }
    if service.is_empty() {
        return Err(missing(if is_cdevent { "data.subject.id" } else { "data.service" }));
    }
    let at = match envelope.time.or(inner_time) {
        Some(raw) => moment(raw.get()),
        None => default_time,
    };
    let Some(at) = at else {
        let detail = format!("CloudEvent `{}`: no time that can be read", quote(id.as_bytes()));
        return Err(Reject::new(RejectReason::NoTime, detail));
    };
    let (id, service, what) = (id.to_owned(), service.into_owned(), what.into_owned());
    Ok(Change { at, id, service, kind, what, version })
}

/// The kind of a type, and whether it is a CDEvent; those end in a version (`.0.2.0`), which may be any.
fn kind(name: &str) -> Option<(ChangeKind, bool)> {
    let own = match name {
        "dev.forewarn.flag.changed" => Some(ChangeKind::Flag),
        "dev.forewarn.config.changed" => Some(ChangeKind::Config),
        "dev.forewarn.scale.changed" => Some(ChangeKind::Scale),
        _ => None,
    };
    if let Some(kind) = own {
        return Some((kind, false));
    }
    let rest = name.strip_prefix("dev.cdevents.service.")?;
    let (verb, version) = rest.split_once('.').unwrap_or((rest, "0"));
    let kind = match verb {
        "deployed" => ChangeKind::Deployed,
        "upgraded" => ChangeKind::Upgraded,
        "rolledback" => ChangeKind::RolledBack,
        "removed" => ChangeKind::Removed,
        _ => return None,
    };
    version.starts_with(|c: char| c.is_ascii_digit()).then_some((kind, true))
}

/// The version of a package URL (`pkg:oci/checkout@1.4.2?tag=…`): what stands behind `@`.
fn artifact_version(artifact: &str) -> Option<String> {
    let bare = artifact.split(['?', '#']).next()?;
    let (_, version) = bare.rsplit_once('@')?;
    Some(version.replace("%3A", ":").replace("%3a", ":")).filter(|version| !version.is_empty())
}

/// Text, a number or a boolean as text.
fn scalar(raw: &str) -> Option<String> {
    match raw.as_bytes().first()? {
        b'"' => Some(serde_json::from_str::<Cow<'_, str>>(raw).ok()?.into_owned()),
        b'{' | b'[' => None,
        _ if raw == "null" => None,
        _ => Some(raw.to_owned()),
    }
}

#[cfg(test)]
#[path = "cloudevents_tests.rs"]
mod tests;
