#!/usr/bin/env python3
"""A second fleet that fails, in another hand than `src/simulate`: a video service with other names, units and causes.

usage: video.py make FOLDER SEED      (needs: pip install numpy)
       forewarn replay FOLDER/metrics.lp FOLDER/changes.jsonl --config FOLDER/forewarn.toml --alerts FOLDER/alerts.jsonl
       video.py score FOLDER...

24 days of minutes in local time with an evening peak; after a week one fault after the other in an order of the seed, each of which
breaks an objective in the end, and between them deploys, restarts, a level shift, nightly jobs and a gap that mean nothing. A fault
is foreseen if a record that interrupts comes a quarter of an hour before the objective breaks, of a service that has part in it; its
origin is named if the signal where it starts is among the first three of such a record before the break.
"""

import json
import re
import sys
from datetime import datetime, timezone
from pathlib import Path
from typing import Callable, NamedTuple

import numpy as np

DAY = 1440
DAYS, WARM = 24, 7
N = DAYS * DAY
START = int(datetime(2026, 1, 12, tzinfo=timezone.utc).timestamp())
T = np.arange(N)
LOCAL = T + 60  # Europe/Paris in winter; the twelfth is a Monday
HOUR = LOCAL % DAY / 60
# pods, requests a second, seconds of a request, and the seconds that are promised
SERVICES = {
    "playback": (3, 420, 0.18, 0.9),
    "catalog": (2, 260, 0.09, 0.5),
    "entitlement": (2, 300, 0.06, 0.4),
    "recs": (2, 120, 0.22, 1.2),
    "billing": (2, 18, 0.35, 1.6),
}
BUSY = ["playback", "catalog", "entitlement", "recs"]
# how long each fault takes until it breaks something, in minutes
TAKES = {
    "leak": (300, 1400), "disk": (700, 1300), "pool": (150, 700), "lag": (120, 400), "creep": (300, 900), "token": (1800, 2800),
    "signups": (120, 300), "cache": (150, 500), "files": (400, 1300), "campaign": (2300, 3000), "loss": (120, 420),
    "version": (40, 120), "inodes": (500, 1500), "threads": (90, 400),
}
LIMITS = {
    "node_disk_used_percent": ("above", 97), "process_open_fds": ("above", 4000), "app_memory_used_ratio": ("above", 0.95),
    "node_inodes_used_percent": ("above", 97), "token_valid_days": ("below", 0.05), "db_pool_in_use": ("above", 48),
}


class Fleet:
    """All signals of one seed, by name and labels, and what befell them."""

    # how long faults take, how long they last then (and those that are not named), and whom they befall
    takes, lasts, rest, befall = TAKES, {"disk": 800, "campaign": 800, "lag": 800}, 100, BUSY

    def __init__(self, seed):
        self.chance = np.random.default_rng(seed)
        self.faults, self.changes = [], []
        weekend = LOCAL // DAY % 7 >= 5
        shape = 0.22 + 0.72 * bump(20.5, 2.6) + 0.28 * bump(12.5, 2.0) * (0.7 + 0.6 * weekend) + 0.1 * weekend
        load = np.maximum(shape * (1 + 0.03 * self.drift(0.97) + 0.02 * self.noise()), 0.05)
        self.load = {s: load * (1 + 0.02 * self.drift(0.9)) for s in SERVICES}
        self.late = {s: np.zeros(N) for s in SERVICES}
        self.threads = {s: np.zeros(N) for s in SERVICES}
        self.errors = {s: np.maximum(0.12 + 0.04 * self.drift(0.8) + 0.05 * self.noise(), 0) for s in SERVICES}
        self.pool = {s: 3 + 13 * self.load[s] * self.factor(0.1) for s in SERVICES}
        pods = [(s, pod) for s, (count, *_) in SERVICES.items() for pod in range(count)]
        level = {pod: 0.42 + 0.03 * self.chance.random() for pod in pods}
        self.memory = {p: level[p] + 0.08 * self.load[p[0]] + 0.01 * self.drift(0.98) for p in pods}
        self.files = {p: 300 + 500 * self.load[p[0]] * self.factor(0.03) for p in pods}
        self.cpu = {p: 6 + 34 * self.load[p[0]] * self.factor(0.06) for p in pods}
        self.hits = np.minimum(94 + 1.2 * self.drift(0.98) + 0.3 * self.noise(), 100)
        self.signups = 38 * load * self.factor(0.05)
        self.loss = np.abs(0.02 + 0.008 * self.drift(0.9) + 0.006 * self.noise())
        self.inodes = 21 + 0.3 * self.drift(0.995)
        self.fills, self.slow, self.tokens = np.ones(N), np.zeros(N), []
        self.jobs = 170 * np.minimum(load, 1.35) * self.factor(0.06)

    def noise(self):
        return self.chance.normal(size=N)

    def factor(self, spread):
        return np.exp(spread * self.noise())

    def drift(self, kept):
        steps, out, last = self.noise() * np.sqrt(1 - kept * kept), np.empty(N), 0.0
        for i, step in enumerate(steps):
            out[i] = last = kept * last + step
        return out

    def change(self, minute, kind, service, what):
        self.changes.append((int(minute), kind, service, what))

    def fail(self):
        """One fault after the other, in an order of the seed."""
        begin = WARM * DAY + int(self.chance.integers(60, 600))
        for kind in self.chance.permutation(list(self.takes)):
            begin = self.hour(kind, begin)
            takes = int(self.chance.integers(*self.takes[kind]))
            end = begin + takes + self.lasts.get(kind, self.rest) + int(self.chance.integers(100))
            if N - DAY < end:
                break
            on = (begin <= T) & (T < end)
            way = np.maximum((T - begin) / takes, 0) * on
            service, origin = getattr(self, f"on_{kind}")(str(self.chance.choice(self.befall)), begin, begin + takes, on, way)
            self.faults.append({"kind": str(kind), "begin": begin, "end": end, "service": service, "origin": origin})
            begin = end + int(self.chance.integers(300, 700))

    def hour(self, kind, begin):
        """When a fault of a kind that keeps hours begins: people sign up by day."""
        return begin + (8 * 60 - begin - 60) % DAY if kind == "signups" else begin

    def wait(self, service, bad):
        self.late[service] += bad * SERVICES[service][3] * 2.2

    def on_leak(self, service, begin, _full, on, way):
        pod = (service, int(self.chance.integers(SERVICES[service][0])))
        self.memory[pod] = np.minimum(self.memory[pod] + (0.985 - self.memory[pod][begin]) * way, 0.995)
        self.wait(service, np.clip((self.memory[pod] - 0.9) / 0.08, 0, 1.2) * on)
        self.change(begin - 20, "deploy", service, "leaky")
        return service, "app_memory_used_ratio"

    def on_files(self, service, _begin, _full, on, way):
        pod = (service, int(self.chance.integers(SERVICES[service][0])))
        self.files[pod] = np.minimum(self.files[pod] + 3700 * way, 4096)
        self.errors[service] += 9 * np.clip((self.files[pod] - 3950) / 100, 0, 1) * on
        return service, "process_open_fds"

    def on_pool(self, service, _begin, _full, on, way):
        self.pool[service] = np.minimum(self.pool[service] + 44 * way, 50)
        self.wait(service, np.clip((self.pool[service] - 46) / 4, 0, 1) * on)
        return service, "db_pool_in_use"

    def on_disk(self, _service, begin, _full, on, _way):
        self.fills += on * self.chance.uniform(14, 30)
        self.change(begin, "config", "broker", "retention.ms")
        return "broker", "node_disk_used_percent"

    def on_inodes(self, _service, _begin, _full, on, way):
        self.inodes += (99.5 - self.inodes) * np.minimum(way, 1)
        self.errors["recs"] += 8 * np.clip((self.inodes - 97) / 2, 0, 1) * on
        return "recs", "node_inodes_used_percent"

    def on_lag(self, _service, begin, _full, _on, way):
        self.slow = np.maximum(self.slow, self.chance.uniform(0.7, 0.9) * np.minimum(2 * way, 1))
        self.change(begin, "flag", "transcode", "ladder")
        return "transcode", "consumer_lag_records"

    def on_creep(self, service, _begin, _full, _on, way):
        self.late[service] += 1.1 * SERVICES[service][3] * way
        return service, "http_server_p95_seconds"

    def on_token(self, _service, _begin, full, on, _way):
        self.tokens.append((full, on))
        self.errors["entitlement"] += 35 * (on & (full <= T))
        self.errors["playback"] += 12 * (on & (full <= T))
        return "entitlement", "token_valid_days"

    def on_signups(self, _service, begin, _full, on, way):
        self.signups *= 1 - 0.95 * np.minimum(way, 1) * on
        self.change(begin, "deploy", "signup", "form")
        return "signup", "trials_started_per_minute"

    def on_cache(self, _service, _begin, _full, on, way):
        self.hits = np.clip(self.hits - 42 * np.minimum(way, 1.1), 0, 100)
        bad = np.clip((82 - self.hits) / 30, 0, 1.2) * on
        self.wait("catalog", bad)
        self.cpu["catalog", 0] += 30 * bad
        return "catalog", "cache_hit_percent"

    def on_campaign(self, service, _begin, _full, on, way):
        more = np.where(on, 1 + self.chance.uniform(0.8, 1.0) * np.minimum(way, 1.1), 1)
        self.load[service] = self.load[service] * more
        self.pool[service] = np.minimum(self.pool[service] * more, 50)
        return service, "app_threads_busy"

    def on_loss(self, _service, _begin, _full, on, way):
        self.loss += 3.2 * way**1.5
        self.errors["playback"] += 2 * np.clip(self.loss - 1.2, 0, 4) * on
        return "playback", "net_retransmit_percent"

    def on_version(self, service, begin, full, on, way):
        self.errors[service] += np.where(T < full, 1.1 * (0.35 + 0.65 * np.minimum(way, 1) ** 2), 5.5) * on
        self.change(begin - 3, "deploy", service, "broken")
        return service, "http_errors_percent"

    def on_threads(self, service, _begin, _full, _on, way):
        self.threads[service] += 70 * way
        return service, "app_threads_busy"

    def live(self):
        """What means nothing."""
        for day in range(DAYS):
            nightly = (day * DAY + 60 <= T) & (T < day * DAY + 60 + int(self.chance.integers(25, 50)))
            self.cpu["billing", 1] += 35 * nightly
        for service in ("recs", "billing"):
            minute = int(self.chance.integers(8, 22)) * DAY + int(self.chance.integers(600, 1000))
            self.change(minute, "deploy", service, "harmless")
            for pod in range(SERVICES[service][0]):
                since = T - minute - 3 * pod
                self.memory[service, pod] -= np.where(since >= 0, 0.15 * np.exp(-since.clip(0) / 120), 0)
        self.load["billing"] *= np.where(int(self.chance.integers(10, 20)) * DAY <= T, 1.18, 1)
        gap = int(self.chance.integers(9, 20)) * DAY + int(self.chance.integers(DAY))
        self.silent = (gap <= T) & (T < gap + 25)

    def stocks(self):
        """What fills and drains: the broker's disk, and the backlog behind it."""
        mended = {fault["end"] for fault in self.faults if fault["kind"] in ("disk", "lag")}
        flow = 0.0042 * self.load["playback"] * self.factor(0.15) * self.fills
        disk, lag, full, queue = np.empty(N), np.empty(N), 55.0, 40.0
        for i in range(N):
            full += flow[i]
            if self.fills[i] == 1 and 180 <= LOCAL[i] % DAY < 200:
                full -= 0.12 * (full - 52)
            if i in mended:
                full, queue = min(full, 55.0), 40.0
            disk[i] = full = min(full, 100.0)
            refused = min(max((full - 97) / 2, 0), 1)
            queue = max(queue + self.jobs[i] - 230 * (1 - self.slow[i]) * (1 - refused), 15 + 10 * self.chance.random())
            lag[i] = queue
        return disk, lag

    def token(self):
        """Days until it runs out; renewed each 25 days, but once."""
        days = 30 - (T / DAY) % 25
        for full, on in self.tokens:
            left = (full - T) / DAY
            days = np.where(T < full, left - 25 * np.ceil((left - 30) / 25).clip(0), days)
            days = np.where(on & (full <= T), left, days)
        return days

    def signals(self):
        """All signals: (name, labels) to values."""
        disk, lag = self.stocks()
        out = {}
        for service, (pods, rate, base, promised) in SERVICES.items():
            use = self.load[service] / (2.4 if service == "billing" else 1.6)
            busy = np.clip(100 * use * self.factor(0.04) + self.threads[service], 0, 100)
            late = self.late[service] * self.factor(0.05) + np.clip((busy - 88) / 12, 0, 1) * promised * 1.6
            of = f"service={service}"
            out["http_server_p95_seconds", of] = base * (1 + 0.25 * use) * self.factor(0.07) + late
            out["http_errors_percent", of] = np.round(self.errors[service], 3)
            out["http_requests_per_second", of] = rate * self.load[service] * self.factor(0.03)
            out["app_threads_busy", of] = np.round(2 * busy)
            out["db_pool_in_use", of] = np.round(self.pool[service])
            for pod in range(pods):
                of = f"pod={service}-{pod},service={service}"
                out["app_memory_used_ratio", of] = np.clip(self.memory[service, pod], 0, 1)
                out["process_open_fds", of] = np.round(self.files[service, pod])
                out["cpu_busy_percent", of] = np.clip(self.cpu[service, pod], 0, 100)
        out["node_disk_used_percent", "host=kfk-1,service=broker"] = disk
        out["node_inodes_used_percent", "host=vm-7,service=recs"] = self.inodes
        out["log_volume_gib", "host=vm-3,service=billing"] = 4 + 0.035 * (LOCAL % DAY) + 0.05 * self.noise()
        out["consumer_lag_records", "service=transcode"] = np.round(lag)
        out["oldest_job_minutes", "service=transcode"] = lag / 230
        out["jobs_per_minute", "service=transcode"] = self.jobs
        out["token_valid_days", "service=entitlement"] = self.token()
        out["trials_started_per_minute", "service=signup"] = np.round(self.signups)
        out["cache_hit_percent", "service=catalog"] = self.hits
        out["net_retransmit_percent", "service=playback"] = self.loss
        return out


def bump(hour, width):
    away = np.abs(HOUR - hour)
    return np.exp(-0.5 * (np.minimum(away, 24 - away) / width) ** 2)


def objectives():
    for service, (*_, promised) in SERVICES.items():
        yield service, "http_server_p95_seconds", "above", promised
        yield service, "http_errors_percent", "above", 3.0
    yield "transcode", "oldest_job_minutes", "above", 25.0
    yield "signup", "trials_started_per_minute", "below", 4.5


class Kind(NamedTuple):
    """A kind of fleet: what makes one of a seed, what is promised, its limits, and where its people live."""

    fleet: Callable
    objectives: Callable
    limits: dict
    zone: str


def broken(signals, objectives, begin, end):
    """The first minute by which an objective is broken for five, and its service."""
    first = None
    for service, name, side, level in objectives:
        values = signals[name, f"service={service}"][begin:end]
        bad = values > level if side == "above" else values < level
        runs = np.flatnonzero(np.convolve(bad, np.ones(5), "valid") == 5)
        if len(runs) and (first is None or begin + runs[0] + 4 < first[0]):
            first = (int(begin + runs[0] + 4), service)
    return first


def time(minute):
    return datetime.fromtimestamp(START + 60 * minute, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def event(number, minute, kind, service, what):
    names = {kind: f"dev.forewarn.{kind}.changed" for kind in ("flag", "config")} | {"deploy": "dev.cdevents.service.deployed.0.2.0"}
    data = {"service": service, "what": what, "version": "1"}
    if kind == "deploy":
        data = {"subject": {"id": service, "type": "service", "content": {"artifactId": f"pkg:oci/{service}@{what}"}}}
    head = {"specversion": "1.0", "type": names[kind], "source": "/ci", "id": f"change-{number}", "time": time(minute)}
    return json.dumps({**head, "data": data})


def make(folder, seed, kind):
    fleet = kind.fleet(seed)
    fleet.fail()
    fleet.live()
    signals = fleet.signals()
    for fault in fleet.faults:
        fault["broken"] = broken(signals, kind.objectives(), fault["begin"], fault["end"])
    folder.mkdir(parents=True, exist_ok=True)
    heads = [f"{name.rsplit('_', 1)[0]},{labels} {name.rsplit('_', 1)[1]}=" for name, labels in signals]
    values = np.stack(list(signals.values()))
    with open(folder / "metrics.lp", "w") as out:
        for minute in np.flatnonzero(~fleet.silent):
            end = f" {(START + 60 * int(minute)) * 10**9}\n"
            out.writelines(f"{head}{value:.6g}{end}" for head, value in zip(heads, values[:, minute]))
    changes = [event(number, *change) for number, change in enumerate(sorted(fleet.changes))]
    (folder / "changes.jsonl").write_text("\n".join(changes) + "\n")
    parts = [f'[calendar]\ntime_zone = "{kind.zone}"\nwork_hours = ["Mon-Fri 09:00-18:00"]\n']
    for service, name, side, level in kind.objectives():
        parts.append(f"[[objective]]\nservice = \"{service}\"\nsignal = '{name}{{service=\"{service}\"}}'\n{side} = {level}\nfor = \"5m\"\n")
    parts += [f"[[limit]]\nsignal = '{name}'\n{side} = {level}\n" for name, (side, level) in kind.limits.items()]
    (folder / "forewarn.toml").write_text("\n".join(parts))
    (folder / "faults.json").write_text(json.dumps(fleet.faults))


def service_of(selector):
    found = re.search(r'service="([^"]+)"', selector)
    return found and found[1]


def minute_of(record):
    return (datetime.fromisoformat(record["at"][:19] + "+00:00").timestamp() - START) / 60


def score(folders):
    kinds, within, unneeded, pages = {}, 0, 0, 0
    for folder in folders:
        records = [json.loads(line) for line in open(folder / "alerts.jsonl")]
        records = [r for r in records if r["state"] == "firing" and r["reason"] != "repeated" and WARM * DAY <= minute_of(r)]
        explained = set()
        for fault in json.loads((folder / "faults.json").read_text()):
            if fault["broken"] is None:
                continue
            breaks, by = fault["broken"]
            parts = {fault["service"], by}
            concerns = lambda r: parts & {r["service"], *(service_of(s["signal"]) for s in r["signals"])}
            near = [r for r in records if fault["begin"] - 25 <= minute_of(r) <= fault["end"] + 180 and concerns(r)]
            explained.update(r["id"] + str(r["revision"]) for r in near)
            before = [r for r in near if fault["begin"] <= minute_of(r) <= breaks]
            starts = lambda s: any(name in s for name in fault["origin"].split("|")) and service_of(s) == fault["service"]
            count, foreseen, named, leads = kinds.setdefault(fault["kind"], (0, 0, 0, []))
            early = any(minute_of(r) <= breaks - 15 for r in before)
            origin = any(starts(s["signal"]) for r in before for s in r["signals"][:3])
            leads += [int(breaks - min(minute_of(r) for r in before))] if before else [0]
            kinds[fault["kind"]] = (count + 1, foreseen + early, named + origin, leads)
            within += len(near)
        rest = [r for r in records if r["id"] + str(r["revision"]) not in explained]
        unneeded += len(rest)
        pages += sum(r["urgency"] == "page" for r in rest)
    weeks = len(folders) * (DAYS - WARM) / 7
    faults, foreseen, named = (sum(kind[i] for kind in kinds.values()) for i in range(3))
    print(f"{faults} faults: foreseen {foreseen / faults:.3f}, origin named {named / faults:.3f}, {within / faults:.2f} interruptions each")
    print(f"unneeded a week: {unneeded / weeks:.2f} interruptions, {pages / weeks:.2f} pages")
    for kind, (count, foreseen, named, leads) in sorted(kinds.items()):
        print(f"  {kind:10} felt {count}, foreseen {foreseen}, origin named {named}; minutes ahead {sorted(leads)}")


def main(argv, doc, kind):
    if argv[1:2] == ["make"] and len(argv) == 4:
        make(Path(argv[2]), int(argv[3]), kind)
    elif argv[1:2] == ["score"] and 2 < len(argv):
        score([Path(folder) for folder in argv[2:]])
    else:
        sys.exit(doc)


if __name__ == "__main__":
    main(sys.argv, __doc__, Kind(Fleet, objectives, LIMITS, "Europe/Paris"))
