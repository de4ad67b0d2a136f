"""The token endpoint of an OpenID Connect provider: the client credentials grant, tokens made and signed by joserfc.

usage: tokens.py PORT KEY     stays in the foreground; KEY is the PEM file that signs

A token of the scope `elsewhere` is signed by a key that the broker does not know. `forewarn` with the secret `s3cret /+` gets tokens of alice that live for 6 seconds, so that they are renewed within a test.
"""

import base64
import json
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT = ("forewarn", "s3cret /+")
LIFE = 6
KEY = RSAKey.import_key(Path(sys.argv[2]).read_bytes())
STRANGER = RSAKey.generate_key(2048)
given = 0


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer(200, {"given": given})

    def do_POST(self):
        global given
        form = parse_qs(self.rfile.read(int(self.headers["content-length"])).decode())
        scheme, _, login = self.headers.get("authorization", "").partition(" ")
        name, _, secret = base64.b64decode(login).decode().partition(":") if scheme == "Basic" else ("", "", "")
        if (unquote(name), unquote(secret)) != CLIENT:
            return self.answer(401, {"error": "invalid_client", "error_description": "no such client, or another secret"})
        if form.get("grant_type") != ["client_credentials"]:
            return self.answer(400, {"error": "unsupported_grant_type"})
        now = int(time.time())
        scope = form.get("scope", [""])[0]
        key = STRANGER if scope == "elsewhere" else KEY
        claims = {"iss": "test", "sub": "alice", "aud": "kafka", "iat": now, "exp": now + LIFE, "scope": scope}
        token = jwt.encode({"alg": "RS256", "kid": "test"}, claims, key)
        given += 1
        self.answer(200, {"access_token": token, "token_type": "Bearer", "expires_in": LIFE})

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
