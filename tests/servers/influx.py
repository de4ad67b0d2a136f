"""Writes points as InfluxDB's own client writes them, to Kafka with a client of its own.

usage: influx.py BROKER TOPIC < POINTS

POINTS is a JSON array of {"measurement", "tags", "fields", "time" in nanoseconds}; each point is one record.
"""

import json
import sys

from influxdb_client import Point
from kafka import KafkaProducer


def line(point):
    built = Point(point["measurement"]).time(point["time"])
    for key, value in point["tags"].items():
        built.tag(key, value)
    for key, value in point["fields"].items():
        built.field(key, value)
    return built.to_line_protocol()


def main():
    broker, topic = sys.argv[1:]
    producer = KafkaProducer(bootstrap_servers=broker, acks="all", compression_type="gzip")
    for point in json.load(sys.stdin):
        producer.send(topic, line(point).encode()).get(timeout=30)
    producer.close()


if __name__ == "__main__":
    main()
