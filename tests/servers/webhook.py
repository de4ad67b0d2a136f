"""A webhook receiver that verifies every request with the independent `standardwebhooks` package.

usage: webhook.py PORT FOLDER SECRET

POST /alerts: what verifies is written to FOLDER/body-N.json (headers beside it in body-N.headers.json) and answered 204; what does
not is written to FOLDER/rejected-N.txt and answered 400. A repeated Idempotency-Key is counted in FOLDER/repeated.txt.
"""

import http.server
import json
import pathlib
import signal
import sys
import threading

from standardwebhooks import Webhook

PORT, FOLDER, SECRET = int(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3]


class Receiver(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    lock = threading.Lock()
    count = 0
    keys = set()

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        with Receiver.lock:
            Receiver.count += 1
            status = self.keep(Receiver.count, headers, body)
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()

    def keep(self, number, headers, body):
        try:
            Webhook(SECRET).verify(body, headers)
        except Exception as error:
            (FOLDER / f"rejected-{number}.txt").write_text(f"{error!r}\n{headers}\n")
            return 400
        key = headers.get("idempotency-key", "")
        if key in Receiver.keys:
            with open(FOLDER / "repeated.txt", "a") as repeated:
                repeated.write(key + "\n")
        Receiver.keys.add(key)
        (FOLDER / f"body-{number}.headers.json").write_text(json.dumps(headers, indent=1))
        part = FOLDER / f"body-{number}.part"
        part.write_bytes(body)
        part.rename(FOLDER / f"body-{number}.json")
        return 204

    def log_message(self, *_):
        pass


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", PORT), Receiver)
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    print("ready", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
