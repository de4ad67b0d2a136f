//! The services of `[[receiver]]` that take one document by HTTP: Slack, Microsoft Teams, PagerDuty, Alertmanager.

use super::super::reader::{Fault, Table, Value};
use super::super::settings::{Alertmanager, Chat, PagerDuty, Secret, TIMEOUT};
use super::super::text;
use super::receivers::ca_file;
use super::secret::secret;

/// Slack and Teams: the address is the key to the channel, so it stands in a file.
pub(super) fn chat(mut table: Table<'_>) -> Option<Chat> {
    let url_at = table.get("url_file").or_else(|| table.get("url_env"));
    let url = secret(&mut table, "url");
    let timeout = table.read("timeout", text::span).unwrap_or(TIMEOUT);
    let ca_file = ca_file(&mut table);
    let (span, desk, title) = (table.span.clone(), table.desk, table.title().to_owned());
    table.finish();
    let Some(url) = url else {
        let hint =
            "put the webhook's address into a file and write url_file = \"…\": who has it can write to the channel";
        desk.error(span, Fault::new(format!("{title} needs `url_file`")).hint(hint));
        return None;
    };
    if let (Some(value), Some(url)) = (url_at, &url) {
        check_address(value, url);
    }
    Some(Chat { url: url?, timeout, ca_file })
}

/// The address is read and never shown.
fn check_address(value: Value<'_>, url: &Secret) {
    if value.desk.outside.secrets && text::url(url.reveal(), &["https", "http"]).is_err() {
        let message = "what it holds is no address of a webhook";
        value.fail(Fault::new(message).hint("it is one line: https://… as the service shows it"));
    }
}

/// PagerDuty: the integration key of a service.
pub(super) fn pagerduty(mut table: Table<'_>) -> Option<PagerDuty> {
    let key_at = table.get("routing_key_file").or_else(|| table.get("routing_key_env"));
    let key = secret(&mut table, "routing_key");
    let address = |text: &str| text::url(text, &["https", "http"]).map(|_| text.to_owned());
    let url = table.read("url", address).unwrap_or_else(|| PagerDuty::URL.to_owned());
    let timeout = table.read("timeout", text::span).unwrap_or(TIMEOUT);
    let ca_file = ca_file(&mut table);
    let (span, desk) = (table.span.clone(), table.desk);
    table.finish();
    let Some(key) = key else {
        let hint = "make an integration `Events API V2` in the service, put its key into a file and write \
                    routing_key_file = \"…\"";
        desk.error(span, Fault::new("`pagerduty` needs `routing_key_file`").hint(hint));
        return None;
    };
    if let (Some(value), Some(key)) = (key_at, &key)
        && value.desk.outside.secrets
        && !(key.reveal().len() == 32 && key.reveal().bytes().all(|byte| byte.is_ascii_alphanumeric()))
    {
        let message = "what it holds is no routing key: those have 32 letters and digits";
        value.fail(Fault::new(message).hint("take the integration key of an `Events API V2` integration"));
    }
    Some(PagerDuty { routing_key: key?, url, timeout, ca_file })
}

/// Alertmanager: its address, and a login or a token where a proxy before it wants one.
pub(super) fn alertmanager(mut table: Table<'_>) -> Option<Alertmanager> {
    let address = |text: &str| text::url(text, &["https", "http"]).map(|_| text.to_owned());
    let url_at = table.need("url", "\"http://alertmanager.example:9093\"");
    let url = url_at.and_then(|value| value.read(address));
    let user = table.get("user").and_then(Value::text);
    let password = secret(&mut table, "password");
    let token = secret(&mut table, "token");
    let timeout = table.read("timeout", text::span).unwrap_or(TIMEOUT);
    let ca_file = ca_file(&mut table);
    let (span, desk) = (table.span.clone(), table.desk);
    table.finish();
    if user.is_some() != password.is_some() {
        let (has, lacks) = if user.is_some() { ("user", "password_file") } else { ("a password", "user") };
        let hint = "a login is both; leave both out where none is needed";
        desk.error(span.clone(), Fault::new(format!("`alertmanager` has {has} but no `{lacks}`")).hint(hint));
    }
    if user.is_some() && token.is_some() {
        let message = "`alertmanager` has a login and a token";
        desk.error(span, Fault::new(message).hint("a request carries one of them: keep that which the proxy wants"));
    }
    if let (Some(value), Some(url)) = (url_at, &url)
        && url.contains("/api/")
    {
        let message = "`url` names a path of the API";
        value.fail(Fault::new(message).hint("write what stands before /api: the address of Alertmanager itself"));
    }
    let login = user.zip(password.flatten()).map(|(user, password)| (user.to_owned(), password));
    Some(Alertmanager { url: url?, login, token: token.flatten(), timeout, ca_file })
}
