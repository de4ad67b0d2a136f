"""Messages as the clients and libraries of each format write them, none of them ours.

usage: formats.py dump FOLDER           one file for each kind of message: how tests/wire was made
       formats.py send BROKER PREFIX    to the topic PREFIX.NAME each, with a Kafka client that is not ours

Prometheus's client writes expositions, OpenTelemetry's exporter remote write, and so on; what a library sends over the
network is received here as it comes.
"""

import http.server
import io
import json
import logging
import logging.handlers
import pathlib
import shutil
import socket
import subprocess
import sys
import threading


def prometheus():
    from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Summary, generate_latest
    from prometheus_client.openmetrics.exposition import generate_latest as openmetrics

    registry = CollectorRegistry()
    Gauge("queue_depth", "Jobs that wait", ["queue"], registry=registry).labels('mail "out"\\in').set(17.5)
    Counter("jobs", "Jobs done", ["queue"], registry=registry).labels("mail").inc(42)
    histogram = Histogram("job_seconds", "Time of a job", ["queue"], buckets=(0.1, 1, 10), registry=registry)
    for seconds in (0.05, 0.5, 0.7, 5, 50):
        histogram.labels("mail").observe(seconds)
    summary = Summary("job_bytes", "Size of a job", registry=registry)
    summary.observe(100)
    yield "prometheus", generate_latest(registry)
    yield "openmetrics", openmetrics(registry)


def remote_write():
    """OpenTelemetry's exporter posts its requests to a server here."""
    from opentelemetry.exporter.prometheus_remote_write import PrometheusRemoteWriteMetricsExporter
    from opentelemetry.metrics import Observation
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
    from opentelemetry.sdk.resources import Resource

    bodies = []

    class Receiver(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    exporter = PrometheusRemoteWriteMetricsExporter(f"http://127.0.0.1:{server.server_port}/")
    reader = PeriodicExportingMetricReader(exporter, export_interval_millis=3_600_000)
    provider = MeterProvider([reader], resource=Resource({"service.name": "shop"}))
    meter = provider.get_meter("formats")
    meter.create_counter("requests").add(7, {"route": "/pay"})
    meter.create_observable_gauge("pool_used", callbacks=[lambda _: [Observation(0.75, {"pool": "größe"})]])
    meter.create_histogram("latency").record(12.5, {"route": "/pay"})
    provider.force_flush()
    provider.shutdown()
    server.shutdown()
    yield "remote-write", bodies[0]


class Datagrams:
    """What was sent to a UDP port here."""

    def __enter__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(10)
        self.port = self.socket.getsockname()[1]
        return self

    def __exit__(self, *_):
        self.socket.close()

    def next(self):
        return self.socket.recv(65536)


def logger_with(name, handler):
    logger = logging.getLogger(name)
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    logger.handlers = [handler]
    return logger


def gelf():
    from pygelf import GelfUdpHandler

    with Datagrams() as received:
        handler = GelfUdpHandler("127.0.0.1", received.port, compress=False, include_extra_fields=True, _service="checkout")
        logger_with("gelf", handler).error("payment failed: %s", "bank says no", extra={"order": 7})
        yield "gelf", received.next()


def syslog():
    from rfc5424logging import Rfc5424SysLogHandler

    with Datagrams() as received:
        handler = Rfc5424SysLogHandler(address=("127.0.0.1", received.port), hostname="web-1", appname="checkout", enterprise_id=32473)
        logger_with("5424", handler).warning("queue is \"long\"", extra={"structured_data": {"pool": {"used": "7 ]\\"}}})
        yield "syslog-5424", received.next()
        handler = logging.handlers.SysLogHandler(address=("127.0.0.1", received.port))
        handler.ident = "checkout: "
        logger_with("3164", handler).error("out of memory")
        yield "syslog-python", received.next()
        if shutil.which("logger"):
            for name, form in [("syslog-3164", "--rfc3164"), ("syslog-logger", "--rfc5424")]:
                address = ["--server", "127.0.0.1", "--port", str(received.port), "--udp"]
                subprocess.run(["logger", form, *address, "-t", "backup", "-p", "daemon.err", "disk is full"], check=True)
                yield name, received.next()


def lines():
    import ecs_logging
    import logfmter
    import loguru
    import structlog
    from pythonjsonlogger.json import JsonFormatter

    def formatted(formatter):
        stream = io.StringIO()
        handler = logging.StreamHandler(stream)
        handler.setFormatter(formatter)
        logger_with("lines", handler).warning('pool is "nearly" full', extra={"used": 0.9})
        return stream.getvalue().encode()

    keys = {"time": "asctime", "level": "levelname", "msg": "message"}
    yield "logfmt", formatted(logfmter.Logfmter(keys=list(keys), mapping=keys, datefmt="%Y-%m-%dT%H:%M:%SZ"))
    yield "ecs", formatted(ecs_logging.StdlibFormatter(extra={"service": {"name": "checkout"}}))
    yield "json-logger", formatted(JsonFormatter("%(asctime)s %(levelname)s %(name)s %(message)s"))

    stream = io.StringIO()
    loguru.logger.remove()
    loguru.logger.add(stream, serialize=True)
    loguru.logger.error("card refused")
    yield "loguru", stream.getvalue().encode()
    stream = io.StringIO()
    loguru.logger.remove()
    loguru.logger.add(stream, colorize=True)
    loguru.logger.error("card refused")
    yield "loguru-text", stream.getvalue().encode()

    stream = io.StringIO()
    stamped = [structlog.processors.add_log_level, structlog.processors.TimeStamper(fmt="iso")]
    for name, last in [("structlog-json", structlog.processors.JSONRenderer()), ("structlog-logfmt", structlog.processors.LogfmtRenderer())]:
        stream = io.StringIO()
        structlog.configure(processors=[*stamped, last], logger_factory=structlog.WriteLoggerFactory(stream))
        structlog.get_logger().error("stock is empty", item=7)
        yield name, stream.getvalue().encode()


def registered():
    """JSON Schema behind a Schema Registry's magic byte, as Confluent's serializer writes it."""
    from confluent_kafka.schema_registry import SchemaRegistryClient
    from confluent_kafka.schema_registry.json_schema import JSONSerializer
    from confluent_kafka.serialization import MessageField, SerializationContext

    numbers = {"type": "object", "properties": {"name": {"type": "string"}, "value": {"type": "number"}}}
    schema = json.dumps({"$schema": "http://json-schema.org/draft-07/schema#", "title": "metric", **numbers})
    serializer = JSONSerializer(schema, SchemaRegistryClient.new_client({"url": "mock://"}))
    metric = {"name": "stock_items", "value": 12, "timestamp": 1795420800, "labels": {"shop": "nord"}}
    yield "schema-json", serializer(metric, SerializationContext("metrics", MessageField.VALUE))


def messages():
    for group in (registered, prometheus, remote_write, gelf, syslog, lines):
        yield from group()


def main():
    what, where, *rest = sys.argv[1:]
    if what == "dump":
        for name, body in messages():
            pathlib.Path(where, name).write_bytes(body)
        return
    from kafka import KafkaProducer
    from kafka.admin import KafkaAdminClient, NewTopic
    from kafka.errors import TopicAlreadyExistsError

    # The broker makes no topics by itself.
    admin = KafkaAdminClient(bootstrap_servers=where)
    written = list(messages())
    for name, _ in written:
        try:
            admin.create_topics([NewTopic(f"{rest[0]}.{name}", num_partitions=1, replication_factor=1)])
        except TopicAlreadyExistsError:
            pass
    admin.close()
    producer = KafkaProducer(bootstrap_servers=where, acks="all")
    sent = []
    for name, body in written:
        producer.send(f"{rest[0]}.{name}", body).get(timeout=30)
        sent.append(name)
    producer.close()
    print(json.dumps(sent))


if __name__ == "__main__":
    main()
