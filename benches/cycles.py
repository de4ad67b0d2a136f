#!/usr/bin/env python3
"""Labelled series with odd cycles, for `forewarn eval FOLDER`: a third kind of data beside NAB and the metrics of services.

usage: cycles.py FOLDER [SEED]     (needs: pip install timeeval-gutentag)

GutenTAG (Wenig, Schmidl and Papenbrock, VLDB 2022) lays anomalies of seven kinds into waves, saw teeth, heart beats and random
walks; values come every five minutes for three to six weeks, and no cycle is a day long. The same seed gives the same folder.
"""

import os
import random
import sys

from gutenTAG import GutenTAG

ANOMALIES = {
    "amplitude": {"amplitude_factor": 2.0},
    "frequency": {"frequency_factor": 3.0},
    "mean": {"offset": 0.6},
    "pattern": {"sinusoid_k": 10.0},
    "platform": {"value": 0.2},
    "trend": {"oscillation": {"kind": "polynomial", "polynomial": [0, 0.01]}},
    "variance": {"variance": 0.3},
}
# What each base takes; cycles in a hundred points.
BASES = [
    ("sine", (0.3, 2.0), list(ANOMALIES)),
    ("sine", (0.3, 2.0), list(ANOMALIES)),
    ("cosine", (1.0, 4.0), list(ANOMALIES)),
    ("sawtooth", (1.0, 2.0), ["amplitude", "frequency", "mean", "platform", "trend", "variance"]),
    ("square", (0.5, 1.0), ["amplitude", "frequency", "mean", "platform", "variance"]),
    ("ecg", (2.0, 5.0), ["amplitude", "frequency", "mean", "platform", "trend", "variance"]),
    ("random-walk", None, ["amplitude", "mean", "platform", "trend", "variance"]),
]


def series(chance):
    """The description of each series."""
    for number, (base, cycles, kinds) in enumerate(BASES):
        for kind in kinds:
            oscillation = {"kind": base, "variance": chance.choice([0.01, 0.05, 0.1])}
            oscillation["amplitude"] = chance.choice([1.0, 2.0])
            if cycles:
                oscillation["frequency"] = round(chance.uniform(*cycles), 1)
            places = ["middle", "end"] if chance.random() < 0.7 else ["end"]
            what = [{"kind": kind, **ANOMALIES[kind]}]
            anomalies = [{"position": p, "length": chance.choice([40, 80, 160]), "channel": 0, "kinds": what} for p in places]
            yield {
                "name": f"{base}-{number}-{kind}",
                "length": chance.choice([6000, 9000, 12000]),
                "base-oscillations": [oscillation],
                "anomalies": anomalies,
            }


def main():
    folder, seed = sys.argv[1], int(sys.argv[2]) if 2 < len(sys.argv) else 1
    os.makedirs(folder, exist_ok=True)
    for number, described in enumerate(series(random.Random(seed))):
        tag = GutenTAG(seed=1000 * seed + number)
        tag.load_config_dict({"timeseries": [described]})
        frame = tag.generate(return_timeseries=True)[0].timeseries
        with open(os.path.join(folder, described["name"] + ".csv"), "w") as out:
            out.write("timestamp,value,label\n")
            for at, (value, label) in enumerate(zip(frame.iloc[:, 0], frame["is_anomaly"])):
                out.write(f"{1_600_000_000 + 300 * at},{value:.6g},{int(label)}\n")


if __name__ == "__main__":
    main()
