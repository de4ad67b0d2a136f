//! Secrets: in a file or the environment, never in the configuration itself.

use super::super::reader::{Fault, Table, Value};
use super::super::settings::Secret;

/// The keys under which a secret may be named: in clear (refused), by file, by variable of the environment.
const KEYS: [[&str; 3]; 5] = [
    ["password", "password_file", "password_env"],
    ["secret", "secret_file", "secret_env"],
    ["token", "token_file", "token_env"],
    ["url", "url_file", "url_env"],
    ["routing_key", "routing_key_file", "routing_key_env"],
];

/// Reads `NAME_file` or `NAME_env`. None where neither is given; `Some(None)` where it is given and cannot be read.
pub(super) fn secret(table: &mut Table<'_>, name: &str) -> Option<Option<Secret>> {
    let [clear, file, variable] = KEYS.into_iter().find(|keys| keys[0] == name)?;
    let (in_file, in_environment) = (table.get(file), table.get(variable));
    let hint = format!("put it into a file and write {file} = \"…\" (or {variable} = \"NAME\")");
    if table.refuse(clear, &format!("`{clear}` must not stand in a configuration"), &hint) {
        return Some(None);
    }
    let value = match (in_file, in_environment) {
        (Some(_), Some(second)) => {
            let message = format!("`{file}` and `{variable}` exclude each other");
            second.fail(Fault::new(message).hint("keep one of them"));
            return Some(None);
        }
        (first, second) => first.or(second)?,
    };
    Some(fetch(value, in_file.is_some()))
}

/// The secret that a value names, by file or by variable; an empty one where secrets are not needed.
pub(super) fn fetch(value: Value<'_>, in_file: bool) -> Option<Secret> {
    let outside = &value.desk.outside;
    value.read(|given| {
        if !outside.secrets {
            return Ok(Secret::new(""));
        }
        let text = if in_file { outside.secret(given)? } else { outside.variable(given)? };
        match text.trim() {
            "" => Err(Fault::new(format!("`{given}` is empty")).hint("it must hold the secret")),
            text => Ok(Secret::new(text)),
        }
    })
}
