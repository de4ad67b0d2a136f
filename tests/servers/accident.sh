#!/usr/bin/env bash
# Records a real accident: a service that leaks, a scratch file system that fills, customers, a user's probe, the collector and Kafka
# between them and `forewarn run --record`. It takes 48 minutes; `fixtures/real-accident` was made with it.
#
#   accident.sh FOREWARN FOLDER     the recording is FOLDER/recording; the servers must run (. tests/servers/start)
set -euo pipefail
if [ "${3:-}" != inside ]; then
    # The scratch file system is seen from here alone.
    exec unshare -rm "$0" "$1" "$2" inside
fi
forewarn=$(realpath "$1") folder=$(realpath "$2") here=$(dirname "$(realpath "$0")")
calm=18 fails=30
mount -t tmpfs -o size=64m none /mnt
# Named as the collector is to find it.
ln -sf "$(readlink -f "$FOREWARN_TEST_PYTHON")" "$folder/shop"
port=18480
"$FOREWARN_TEST_PYTHON" - "$FOREWARN_TEST_KAFKA" <<'PY'
import sys
from confluent_kafka.admin import AdminClient, NewTopic
client = AdminClient({"bootstrap.servers": sys.argv[1]})
for future in client.create_topics([NewTopic(topic, 1, 1) for topic in ("host", "probe", "changes")]).values():
    try:
        future.result()
    except Exception as error:
        print(error, file=sys.stderr)
PY
cat >"$folder/collector.yaml" <<YAML
receivers:
  hostmetrics:
    collection_interval: 5s
    scrapers:
      load: {}
      memory: { metrics: { system.memory.utilization: { enabled: true } } }
      cpu: { metrics: { system.cpu.utilization: { enabled: true }, system.cpu.time: { enabled: false } } }
      filesystem:
        include_virtual_filesystems: true
        include_mount_points: { mount_points: [/mnt], match_type: strict }
        metrics: { system.filesystem.utilization: { enabled: true } }
      process:
        include: { names: ["shop"], match_type: strict }
        mute_process_all_errors: true
        metrics: { process.disk.io: { enabled: false } }
processors:
  resource:
    attributes:
      - { key: service.name, value: shop, action: upsert }
      - { pattern: 'process[.](command.*|executable[.]path|owner|parent_pid)', action: delete }
exporters:
  kafka: { brokers: ["$FOREWARN_TEST_KAFKA"], topic: host, encoding: otlp_proto, protocol_version: 2.8.0 }
service:
  telemetry: { metrics: { level: none } }
  pipelines: { metrics: { receivers: [hostmetrics], processors: [resource], exporters: [kafka] } }
YAML
cat >"$folder/forewarn.toml" <<TOML
[kafka]
brokers = "$FOREWARN_TEST_KAFKA"
topics  = ["host", "probe", "changes"]
group   = "accident"
[http]
listen = "127.0.0.1:18481"
[state]
directory = "$folder/state"
[record]
size = "64MiB"
[[limit]]
signal = '{"system.filesystem.utilization"}'
above  = 0.95
[[limit]]
signal = '{"process.memory.virtual"}'
above  = 400e6
[[objective]]
name    = "orders fail"
service = "shop"
signal  = 'probe_failed'
above   = 0.5
for     = "30s"
TOML
children=()
trap 'kill "${children[@]}" 2>/dev/null || true' EXIT
run() { "$@" & children+=($!); }
export PYTHONPATH
PYTHONPATH=$("$FOREWARN_TEST_PYTHON" -c 'import site; print(site.getsitepackages()[0])')
MALLOC_ARENA_MAX=1 run "$folder/shop" "$here/accident.py" shop $port /mnt
sleep 1
run "$FOREWARN_TEST_PYTHON" "$here/accident.py" load $port
run "$FOREWARN_TEST_PYTHON" "$here/accident.py" probe $port "$FOREWARN_TEST_KAFKA"
# Else the mounts of the first process are looked at.
HOST_PROC_MOUNTINFO=/proc/self/mountinfo run "$FOREWARN_TEST_COLLECTOR" --config "$folder/collector.yaml"
run "$forewarn" run --config "$folder/forewarn.toml" --record "$folder/recording"
sleep $((calm * 60))
"$FOREWARN_TEST_PYTHON" "$here/accident.py" deploy $port "$FOREWARN_TEST_KAFKA"
sleep $((fails * 60))
