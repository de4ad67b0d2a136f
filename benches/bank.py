#!/usr/bin/env python3
"""A fourth fleet that fails: a bank on Kubernetes, whose pods come and go.

usage: bank.py make FOLDER SEED      (needs: pip install numpy)
       forewarn replay FOLDER/metrics.lp FOLDER/logs.jsonl FOLDER/changes.jsonl --config FOLDER/forewarn.toml --alerts FOLDER/alerts.jsonl
       bank.py score FOLDER...

Built and scored as `video.py` beside it is, from which it takes the frame: 24 days of minutes under Prometheus's names, with counters,
an autoscaler that makes new pods each morning, a deploy that replaces all of a service, a payday, a month's end, a nightly job, a
cache that is full by design, drained nodes and a gap that mean nothing, and one fault after the other.
"""

import json
import sys
from datetime import datetime, timezone
from pathlib import Path

import numpy as np
import video
from video import DAY, DAYS, N, T

START = video.START = int(datetime(2026, 11, 9, tzinfo=timezone.utc).timestamp())  # a Monday
LOCAL = T + 60  # Europe/Berlin in winter
HOUR = LOCAL % DAY / 60
WEEKDAY = LOCAL // DAY % 7
DATE = LOCAL // DAY + 9
GIB = 2.0**30
# replicas at least and at most, requests a second at full load, seconds of a core for each, seconds that each lasts
APPS = {
    "gateway": (3, 10, 420, 0.012, 0.11),
    "payments": (3, 8, 90, 0.03, 0.24),
    "accounts": (2, 6, 210, 0.016, 0.08),
    "cards": (2, 4, 60, 0.02, 0.3),
    "notify": (2, 2, 40, 0.01, 0.1),
}
POOLED = ["payments", "accounts"]
# how long each fault takes until it breaks something, in minutes, and at which hour those begin that keep hours
TAKES = {
    "leak": (400, 1800), "pool": (150, 800), "lag": (90, 400), "volume": (700, 2200), "replica": (90, 400), "secret": (900, 2000),
    "flag": (120, 400), "canary": (50, 150), "partner": (120, 500), "throttle": (240, 330), "autoscaler": (300, 390),
    "dns": (90, 300), "session": (300, 1500), "kpi": (120, 300), "locks": (60, 240), "node": (400, 1600),
}
BY_HOUR = {"throttle": 3, "autoscaler": 3.5, "kpi": 8, "locks": 8, "lag": 8}
# service, measurement, field and value of what is promised
PROMISED = [
    ("gateway", "http", "p99_seconds", 1.2), ("gateway", "http", "error_percent", 3), ("payments", "http", "p99_seconds", 1.8),
    ("payments", "http", "error_percent", 2), ("accounts", "http", "p99_seconds", 1), ("accounts", "http", "error_percent", 3),
    ("accounts", "accounts_balance", "age_seconds", 60), ("cards", "http", "p99_seconds", 2.5), ("cards", "http", "error_percent", 5),
    ("fraud", "fraud_decision", "age_seconds", 60), ("notify", "notify_delivery", "delay_seconds", 900),
]
ROUTINE = {
    "gateway": "route /v1/accounts/{n} 200", "payments": "payment {n} settled", "accounts": "balance read for {n}",
    "cards": "authorised {n}", "notify": "push sent to {n}",
}


def bump(hour, width):
    away = np.abs(HOUR - hour)
    return np.exp(-0.5 * (np.minimum(away, 24 - away) / width) ** 2)


def mean(values, minutes):
    return np.convolve(values, np.ones(minutes) / minutes, "full")[:N]


class Fleet(video.Fleet):
    """All signals of one seed, and what befell them."""

    # how long faults take, how long they last then (and those that are not named), and whom they befall
    takes, lasts, rest, befall = TAKES, {"volume": 600, "leak": 300}, 110, POOLED

    def __init__(self, seed):
        self.chance = np.random.default_rng(seed + 23000)
        self.faults, self.changes, self.lines, self.secrets, self.signals = [], [], [], [], []
        pay = np.where(DATE == 25, 1.55, np.where(DATE == 30, 1.3, 1)) * np.where(WEEKDAY < 5, 1, 0.55)
        shape = 0.12 + pay * (0.62 * bump(10.5, 2.6) + 0.45 * bump(17.5, 2.4) + 0.25 * bump(20.5, 1.8))
        self.all = np.maximum(shape * (1 + 0.04 * self.drift(0.97) + 0.02 * self.noise()), 0.04)
        self.by = {kind: np.zeros(N) for kind in TAKES}
        self.slow = {app: np.zeros(N) for app in APPS}
        self.failing = {app: np.full(N, 0.12) for app in APPS}
        self.cost, self.completed, self.whose = np.ones(N), np.ones(N), {}
        self.deploys = {app: [] for app in APPS}
        for app in APPS:
            for day in self.chance.choice(np.arange(2, 23), 4, replace=False):
                self.deploy(day * DAY + self.chance.integers(480, 960), app, f"v{day}")
        self.nightly = np.zeros(N)
        for day in range(DAYS):
            begin = day * DAY + 60 + self.chance.integers(20)
            self.nightly += (begin <= T) & (T < begin + self.chance.integers(60, 110) * (1 + (day + 9 == 30)))
        gap = self.chance.integers(9, 20) * DAY + self.chance.integers(DAY)
        self.silent = (gap <= T) & (T < gap + 20)
        self.drained = self.chance.choice(np.arange(4, 23), 2, replace=False) * DAY + self.chance.integers(DAY, size=2)
        self.fail()
        self.load = self.all * np.where(self.chance.integers(10, 20) * DAY <= T, 1.18, 1)

    def hour(self, kind, begin):
        return begin + (int(BY_HOUR[kind] * 60) - begin) % DAY if kind in BY_HOUR else begin

    def deploy(self, minute, app, version):
        self.change(minute, "deploy", app, version)
        self.deploys[app].append(int(minute))

    def say(self, rate, service, level, text):
        self.lines.append((np.clip(rate, 0, None), service, level, text))

    def on_leak(self, app, begin, _full, on, way):
        self.deploy(begin - 20, app, "leaky")
        self.whose["leak"], self.by["leak"] = app, np.minimum(way, 1.02)
        self.slow[app] += 1.8 * np.clip((way - 0.9) / 0.1, 0, 1.2) * on
        self.say(8 * np.clip(way - 0.85, 0, 1) * on, app, "WARN", "GC overhead: {n} ms paused in the last minute")
        return app, "jvm_memory_used_bytes|container_memory_working_set_bytes|jvm_gc"

    def on_pool(self, app, begin, _full, on, way):
        self.deploy(begin - 10, app, "connections")
        self.whose["pool"], self.by["pool"] = app, np.minimum(way, 1.1)
        self.slow[app] += 3 * np.clip((way - 0.88) / 0.15, 0, 1) * on
        self.say(12 * (0.95 < way) * on, app, "ERROR", "HikariPool-1 - Connection is not available, request timed out after {n}ms")
        return app, "hikaricp_connections"

    def on_lag(self, _app, begin, _full, on, way):
        self.change(begin, "config", "fraud", "rules v31")
        self.by["lag"] = self.chance.uniform(0.62, 0.78) * np.minimum(3 * way, 1) * on
        return "fraud", "kafka_consumergroup_lag"

    def on_volume(self, _app, begin, _full, on, way):
        self.change(begin, "config", "ledger", "pgaudit on")
        self.by["volume"] = np.minimum(way, 1)
        self.failing["payments"] += 12 * (0.99 <= way) * on
        return "ledger", "kubelet_volume_stats|pg_database_size"

    def on_replica(self, _app, _begin, _full, _on, way):
        self.by["replica"] = 130 * np.minimum(way, 1.2) ** 1.3
        return "ledger", "pg_replication_lag"

    def on_secret(self, _app, begin, full, on, way):
        rejected = on & (full <= T)
        self.failing["cards"] += 35 * rejected + 0.25 * (0.8 < way) * on
        self.say((on & (T < full) & (0.02 < way)) / 20, "cards", "WARN", "credential for cardnet expires in {h} hours")
        self.say(25 * rejected, "cards", "ERROR", "401 from cardnet: token rejected, request {n}")
        self.secrets.append((begin, full))
        return "cards", "log_"

    def on_flag(self, _app, begin, _full, _on, way):
        self.change(begin, "flag", "fraud", "risk-v2")
        self.by["flag"] = np.minimum(way, 1.2) ** 1.3
        self.slow["payments"] += 1.6 * np.minimum(way, 1.2) ** 1.6
        return "fraud", "fraud_score_seconds"

    def on_canary(self, _app, begin, _full, on, way):
        self.deploy(begin - 3, "payments", "canary")
        self.failing["payments"] += (0.35 * (0 < way) + 3.2 * np.clip((way - 0.3) / 0.7, 0, 1.2) ** 1.5) * on
        text = "java.lang.IllegalStateException: mandate without creditor {n}"
        self.say(4 * on * (0.1 + np.minimum(way, 1)), "payments", "ERROR", text)
        return "payments", "http_error|nginx_ingress|log_"

    def on_partner(self, _app, _begin, _full, _on, way):
        self.by["partner"] = np.minimum(way, 1.2) ** 1.3
        self.slow["cards"] += 2.4 * np.minimum(way, 1.2) ** 1.4
        return "cards", "http_client_request"

    def on_throttle(self, _app, begin, _full, on, _way):
        self.change(begin, "config", "gateway", "limits.cpu 500m")
        self.by["throttle"] = np.clip((self.all - 0.15) * 1.5, 0, 0.9) * on
        self.slow["gateway"] += 3.2 * np.clip(self.by["throttle"] - 0.12, 0, 1) * on
        return "gateway", "container_cpu_cfs_throttled|http_p99"

    def on_autoscaler(self, _app, begin, _full, on, _way):
        self.deploy(begin, "accounts", "json logs")
        self.cost = np.where(on, 2.9, self.cost)
        return "accounts", "kube_horizontalpodautoscaler_status|container_cpu_usage|kube_deployment"

    def on_dns(self, _app, _begin, _full, on, way):
        self.by["dns"] = np.minimum(way, 1.2) ** 1.4
        self.slow["gateway"] += 1.5 * np.clip(way - 0.3, 0, 1) ** 1.3
        self.say(10 * np.clip(way - 0.2, 0, 1) * on, "coredns", "ERROR", "[ERROR] plugin/errors: 2 read udp i/o timeout {n}")
        return "coredns", "coredns_"

    def on_session(self, _app, begin, _full, on, way):
        self.change(begin, "config", "sessions", "ttl 7d")
        self.by["session"] = np.minimum(way, 1)
        self.failing["gateway"] += 9 * (0.985 <= way) * on
        text = "OOM command not allowed when used memory > 'maxmemory'. key {n}"
        self.say(20 * (0.985 <= way) * on, "gateway", "ERROR", text)
        return "sessions", "redis_memory_used_bytes"

    def on_kpi(self, _app, begin, _full, on, way):
        self.change(begin - 5, "deploy", "mobile", "app 9.1")
        self.completed = self.completed * (1 - 0.8 * np.minimum(way, 1) * on)
        return "payments", "payments_completed"

    def on_locks(self, _app, begin, _full, _on, way):
        self.change(begin - 2, "deploy", "statements", "batch")
        self.by["locks"] = 30 * np.minimum(way, 1.2)
        self.slow["payments"] += 2.4 * np.clip(way - 0.25, 0, 1) ** 1.2
        return "ledger", "pg_locks_count|pg_stat_activity"

    def on_node(self, _app, _begin, _full, on, way):
        self.by["node"] = np.minimum(way, 1)
        self.failing["accounts"] += 7 * (0.97 <= way) * on
        text = "Evicting pod: The node was low on resource: memory. Threshold {n}"
        self.say(3 * (0.97 <= way) * on, "kubelet", "WARN", text)
        return "nodes", "node_memory_MemAvailable_bytes"

    def put(self, measurement, labels, lives=(0, N), **fields):
        """Fields of one measurement, told each minute of a life."""
        escaped = (f"{key}={value.replace(' ', chr(92) + ' ')}" for key, value in sorted(labels.items()))
        self.signals.append((measurement + "," + ",".join(escaped), *lives, fields))

    def replicas(self, app, cores):
        """How many pods the autoscaler asks for: more at once, fewer after half an hour."""
        least, most, *_ = APPS[app]
        wanted = np.clip(np.ceil(mean(cores, 15) / 0.62), least, most)
        have, raised = wanted.copy(), 0
        for minute in range(1, N):
            if have[minute - 1] < wanted[minute]:
                raised = minute
            elif wanted[minute] < have[minute - 1] and (minute - raised <= 30 or minute % 15 != 0):
                have[minute] = have[minute - 1]
        return have

    def pods(self, app, replicas):
        """Slot, begin and end of every pod that lived."""
        lives = []
        for slot in range(int(replicas.max())):
            edges = np.flatnonzero(np.diff(np.concatenate([[0], replicas > slot, [0]]).astype(int)))
            for begin, end in edges.reshape(-1, 2).tolist():
                cuts = [minute + 2 * slot for minute in self.deploys[app]] + (self.drained.tolist() if slot == 0 else [])
                marks = [begin, *sorted({minute for minute in cuts if begin < minute < end}), end]
                lives += [(slot, *life) for life in zip(marks, marks[1:])]
        return lives

    def serve(self, app):
        """A service: what its users see, its deployment, and its pods."""
        least, most, rate, cost, base = APPS[app]
        load = self.load * self.factor(0.03)
        cores = load * rate * cost * (self.cost if app == "accounts" else 1)
        replicas = self.replicas(app, cores)
        busy = cores / replicas
        over = np.clip(busy - 0.78, 0, 2)
        late = base * (2.2 + 1.2 * load) * self.factor(0.12) + self.slow[app] * self.factor(0.08) + 6 * over**1.3
        requests = 5 * self.chance.poisson(rate * 12 * load)
        failed = self.chance.binomial(requests, np.clip(self.failing[app] / 100, 0, 1))
        percent = np.round(100 * failed / np.maximum(requests, 1), 3)
        self.put("http", {"service": app}, p99_seconds=late, error_percent=percent)
        for status, count in (("2xx", requests - failed), ("5xx", failed)):
            self.put("nginx_ingress_controller", {"service": app, "status": status}, requests_total=np.cumsum(count))
        self.put(
            "kube", {"service": app}, deployment_status_replicas_available=replicas, deployment_spec_replicas=replicas,
            horizontalpodautoscaler_status_current_replicas=replicas, horizontalpodautoscaler_spec_max_replicas=np.full(N, most),
        )
        releases = {}
        for slot, begin, end in self.pods(app, replicas):
            release = sum(minute + 2 * slot <= begin for minute in self.deploys[app])
            letters = releases.setdefault(release, "".join(self.chance.choice(list("0123456789abcdef"), 9)))
            name = f"{app}-{letters}-" + "".join(self.chance.choice(list("bcdfghjklmnpqrstvwxz2456789"), 5))
            self.pod(app, {"service": app, "namespace": "bank", "pod": name}, (begin, end), busy[begin:end])

    def pod(self, app, labels, lives, busy):
        part, minutes = slice(*lives), lives[1] - lives[0]
        age, load = np.arange(minutes), self.load[part]
        noise = self.chance.normal(size=(4, minutes))
        mine = lambda kind: self.by[kind][part] if self.whose.get(kind) == app else np.zeros(minutes)
        leak = mine("leak")
        used = np.clip(busy + 0.76 * np.exp(-age / 1.5), 0, 2) * np.exp(0.06 * noise[0])
        resident = (0.7 + 0.09 * (1 - np.exp(-age / 400)) + 0.056 * load + 0.45 * leak) * GIB + 3e6 * noise[1]
        throttled = 0.004 + (self.by["throttle"][part] if app == "gateway" else 0) + 0.2 * np.clip(busy - 0.78, 0, 2)
        self.put(
            "container", labels, lives, memory_working_set_bytes=np.round(np.minimum(resident, 1.49 * GIB)),
            spec_memory_limit_bytes=np.full(minutes, 1.5 * GIB), cpu_usage_seconds_total=np.round(np.cumsum(60 * used), 2),
            cpu_cfs_periods_total=600 * (age + 1), cpu_cfs_throttled_periods_total=np.cumsum(self.chance.binomial(600, np.clip(throttled, 0, 1))),
        )
        if app == "notify":
            return
        tooth = (age * (0.01 + 0.02 * load) + self.chance.random()) % 1
        heap = (0.24 + 0.07 * (1 - np.exp(-age / 300)) + 0.3 * tooth * (1 - 0.9 * leak) + 0.66 * leak) * GIB
        pauses = 0.05 * self.chance.gamma(2, 1, minutes) * (0.3 + load) + 14 * np.clip(leak - 0.85, 0, 1)
        self.put("jvm_memory", {**labels, "area": "heap"}, lives, used_bytes=np.round(np.minimum(heap, 0.995 * GIB)), max_bytes=np.full(minutes, GIB))
        threads = np.round(48 + 20 * load + 2 * noise[2])
        self.put("jvm", labels, lives, gc_pause_seconds_sum=np.round(np.cumsum(pauses), 4), threads_live_threads=threads)
        if app in POOLED:
            asked = self.chance.poisson(np.minimum(0.6 + 7.5 * busy + 12 * np.clip(self.slow[app][part], 0, 1), 24))
            active = np.minimum(asked + np.round(27 * mine("pool")), 30)
            waits = np.where(30 <= active, self.chance.poisson(4, minutes), 0)
            self.put("hikaricp_connections", labels, lives, active=active, max=np.full(minutes, 30), pending=waits)

    def ledger(self):
        """A database: its sessions, locks, replica and volume."""
        of, by, poisson = {"service": "ledger"}, self.by, self.chance.poisson
        self.put("pg_stat_activity", {**of, "state": "active"}, count=poisson(4 + 14 * self.load + 20 * self.nightly + by["locks"]))
        self.put("pg_stat_activity", {**of, "state": "idle in transaction"}, count=poisson(0.8 + 1.2 * self.load + 0.6 * by["locks"]))
        locks = poisson(6 + 30 * self.load + 2.2 * by["locks"] + 10 * self.nightly)
        self.put("pg_locks", {**of, "mode": "rowexclusivelock"}, count=locks)
        self.put("pg_settings", of, max_connections=np.full(N, 400))
        lag = 0.2 * self.factor(0.6) + 5 * self.nightly * self.factor(0.4) + by["replica"] * self.factor(0.05)
        self.put("pg_replication", {**of, "instance": "ledger-1"}, lag_seconds=np.round(lag, 2))
        reads = np.round((2e4 * self.load + 3e6 * self.nightly) * self.factor(0.2))
        commits, deadlocks = poisson(5000 * self.load), poisson(0.003, N)
        self.put("pg_stat_database", of, xact_commit=np.cumsum(commits), deadlocks=np.cumsum(deadlocks), blks_read=np.cumsum(reads))
        size = (300 + 0.9 * T / DAY) * GIB
        free = np.maximum((500 * GIB - size - 8 * GIB * (T % DAY / DAY)) * (1 - by["volume"]), 0.2 * GIB)
        volume = {**of, "persistentvolumeclaim": "data-ledger-0"}
        self.put("kubelet_volume_stats", volume, available_bytes=np.round(free), capacity_bytes=np.full(N, 500 * GIB))
        self.put("pg_database", of, size_bytes=np.round(size))
        age = 0.4 * self.factor(0.4) + 0.95 * by["replica"] * self.factor(0.06) + 3 * self.nightly
        self.put("accounts_balance", {"service": "accounts"}, age_seconds=np.round(age, 2))

    def streams(self):
        """Who reads what is written: fraud, notices, statements."""
        flow, room = 5400 * self.load * self.factor(0.05), 11340 * np.maximum(1 - self.by["lag"], 0.01)
        mended = {fault["end"] for fault in self.faults if fault["kind"] == "lag"}
        least = np.maximum(flow * 0.012 * (1 + 0.3 * self.noise()), 0)
        lag, behind = np.empty(N), 10.0
        for minute in range(N):
            behind = max((10.0 if minute in mended else behind) + flow[minute] - room[minute], least[minute])
            lag[minute] = behind
        nights = 3000 * self.nightly * self.factor(0.3) + self.chance.poisson(2, N)
        for group, value in (("fraud", lag), ("notify", 0.01 * flow * self.factor(0.4)), ("statements", nights)):
            self.put("kafka_consumergroup", {"service": group, "topic": "payments"}, lag=np.round(value))
        self.put("fraud_decision", {"service": "fraud"}, age_seconds=np.round(60 * lag / room + 0.3 * self.factor(0.2), 2))
        self.put("fraud_score", {"service": "fraud"}, seconds=0.045 * (1 + 0.2 * self.load) * self.factor(0.1) * (1 + 6 * self.by["flag"]))
        self.put("kafka_topic_partition", {"service": "kafka", "topic": "payments"}, current_offset=np.round(np.cumsum(flow)))
        delay = 4 * self.factor(0.3) + 40 * self.nightly * self.factor(0.1)
        self.put("notify_delivery", {"service": "notify"}, delay_seconds=np.round(delay, 1))

    def platform(self):
        """Caches, nodes, names, the partner, and what the business lives on."""
        load, by, poisson = self.load, self.by, self.chance.poisson
        kept = (1.5 + 0.9 * mean(load, 120) + 0.02 * self.drift(0.98)) * GIB
        kept = np.minimum(kept + (6 * GIB - kept) * by["session"], 6 * GIB)
        full = 4 * GIB * (1 - 0.002 * self.chance.random(N))
        for name, used, most, evicted in (("sessions", kept, 6 * GIB, 0 * load), ("cache", full, 4 * GIB, 300 * load + 20)):
            clients, gone = np.round(60 + 80 * load * self.factor(0.02)), np.cumsum(poisson(evicted))
            self.put("redis", {"service": name}, memory_used_bytes=np.round(used), memory_max_bytes=np.full(N, most), connected_clients=clients, evicted_keys_total=gone)
        for node in range(5):
            free = 64 * GIB * (0.42 - 0.1 * load + 0.01 * self.drift(0.99)) * (1 - by["node"] * (node == 3))
            disk = (60 - 0.35 * (T % (7 * DAY)) / DAY - 1.5 * self.nightly) * GIB
            self.put(
                "node", {"service": "nodes", "instance": f"ip-10-0-{node}-17:9100"}, memory_MemAvailable_bytes=np.round(np.maximum(free, 0.8 * GIB)),
                memory_MemTotal_bytes=np.full(N, 64 * GIB), load1=np.round((2 + 9 * load) * self.factor(0.2), 2),
                filesystem_avail_bytes=np.round(disk), filesystem_size_bytes=np.full(N, 100 * GIB),
            )
        answers = 0.004 * self.factor(0.3) * (1 + 0.3 * load) * (1 + 40 * by["dns"])
        self.put("coredns", {"service": "coredns"}, dns_request_duration_p99_seconds=answers)
        for code, rate in (("NOERROR", 900 * load), ("SERVFAIL", 0.3 + 30 * by["dns"])):
            self.put("coredns_dns", {"service": "coredns", "rcode": code}, responses_total=np.cumsum(poisson(10 * rate)))
        self.put("http_client_request", {"service": "cards", "peer": "cardnet"}, p95_seconds=0.22 * self.factor(0.1) * (1 + 9 * by["partner"]))
        declined = np.round(0.031 * self.factor(0.12) + 0.02 * bump(2, 1.5), 4)
        self.put("cards", {"service": "cards"}, authorisations_total=np.cumsum(poisson(600 * load)), declined_ratio=declined)
        self.put("payments_completed", {"service": "payments"}, total=np.cumsum(poisson(300 * load * self.completed)))
        self.put("logins", {"service": "gateway"}, total=np.cumsum(poisson(900 * load)))

    def live(self):
        for app in APPS:
            self.serve(app)
            self.say(2.5 * self.load, app, "INFO", ROUTINE[app])
            self.say(np.full(N, 0.01), app, "WARN", "slow query took {n} ms")
            starts = np.isin(T[:, None] - np.arange(6), self.deploys[app]).any(axis=1)
            self.say(0.5 * starts, app, "INFO", "Started Application in {n} ms")
        self.say(6 * self.nightly, "statements", "INFO", "statement {n} written")
        self.ledger()
        self.streams()
        self.platform()

    def broken(self, fault):
        """When users first feel a fault, and of whom: five minutes of a broken promise, or half of the payments gone for ten."""
        part = slice(fault["begin"], fault["end"])
        if fault["kind"] == "kpi":
            lost = np.flatnonzero(self.completed[part] < 0.5)
            return [int(fault["begin"] + lost[0] + 10), "payments"] if len(lost) else None
        felt = []
        for service, measurement, field, level in PROMISED:
            values = next(fields[field] for head, *_, fields in self.signals if head == f"{measurement},service={service}")
            runs = np.flatnonzero(np.convolve(values[part] > level, np.ones(5), "valid") == 5)
            felt += [[int(fault["begin"] + runs[0] + 4), service]] if len(runs) else []
        return min(felt, default=None)

    def write_metrics(self, out):
        begins = {}
        for signal in self.signals:
            begins.setdefault(signal[1], []).append(signal)
        living = []
        for minute in range(N):
            living = [signal for signal in living if minute < signal[2]] + begins.get(minute, [])
            if not self.silent[minute]:
                end = f" {(START + 60 * minute) * 10**9}\n"
                for head, begin, _, fields in living:
                    out.write(head + " " + ",".join(f"{name}={values[minute - begin]:.12g}" for name, values in fields.items()) + end)

    def write_logs(self, out):
        said = []
        for rate, service, level, text in self.lines:
            counts = self.chance.poisson(rate) * ~self.silent
            seconds = np.repeat(60 * T, counts) + self.chance.integers(60, size=counts.sum())
            said += [(int(second), service, level, text) for second in seconds]
        for second, service, level, text in sorted(said, key=lambda line: line[0]):
            left = max([(full * 60 - second) // 3600 for begin, full in self.secrets if begin * 60 <= second < full * 60] + [0])
            text = text.replace("{h}", str(left)).replace("{n}", str(self.chance.integers(1, 100000)))
            at = datetime.fromtimestamp(START + second, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
            out.write(json.dumps({"timestamp": at, "level": level, "service": service, "message": text}) + "\n")


def make(folder, seed):
    fleet = Fleet(seed)
    fleet.live()
    for fault in fleet.faults:
        fault["broken"] = fleet.broken(fault)
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "metrics.lp", "w") as out:
        fleet.write_metrics(out)
    with open(folder / "logs.jsonl", "w") as out:
        fleet.write_logs(out)
    changes = [video.event(number, *change) for number, change in enumerate(sorted(fleet.changes))]
    (folder / "changes.jsonl").write_text("\n".join(changes) + "\n")
    parts = ['[calendar]\ntime_zone = "Europe/Berlin"\nwork_hours = ["Mon-Fri 08:00-18:00"]\n']
    for service, measurement, field, level in PROMISED:
        selector = f'{measurement}_{field}{{service="{service}"}}'
        parts.append(f"[[objective]]\nservice = \"{service}\"\nsignal = '{selector}'\nabove = {level}\nfor = \"5m\"\n")
    (folder / "forewarn.toml").write_text("\n".join(parts))
    (folder / "faults.json").write_text(json.dumps(fleet.faults))


if __name__ == "__main__":
    if sys.argv[1:2] == ["make"] and len(sys.argv) == 4:
        make(Path(sys.argv[2]), int(sys.argv[3]))
    elif sys.argv[1:2] == ["score"] and 2 < len(sys.argv):
        video.score([Path(folder) for folder in sys.argv[2:]])
    else:
        sys.exit(__doc__)
