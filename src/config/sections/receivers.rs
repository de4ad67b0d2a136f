//! `[[receiver]]`: who is told, and how.

use std::path::PathBuf;

use super::super::reader::{Fault, Table, Value};
use super::super::settings::{Channel, Email, Pace, Receiver, Secret, SmtpTls, TIMEOUT, Webhook};
use super::super::text;
use super::secret::secret;
use super::services::{alertmanager, chat, pagerduty};

/// The ways to reach a receiver, as the keys of `[[receiver]]`.
const WAYS: [&str; 6] = ["email", "webhook", "slack", "teams", "pagerduty", "alertmanager"];

/// The receivers that can be read, and the names of all, so that a route to a broken one is not called unknown.
pub(in super::super) fn receivers(tables: Vec<Table<'_>>) -> (Vec<Receiver>, Vec<(String, Value<'_>)>) {
    let (mut receivers, mut names) = (Vec::new(), Vec::<(String, Value<'_>)>::new());
    for mut table in tables {
        let name_at = table.need("name", "\"ops-mail\"");
        let name = name_at.and_then(|value| value.read(name));
        let pace = pace(&mut table);
        let channel = channel(table);
        let (Some(name), Some(value)) = (name, name_at) else { continue };
        if names.iter().any(|(have, _)| *have == name) {
            let hint = "routes name receivers: each needs a name of its own";
            value.fail(Fault::new(format!("there are two receivers named `{name}`")).hint(hint));
        }
        names.push((name.clone(), value));
        receivers.extend(channel.map(|channel| Receiver { name, channel, pace }));
    }
    (receivers, names)
}

fn name(text: &str) -> Result<String, Fault> {
    match text.trim() {
        "" => Err(Fault::new("a receiver has a name").hint("write what people call it: \"ops-mail\"")),
        text => Ok(text.to_owned()),
    }
}

/// `at_most`, and whether it holds for pages too.
fn pace(table: &mut Table<'_>) -> Option<Pace> {
    let pace = table.read("at_most", text::pace);
    let pages_at = table.get("limit_pages");
    let pages = pages_at.and_then(Value::flag);
    if let (Some(value), None) = (pages_at, &pace) {
        let hint = "add at_most = \"10/hour\", or leave it out";
        value.fail(Fault::new("`limit_pages` says something of a limit that is not there").hint(hint));
    }
    pace.map(|pace| Pace { pages: pages.unwrap_or(false), ..pace })
}

fn channel(mut table: Table<'_>) -> Option<Channel> {
    let ways = WAYS.map(|way| (way, table.get(way)));
    let (span, desk) = (table.span.clone(), table.desk);
    table.finish();
    let mut given = ways.into_iter().filter_map(|(way, value)| Some((way, value?)));
    let Some((way, value)) = given.next() else {
        let hint = "add email = { smtp = …, from = …, to = [ … ] }, webhook = { url = … }, slack, teams, pagerduty or \
                    alertmanager";
        desk.error(span, Fault::new("[[receiver]] says no way to reach it").hint(hint));
        return None;
    };
    if let Some((_, second)) = given.next() {
        let hint = "write one [[receiver]] for each and name both in the route";
        second.fail(Fault::new("a receiver is reached in one way").hint(hint));
        return None;
    }
    let table = value.table()?;
    match way {
        "email" => email(table).map(Channel::Email),
        "webhook" => webhook(table).map(Channel::Webhook),
        "slack" => chat(table).map(Channel::Slack),
        "teams" => chat(table).map(Channel::Teams),
        "pagerduty" => pagerduty(table).map(Channel::PagerDuty),
        _ => alertmanager(table).map(Channel::Alertmanager),
    }
}

fn email(mut table: Table<'_>) -> Option<Email> {
    let server = |text: &str| text::url(text, &["smtp", "smtps"]);
    let smtp = table.need("smtp", "\"smtp://mail.example:587\"").and_then(|value| value.read(server));
    let words = [("starttls", SmtpTls::StartTls), ("tls", SmtpTls::Tls), ("none", SmtpTls::None)];
    let tls_at = table.get("tls");
    let tls = tls_at.and_then(|value| value.read(|text| text::one_of(&words, text)));
    let user_at = table.get("user");
    let user = user_at.and_then(Value::text);
    let password = secret(&mut table, "password");
    let ca_file = ca_file(&mut table);
    let from = table.need("from", "\"forewarn@example.org\"").and_then(|value| value.read(text::mailbox));
    let to_at = table.need("to", "[\"ops@example.org\"]");
    let to = to_at.map(|value| value.texts(text::mailbox));
    let (span, desk) = (table.span.clone(), table.desk);
    table.finish();

    if user.is_some() != password.is_some() {
        let (has, lacks) = if user.is_some() { ("user", "password_file") } else { ("a password", "user") };
        let hint = "a login is both; leave both out for a server that needs none";
        desk.error(span, Fault::new(format!("`email` has {has} but no `{lacks}`")).hint(hint));
    }
    if let Some(value) = to_at.filter(|value| value.list().is_some_and(|items| items.is_empty())) {
        value.fail(Fault::new("`to` names nobody").hint("write one address at least"));
    }
    let smtp = smtp?;
    let implicit = smtp.scheme() == "smtps";
    let default = if implicit { SmtpTls::Tls } else { SmtpTls::StartTls };
    let tls = tls.unwrap_or(default);
    if let Some(value) = tls_at.filter(|_| implicit && tls != SmtpTls::Tls) {
        let message = "smtps:// is TLS from the first byte: `tls` contradicts it";
        value.fail(Fault::new(message).hint("leave `tls` out, or write smtp://"));
    }
    if let (Some(value), SmtpTls::None, Some(_)) = (tls_at, tls, user) {
        let message = "the password goes over the network in clear text";
        value.desk.warning(value.span(), Fault::new(message).hint("use tls = \"starttls\""));
    }
    let port = smtp.port().unwrap_or(if tls == SmtpTls::Tls { 465 } else { 587 });
    let login = user.zip(password.flatten()).map(|(user, password)| (user.to_owned(), password));
    // An IPv6 address stands in brackets only within an address.
    let host = smtp.host_str()?.trim_matches(['[', ']']).to_owned();
    Some(Email { host, port, tls, ca_file, login, from: from?, to: to? })
}

fn webhook(mut table: Table<'_>) -> Option<Webhook> {
    let address = |text: &str| text::url(text, &["https", "http"]).map(|_| text.to_owned());
    let url = table.need("url", "\"https://example/alerts\"").and_then(|value| value.read(address));
    let secret_at = table.get("secret_file").or_else(|| table.get("secret_env"));
    let secret = secret(&mut table, "secret").flatten();
    let timeout = table.read("timeout", text::span).unwrap_or(TIMEOUT);
    let ca_file = ca_file(&mut table);
    table.finish();
    if let (Some(value), Some(secret)) = (secret_at, &secret) {
        check_signing(value, secret);
    }
    Some(Webhook { url: url?, secret, timeout, ca_file })
}

/// A Standard Webhooks secret is base64, after `whsec_` or not; a replay has none.
fn check_signing(value: Value<'_>, secret: &Secret) {
    if value.desk.outside.secrets && standardwebhooks::Webhook::new(secret.reveal()).is_err() {
        let message = "the secret is not base64, as Standard Webhooks wants it";
        value.fail(Fault::new(message).hint("make one: printf 'whsec_%s' \"$(openssl rand -base64 32)\""));
    }
}

pub(super) fn ca_file(table: &mut Table<'_>) -> Option<PathBuf> {
    let outside = &table.desk.outside;
    table.read("ca_file", |text| match !outside.secrets || outside.has(text) {
        true => Ok(outside.path(text)),
        false => Err(Fault::new(format!("there is no file `{text}`"))
            .hint("it holds the authority's certificate (PEM), relative to the configuration file")),
    })
}
