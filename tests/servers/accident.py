"""A shop that really fails, for a recording: a service with a real leak, on a real file system that fills, under load.

usage: accident.py shop PORT FOLDER       the service: takes orders and keeps each in FOLDER; its address space is bounded
       accident.py load PORT              customers: about 20 orders a second, more and less by the minute
       accident.py probe PORT BROKER      a user's probe: every 5 seconds one order, told as Influx lines
       accident.py deploy PORT BROKER     a new release: from then on the service leaks and writes too much

Before the release an order takes 200 bytes of the disk and nothing of the memory, after it 2,400 bytes and 14 KiB.
"""

import json
import math
import random
import resource
import sys
import time
import urllib.request
import uuid
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

SPACE = 400 << 20


class Shop(BaseHTTPRequestHandler):
    folder = Path()
    release = 1
    kept = []

    def do_POST(self):
        try:
            if self.path == "/deploy":
                Shop.release = 2
            else:
                with open(self.folder / "orders.log", "ab") as log:
                    log.write(b"o" * (200 if self.release == 1 else 2400))
                if self.release == 2:
                    self.kept.append(bytearray(random.randbytes(14336)))
                json.dumps([math.sqrt(n) for n in range(500)])
            self.answer(200)
        except (OSError, MemoryError):
            self.answer(500)

    def answer(self, status):
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def order(port, path="/order"):
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data=b"", method="POST")
    try:
        return urllib.request.urlopen(request, timeout=4).status == 200
    except OSError:
        return False


def shop(port, folder):
    resource.setrlimit(resource.RLIMIT_AS, (SPACE, SPACE))
    Shop.folder = Path(folder)
    HTTPServer(("127.0.0.1", int(port)), Shop).serve_forever()


def load(port):
    while True:
        order(port)
        pace = 20 + 8 * math.sin(time.time() / 60 * 2 * math.pi / 7)
        time.sleep(random.expovariate(pace))


def producer(broker):
    from confluent_kafka import Producer

    return Producer({"bootstrap.servers": broker})


def probe(port, broker):
    out = producer(broker)
    while True:
        began = time.time()
        good = order(port)
        line = f"probe,service=shop failed={0 if good else 1},seconds={time.time() - began:.6f} {int(began * 1e9)}"
        out.produce("probe", line, timestamp=int(began * 1000))
        out.flush(5)
        time.sleep(5 - (time.time() - began) % 5)


def deploy(port, broker):
    assert order(port, "/deploy")
    event = {
        "specversion": "1.0", "id": str(uuid.uuid4()), "source": "ci", "type": "dev.cdevents.service.deployed.0.2.0",
        "time": datetime.now(timezone.utc).isoformat().replace("+00:00", "Z"),
        "data": {"context": {}, "subject": {"id": "shop", "content": {"artifactId": "pkg:oci/shop@2"}}},
    }
    out = producer(broker)
    out.produce("changes", json.dumps(event))
    out.flush(5)


{"shop": shop, "load": load, "probe": probe, "deploy": deploy}[sys.argv[1]](*sys.argv[2:])
