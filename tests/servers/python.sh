#!/bin/sh
# The Python of the tests, in a virtual environment of its own; prints its path. Made on first use.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
venv=$root/target/servers/venv
wanted='aiosmtpd==1.4.6 standardwebhooks==1.0.1 influxdb-client==1.49.0 kafka-python==2.2.15
    prometheus_client==0.26.0 opentelemetry-exporter-prometheus-remote-write==0.66b1 pygelf==0.4.3
    rfc5424-logging-handler==1.4.3 logfmter==0.0.12 structlog==26.1.0 loguru==0.7.3 ecs-logging==2.3.0 python-json-logger==4.2.0
    confluent-kafka[schemaregistry,avro,json,protobuf]==2.16.1 grpcio-tools==1.81.1 joserfc==1.8.0 promql-parser==0.12.0'
if [ "$(cat "$venv/READY" 2>/dev/null)" != "$wanted" ]; then
    python3 -m venv "$venv" || { echo "python3 with venv is needed; on Debian: apt-get install python3-venv" >&2; exit 1; }
    # shellcheck disable=SC2086 # a list of words
    "$venv/bin/pip" install --quiet --disable-pip-version-check $wanted >&2
    echo "$wanted" >"$venv/READY"
fi
echo "$venv/bin/python"
