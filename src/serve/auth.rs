//! Who may ask: with a token set, whoever shows it.

use axum::http::{HeaderMap, header};

use crate::config::Secret;

/// Whether the request may pass. Health never asks for a token.
pub(super) fn may_pass(token: Option<&Secret>, headers: &HeaderMap) -> bool {
    let Some(token) = token else { return true };
    let shown = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let shown =
        shown.and_then(|value| value.split_once(' ')).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    shown.is_some_and(|(_, shown)| equal(shown.trim().as_bytes(), token.reveal().as_bytes()))
}

/// Compares in a time that depends on the lengths alone.
fn equal(a: &[u8], b: &[u8]) -> bool {
    let differing = a.iter().zip(b).fold(0u8, |all, (a, b)| all | (a ^ b));
    std::hint::black_box(differing) == 0 && a.len() == b.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_token_passes() {
        let token = Secret::new("s3cret\n");
        let table = [
            (None, false),
            (Some("Bearer s3cret"), true),
            (Some("bearer  s3cret"), true),
            (Some("Bearer s3cre"), false),
            (Some("Bearer s3cret2"), false),
            (Some("Bearer "), false),
            (Some("Basic s3cret"), false),
        ];
        for (shown, passes) in table {
            let mut headers = HeaderMap::new();
            if let Some(shown) = shown {
                headers.insert(header::AUTHORIZATION, shown.parse().unwrap());
            }
            assert_eq!(may_pass(Some(&token), &headers), passes, "{shown:?}");
            assert!(may_pass(None, &headers));
        }
    }
}
