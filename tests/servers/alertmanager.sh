#!/bin/sh
# A real Prometheus Alertmanager, the package of Debian.
# usage: alertmanager.sh PORT FOLDER     stays in the foreground
set -eu
port=$1 folder=$2
binary=$(command -v prometheus-alertmanager || command -v alertmanager) \
    || { echo "alertmanager is missing; on Debian: apt-get install prometheus-alertmanager" >&2; exit 1; }
mkdir -p "$folder"
cat >"$folder/alertmanager.yml" <<YAML
route: { receiver: nobody }
receivers: [{ name: nobody }]
YAML
exec "$binary" --config.file="$folder/alertmanager.yml" --storage.path="$folder/data" \
    --web.listen-address="127.0.0.1:$port" --cluster.listen-address=
