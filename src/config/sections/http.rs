//! `[http]`.

use std::net::{Ipv4Addr, SocketAddr};

use super::super::reader::{Fault, Table};
use super::super::settings::Http;
use super::secret::secret;

/// Where the status is served: on loopback by default; beyond it only with a token; `listen = "off"` nowhere.
pub(in super::super) fn http(mut table: Table<'_>) -> Option<Http> {
    let listen_at = table.get("listen");
    let listen = listen_at.map(|value| value.read(listen));
    let token = secret(&mut table, "token");
    table.finish();
    let address = match listen {
        Some(Some(Listen::Off)) => return None,
        Some(Some(Listen::At(address))) => address,
        Some(None) | None => SocketAddr::from((Ipv4Addr::LOCALHOST, Http::PORT)),
    };
    if let (Some(value), false, None) = (listen_at, address.ip().is_loopback(), &token) {
        let message = format!("`listen`: {address} can be reached from other machines, but there is no token");
        let hint = "add token_file = \"token\" with a secret of your choice, or listen at 127.0.0.1";
        value.fail(Fault::new(message).hint(hint));
    }
    Some(Http { listen: address, asked: listen_at.is_some(), token: token.flatten() })
}

enum Listen {
    Off,
    At(SocketAddr),
}

fn listen(text: &str) -> Result<Listen, Fault> {
    if text == "off" {
        return Ok(Listen::Off);
    }
    let local = text.replace("localhost:", "127.0.0.1:");
    let hint = "write an address and a port, such as 127.0.0.1:9464 or [::1]:9464, or \"off\"";
    let bad = |_| Fault::new(format!("`{text}` is not an address to listen at")).hint(hint);
    local.parse().map(Listen::At).map_err(bad)
}
