"""Metrics and logs as Confluent's own client writes them with a Schema Registry: Avro, Protobuf and JSON Schema.

usage: registered.py REGISTRY BROKER PREFIX     sends 40 seconds of readings and one log line of each kind
"""

import sys
import tempfile
import time
from datetime import datetime, timezone
from importlib import import_module
from pathlib import Path

from confluent_kafka import Producer
from confluent_kafka.schema_registry import Schema, SchemaReference, SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroSerializer
from confluent_kafka.schema_registry.json_schema import JSONSerializer
from confluent_kafka.schema_registry.protobuf import ProtobufSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

LABELS = """{"type": "record", "name": "Labels", "namespace": "shop", "fields": [
    {"name": "queue", "type": "string"}, {"name": "zone", "type": ["null", "string"], "default": null}]}"""
METRIC = """{"type": "record", "name": "Metric", "namespace": "shop", "fields": [
    {"name": "name", "type": "string"},
    {"name": "value", "type": ["null", "double"]},
    {"name": "timestamp", "type": {"type": "long", "logicalType": "timestamp-millis"}},
    {"name": "labels", "type": "shop.Labels"}]}"""
LOG = """{"type": "record", "name": "Log", "namespace": "shop", "fields": [
    {"name": "level", "type": {"type": "enum", "name": "Level", "symbols": ["info", "error"]}},
    {"name": "service", "type": "string"},
    {"name": "message", "type": "string"},
    {"name": "time", "type": {"type": "long", "logicalType": "timestamp-micros"}}]}"""
JSON = """{"$schema": "http://json-schema.org/draft-07/schema#", "title": "Metric", "type": "object", "properties": {
    "name": {"type": "string"}, "value": {"type": "number"}, "timestamp": {"type": "integer"},
    "labels": {"type": "object"}}, "required": ["name", "value"]}"""
PROTO = """
syntax = "proto3";
package shop;
import "google/protobuf/timestamp.proto";
message Other { int64 n = 1; }
message Reading {
    string name = 1;
    double value = 2;
    google.protobuf.Timestamp timestamp = 3;
    map<string, string> labels = 4;
}
"""


def compiled():
    """The classes of PROTO, made by Google's own compiler."""
    from grpc_tools import protoc

    folder = tempfile.mkdtemp()
    Path(folder, "shop_reading.proto").write_text(PROTO)
    wellknown = Path(protoc.__file__).parent / "_proto"
    code = protoc.main(["protoc", f"-I{folder}", f"-I{wellknown}", f"--python_out={folder}", "shop_reading.proto"])
    assert code == 0, code
    sys.path.insert(0, folder)
    return import_module("shop_reading_pb2")


def main(registry, broker, prefix):
    client = SchemaRegistryClient({"url": registry})
    producer = Producer({"bootstrap.servers": broker})
    client.register_schema(f"{prefix}-labels", Schema(LABELS, "AVRO"))
    metric = Schema(METRIC, "AVRO", references=[SchemaReference("shop.Labels", f"{prefix}-labels", 1)])
    shop = compiled()
    avro = AvroSerializer(client, metric)
    log = AvroSerializer(client, LOG)
    words = JSONSerializer(JSON, client)
    proto = ProtobufSerializer(shop.Reading, client, {"use.deprecated.format": False})

    def send(topic, serializer, value, at):
        bytes_ = serializer(value, SerializationContext(topic, MessageField.VALUE))
        producer.produce(topic, bytes_, timestamp=at)

    now = int(time.time() * 1000)
    for second in range(40):
        at = now - 40_000 + second * 1000
        value = {"name": "avro_depth", "value": second / 2, "timestamp": datetime.fromtimestamp(at / 1000, timezone.utc),
                 "labels": {"queue": "mail", "zone": None}}
        send(f"{prefix}.avro", avro, value, at)
        reading = shop.Reading(name="proto_depth", value=float(second), labels={"queue": "mail"})
        reading.timestamp.FromMilliseconds(at)
        send(f"{prefix}.proto", proto, reading, at)
        send(f"{prefix}.json", words, {"name": "json_depth", "value": second, "timestamp": at, "labels": {"queue": "mail"}}, at)
        send(f"{prefix}.log", log, {"level": "error", "service": "payments", "message": f"card {second} was refused",
                                    "time": datetime.fromtimestamp(at / 1000, timezone.utc)}, at)
    producer.flush(20)


if __name__ == "__main__":
    main(*sys.argv[1:])
