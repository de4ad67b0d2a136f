//! `[kafka.schema_registry]`.

use super::super::reader::{Fault, Table, Value};
use super::super::settings::SchemaRegistry;
use super::super::text;
use super::receivers::ca_file;
use super::secret::secret;

/// The registry; none where it is not named or cannot be used (the problems then say why).
pub(super) fn registry(mut table: Table<'_>) -> Option<SchemaRegistry> {
    let address = |text: &str| text::url(text, &["https", "http"]).map(|_| text.to_owned());
    let url = table.need("url", "\"https://registry.example:8081\"").and_then(|value| value.read(address));
    let user_at = table.get("user");
    let user = user_at.and_then(Value::text);
    let password = secret(&mut table, "password");
    let token_at = table.get("token_file").or_else(|| table.get("token_env"));
    let token = secret(&mut table, "token");
    let ca_file = ca_file(&mut table);
    let (span, desk) = (table.span.clone(), table.desk);
    table.finish();

    if user.is_some() != password.is_some() {
        let (has, lacks) = if user.is_some() { ("user", "password_file") } else { ("a password", "user") };
        let hint = "a login is both; leave both out for a registry that needs none";
        desk.error(span, Fault::new(format!("the schema registry has {has} but no `{lacks}`")).hint(hint));
    }
    if let (Some(value), true) = (token_at, user.is_some()) {
        let fault = Fault::new("a login and a token exclude each other").hint("keep what the registry asks for");
        value.fail(fault);
    }
    let login = user.zip(password.flatten()).map(|(user, password)| (user.to_owned(), password));
    Some(SchemaRegistry { url: url?, login, token: token.flatten(), ca_file })
}
