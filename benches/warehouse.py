#!/usr/bin/env python3
"""A third fleet that fails: a warehouse that works by day, with rooms, belts and batteries of its own beside its services.

usage: warehouse.py make FOLDER SEED      (needs: pip install numpy)
       forewarn replay FOLDER/metrics.lp FOLDER/changes.jsonl --config FOLDER/forewarn.toml --alerts FOLDER/alerts.jsonl
       warehouse.py score FOLDER...

Built and scored as `video.py` beside it is, from which it takes the frame: 24 days of minutes, here with work from Monday to Saturday,
a lunch, nights of nothing, a heap that is collected, a compressor's own cycle and a nightly job; one fault after the other, and
deploys, a level shift, a door left open, a slow minute of a partner and a gap that mean nothing.
"""

import sys
from pathlib import Path

import numpy as np
import video
from video import DAY, DAYS, N, T

LOCAL = T - 180  # America/Sao_Paulo
HOUR = LOCAL % DAY / 60
WEEKDAY = LOCAL // DAY % 7
# instances, calls a second, milliseconds of a call, and those that are promised
SERVICES = {
    "orders-api": (3, 60, 120, 800),
    "picking": (2, 35, 60, 400),
    "stock": (2, 90, 25, 200),
    "carrier-gateway": (2, 12, 450, 3000),
}
OWN = ["orders-api", "picking", "stock"]
# how long each fault takes until it breaks something, in minutes
TAKES = {
    "heap": (400, 2000), "wal": (500, 1500), "compressor": (200, 900), "bearing": (2500, 3500), "clock": (900, 2200),
    "cert": (2000, 3000), "carrier": (60, 240), "retries": (120, 500), "printer": (100, 350), "vacuum": (1500, 3000),
    "scanner": (150, 600), "deadlock": (80, 300), "connections": (200, 900), "replica": (90, 400),
}
BY_DAY = {"printer": 8, "scanner": 9, "carrier": 9, "deadlock": 9}
LIMITS = {
    "db_connections_active": ("above", 95), "pg_wal_bytes": ("above", 180e9), "clock_offset_milliseconds": ("above", 400),
    "tls_certificate_days_left": ("below", 1), "conveyor_vibration_mm_per_s": ("above", 7.1),
    "jvm_memory_used_after_last_gc_ratio": ("above", 0.92), "cold_room_temperature_celsius": ("above", 8),
}


class Fleet(video.Fleet):
    """All signals of one seed, by name and labels, and what befell them."""

    # how long faults take, how long they last then (and those that are not named), and whom they befall
    takes, lasts, rest, befall = TAKES, {"wal": 800, "bearing": 800, "vacuum": 800}, 120, OWN

    def __init__(self, seed):
        self.chance = np.random.default_rng(seed + 7000)
        self.faults, self.changes, self.slots, self.certs = [], [], [], []
        work = (WEEKDAY < 5) + 0.25 * (WEEKDAY == 5)
        shift = np.clip((HOUR - 6.5) / 1.5, 0, 1) * np.clip((20 - HOUR) / 2, 0, 1)
        peaks = 0.75 + 0.25 * bump(10.5, 1.5) + 0.2 * bump(15.5, 1.5) - 0.35 * bump(12.6, 0.5)
        self.all = np.maximum((0.04 + work * shift * peaks) * (1 + 0.05 * self.drift(0.98) + 0.03 * self.noise()), 0.02)
        self.load = {s: self.all * (1 + 0.03 * self.drift(0.95)) for s in SERVICES}
        self.late = {s: np.zeros(N) for s in SERVICES}
        self.failing = {s: 0.002 + np.abs(0.0015 * self.noise()) for s in SERVICES}
        self.flows = {s: np.ones(N) for s in SERVICES}
        self.heap = {(s, i): self.collected(s) for s, (count, *_) in SERVICES.items() for i in range(count)}
        self.connections = 12 + 40 * self.all * self.factor(0.08)
        turn = T % (period := int(self.chance.integers(19, 33))) / period
        self.cold = 4.2 + 0.9 * np.abs(2 * turn - 1) + 0.25 * bump(15, 3) + 0.06 * self.noise() + 0.2 * self.all
        self.belts = {belt: self.vibration() for belt in (1, 2, 3)}
        self.clocks = {host: 8 * np.abs(self.drift(0.99)) + 2 for host in (1, 2)}
        self.scans = np.clip(0.985 + 0.004 * self.noise() - 0.004 * np.abs(self.drift(0.9)), 0, 1)
        self.replica = np.abs(0.6 + 0.4 * self.drift(0.8) + 2.5 * self.all * self.factor(0.4))
        self.slow, self.pending = np.zeros(N), np.abs(3 + 8 * self.all + self.noise())

    def collected(self, service):
        period = int(self.chance.integers(25, 70))
        tooth = (T + self.chance.integers(100)) % period / period
        return 0.38 + 0.2 * tooth * (0.4 + 0.6 * np.minimum(self.load[service], 1)) + 0.012 * self.noise()

    def vibration(self):
        runs = 2.0 + 0.4 * self.all + 0.15 * self.noise() + 0.1 * self.drift(0.95)
        return np.where(self.all > 0.12, runs, 0.08 + 0.02 * np.abs(self.noise()))

    def hour(self, kind, begin):
        """When a fault of a kind that keeps hours begins: on a morning at work."""
        if kind in BY_DAY:
            begin += (BY_DAY[kind] * 60 + 180 - begin) % DAY
            while (begin - 180) // DAY % 7 >= 5:
                begin += DAY
        return begin

    def wait(self, service, bad):
        self.late[service] += bad * SERVICES[service][3] * 2

    def on_heap(self, service, begin, _full, on, way):
        heap = (service, int(self.chance.integers(SERVICES[service][0])))
        self.heap[heap] = np.minimum(self.heap[heap] + 0.5 * way, 0.99)
        self.wait(service, np.clip((self.heap[heap] - 0.9) / 0.08, 0, 1) * on)
        self.change(begin - 40, "deploy", service, "v2")
        return service, "jvm_memory_used_after_last_gc_ratio"

    def on_wal(self, _service, begin, full, on, way):
        self.slots.append((begin, full, on))
        self.failing["stock"] += 1.2 * np.clip(way - 1, 0, 1)
        return "stock", "pg_wal_bytes"

    def on_compressor(self, _service, _begin, _full, _on, way):
        self.cold += 3.6 * way
        return "cold-room", "cold_room_temperature_celsius"

    def on_bearing(self, _service, _begin, _full, on, way):
        belt = int(self.chance.integers(1, 4))
        runs = self.belts[belt] > 0.5
        self.belts[belt] += runs * on * 0.85 * (np.exp(2.0 * np.minimum(way, 1.2)) - 1)
        self.scans -= 0.25 * np.clip((self.belts[belt] - 7.1) / 1.5, 0, 1) * on
        return "conveyor", "conveyor_vibration_mm_per_s"

    def on_clock(self, _service, _begin, _full, on, way):
        self.clocks[1] += 450 * way
        self.failing["carrier-gateway"] += 0.2 * np.clip((self.clocks[1] - 430) / 40, 0, 1) * on
        return "carrier-gateway", "clock_offset_milliseconds"

    def on_cert(self, _service, _begin, full, on, _way):
        self.certs.append((full, on))
        self.failing["orders-api"] += 0.6 * (on & (full <= T))
        return "orders-api", "tls_certificate_days_left"

    def on_carrier(self, _service, _begin, _full, _on, way):
        self.late["carrier-gateway"] += 2700 * way
        self.pending += 40 * way
        return "carrier-gateway", "request_duration_p99_milliseconds"

    def on_retries(self, service, begin, _full, _on, way):
        self.failing[service] += 0.045 * np.minimum(way, 1.3) ** 1.3
        self.load[service] = self.load[service] * (1 + 0.25 * np.minimum(way, 1))
        self.change(begin, "flag", service, "hedging")
        return service, "rpc_failure_ratio"

    def on_printer(self, _service, _begin, _full, _on, way):
        self.slow = np.maximum(self.slow, self.chance.uniform(0.35, 0.6) * np.minimum(3 * way, 1))
        return "labels", "label_queue_depth"

    def on_vacuum(self, _service, _begin, _full, _on, way):
        self.late["stock"] += 190 * way**1.2 * (0.4 + 0.6 * np.minimum(self.all, 1))
        return "stock", "request_duration_p99_milliseconds"

    def on_scanner(self, _service, begin, _full, _on, way):
        self.scans -= 0.1 * np.minimum(way, 1.2)
        self.change(begin - 5, "deploy", "scanning", "firmware-8")
        return "scanning", "scan_success_ratio"

    def on_deadlock(self, service, _begin, _full, on, way):
        self.flows[service] = 1 - 0.75 * np.minimum(way, 1) * on
        self.late[service] += SERVICES[service][3] * 2.4 * np.clip(way - 0.4, 0, 1) ** 1.5
        return service, "rpc_requests_per_second"

    def on_connections(self, _service, begin, _full, on, way):
        self.connections = np.minimum(self.connections + 80 * way, 100)
        self.wait("stock", np.clip((self.connections - 95) / 5, 0, 1) * on)
        self.change(begin - 10, "deploy", "stock", "orm")
        return "stock", "db_connections_active"

    def on_replica(self, _service, _begin, _full, _on, way):
        self.replica += 66 * way**1.5
        return "stock", "replication_lag_seconds"

    def during(self, day, hours, lasts):
        """Some minutes of a day, from a time between these hours of UTC on."""
        minute = int(day) * DAY + int(self.chance.integers(60 * hours[0], 60 * hours[1]))
        return minute, (minute <= T) & (T < minute + lasts)

    def live(self):
        """What means nothing."""
        for day in range(DAYS):
            _, nightly = self.during(day, (5, 5.4), int(self.chance.integers(20, 60)))
            self.connections += 18 * nightly
            self.replica += 9 * nightly
        for service in ("picking", "carrier-gateway"):
            self.change(self.during(self.chance.integers(8, 22), (13, 20), 1)[0], "deploy", service, "harmless")
        self.load["picking"] *= np.where(int(self.chance.integers(10, 20)) * DAY <= T, 1.2, 1)
        for day in self.chance.integers(8, 23, 2):  # a door left open
            minute, _ = self.during(day, (12, 20), 1)
            self.cold += 1.4 * np.exp(-np.clip(T - minute, 0, None) / 12) * (minute <= T)
        for day in self.chance.integers(8, 23, 3):  # a partner's slow minutes
            self.late["carrier-gateway"] += 900 * self.during(day, (12, 20), 3)[1]
        self.silent = self.during(self.chance.integers(9, 20), (0, 24), 25)[1]

    def labels(self):
        """The labels printed, those that wait, and how old the oldest is."""
        mended = {fault["end"] for fault in self.faults if fault["kind"] == "printer"}
        asked, depth, age, waiting = 44 * self.all * self.factor(0.1), np.empty(N), np.empty(N), 3.0
        for i in range(N):
            waiting = 3.0 if i in mended else waiting
            done = 70.0 * (1 - self.slow[i])
            depth[i] = waiting = max(waiting + asked[i] - done, 1 + 4 * self.all[i] * self.chance.random())
            age[i] = 4 + waiting / max(done, 1) * 60
        return asked, depth, age

    def wal(self):
        """Bytes of a log that is cut every three hours, but where a slot holds it."""
        held = 18e9 + 2e9 * (T % 180 / 180) + 1e9 * np.abs(self.drift(0.9))
        for begin, full, on in self.slots:
            grown = np.cumsum(np.where(on, 0.3 + self.all, 0))
            held += np.where(on, 165e9 * (grown - grown[begin]) / (grown[min(full, N - 1)] - grown[begin]), 0)
        return held

    def certificate(self):
        """Days until it runs out; renewed each 50 days, but once."""
        days = 60 - T / DAY % 50
        for full, on in self.certs:
            left = (full - T) / DAY
            days = np.where(T < full, left - 50 * np.ceil((left - 60) / 50).clip(0), days)
            days = np.where(on & (full <= T), 0, days)
        return days

    def signals(self):
        """All signals: (name, labels) to values."""
        out = {}
        for service, (count, rate, base, _) in SERVICES.items():
            of, load, flow = f"service={service}", self.load[service], self.flows[service]
            late = self.late[service] * self.factor(0.06)
            out["request_duration_p99_milliseconds", of] = base * (1 + 0.35 * np.minimum(load, 1.5)) * self.factor(0.09) + late
            out["rpc_failure_ratio", of] = np.clip(np.round(self.failing[service], 5), 0, 1)
            out["rpc_requests_per_second", of] = rate * load * flow * self.factor(0.05)
            for i in range(count):
                of = f"instance={service}-{i},service={service}"
                out["jvm_memory_used_after_last_gc_ratio", of] = np.clip(self.heap[service, i], 0, 1)
                out["process_cpu_utilization_percent", of] = np.clip(4 + 45 * load * flow * self.factor(0.1), 0, 100)
        asked, depth, age = self.labels()
        out["labels_printed_per_minute", "service=labels"] = np.round(asked)
        out["label_queue_depth", "service=labels"] = np.round(depth)
        out["oldest_label_age_seconds", "service=labels"] = age
        out["db_connections_active", "service=stock"] = np.round(self.connections)
        out["pg_wal_bytes", "service=stock"] = self.wal()
        out["replication_lag_seconds", "service=stock"] = self.replica
        out["scan_success_ratio", "service=scanning"] = np.clip(self.scans, 0, 1)
        out["cold_room_temperature_celsius", "service=cold-room"] = np.round(self.cold, 1)
        for belt, values in self.belts.items():
            out["conveyor_vibration_mm_per_s", f"belt=b{belt},service=conveyor"] = np.round(np.abs(values), 2)
        for host, values in self.clocks.items():
            out["clock_offset_milliseconds", f"host=gw-{host},service=carrier-gateway"] = values
        out["tls_certificate_days_left", "service=orders-api"] = self.certificate()
        out["carrier_pending_calls", "service=carrier-gateway"] = np.round(self.pending)
        return out


def bump(hour, width):
    away = np.abs(HOUR - hour)
    return np.exp(-0.5 * (np.minimum(away, 24 - away) / width) ** 2)


def objectives():
    for service, (*_, promised) in SERVICES.items():
        yield service, "request_duration_p99_milliseconds", "above", promised
        yield service, "rpc_failure_ratio", "above", 0.04
    yield "labels", "oldest_label_age_seconds", "above", 900
    yield "stock", "replication_lag_seconds", "above", 60
    yield "scanning", "scan_success_ratio", "below", 0.9
    yield "cold-room", "cold_room_temperature_celsius", "above", 8


if __name__ == "__main__":
    video.main(sys.argv, __doc__, video.Kind(Fleet, objectives, LIMITS, "America/Sao_Paulo"))
