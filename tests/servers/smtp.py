"""A mail server that demands STARTTLS and a login and writes every mail into a folder.

usage: smtp.py PORT FOLDER [--no-starttls]

A recipient whose name begins with `later` is answered 451, one that begins with `never` 550.
"""

import asyncio
import pathlib
import signal
import ssl
import sys

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

USER, PASSWORD = b"forewarn", b"open sesame"


class Folder:
    """Keeps what arrives, one file a mail, named when it is whole."""

    def __init__(self, folder):
        self.folder = folder
        self.count = len(list(folder.glob("mail-*.eml")))

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("later"):
            return "451 4.3.0 the mailbox is busy, come back later"
        if address.startswith("never"):
            return "550 5.1.1 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.count += 1
        part = self.folder / f"mail-{self.count}.part"
        proof = f"X-Seen-TLS: {session.ssl is not None}\r\nX-Seen-Login: {session.authenticated}\r\n"
        part.write_bytes(proof.encode() + envelope.content)
        part.rename(part.with_suffix(".eml"))
        return "250 OK"


def login(server, session, envelope, mechanism, data):
    known = isinstance(data, LoginPassword) and (data.login, data.password) == (USER, PASSWORD)
    return AuthResult(success=known, handled=False if not known else True)


def main():
    port, folder = int(sys.argv[1]), pathlib.Path(sys.argv[2])
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    clear = "--no-starttls" in sys.argv
    controller = Controller(
        Folder(folder),
        hostname="127.0.0.1",
        port=port,
        authenticator=login,
        auth_required=not clear,
        tls_context=None if clear else context,
        require_starttls=not clear,
    )
    controller.start()
    print("ready", flush=True)
    signal.sigwait({signal.SIGTERM, signal.SIGINT})
    controller.stop()


if __name__ == "__main__":
    main()
