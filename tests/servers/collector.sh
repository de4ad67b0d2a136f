#!/bin/sh
# A real OpenTelemetry Collector for the tests, built from its Go modules: hostmetrics and filelog in, Kafka out.
#
#   collector.sh fetch                       builds it once under target/servers/collector and prints the binary's path
#   collector.sh start NAME CONFIG           starts it with this configuration, waits until it is ready
#   collector.sh stop NAME                   ends it
#
# Needs go 1.22 or later.
set -eu

VERSION=0.115.0
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
HOME_DIR="$ROOT/target/servers/collector"
BINARY="$HOME_DIR/otelcol-$VERSION"

fail() {
    echo "collector.sh: $*" >&2
    exit 1
}

fetch() {
    [ -x "$BINARY" ] && return 0
    command -v go >/dev/null 2>&1 || fail "go is missing; on Debian: apt-get install golang"
    mkdir -p "$HOME_DIR/build"
    cat >"$HOME_DIR/builder.yaml" <<YAML
dist:
  name: otelcol
  module: forewarn.test/otelcol
  output_path: $HOME_DIR/build
  version: $VERSION
receivers:
  - gomod: github.com/open-telemetry/opentelemetry-collector-contrib/receiver/hostmetricsreceiver v$VERSION
  - gomod: github.com/open-telemetry/opentelemetry-collector-contrib/receiver/filelogreceiver v$VERSION
  - gomod: go.opentelemetry.io/collector/receiver/otlpreceiver v$VERSION
processors:
  - gomod: github.com/open-telemetry/opentelemetry-collector-contrib/processor/resourceprocessor v$VERSION
exporters:
  - gomod: github.com/open-telemetry/opentelemetry-collector-contrib/exporter/kafkaexporter v$VERSION
YAML
    echo "collector.sh: building the collector $VERSION (some minutes, once)" >&2
    GOBIN="$HOME_DIR/bin" GOFLAGS=-trimpath CGO_ENABLED=0 go install "go.opentelemetry.io/collector/cmd/builder@v$VERSION" >&2 \
        || fail "go could not build the builder"
    CGO_ENABLED=0 "$HOME_DIR/bin/builder" --config "$HOME_DIR/builder.yaml" >"$HOME_DIR/build.log" 2>&1 \
        || fail "the collector could not be built: $(tail -5 "$HOME_DIR/build.log")"
    mv "$HOME_DIR/build/otelcol" "$BINARY"
    rm -rf "$HOME_DIR/build" "$HOME_DIR/bin"
}

start() {
    name=$1
    config=$2
    fetch
    stop "$name"
    "$BINARY" --config "$config" >"$HOME_DIR/$name.log" 2>&1 </dev/null &
    echo $! >"$HOME_DIR/$name.pid"
    waited=0
    until grep -q "Everything is ready" "$HOME_DIR/$name.log" 2>/dev/null; do
        kill -0 "$(cat "$HOME_DIR/$name.pid")" 2>/dev/null || fail "the collector ended: $(tail -5 "$HOME_DIR/$name.log")"
        waited=$((waited + 1))
        [ "$waited" -lt 120 ] || fail "the collector was not ready within 30 s; see $HOME_DIR/$name.log"
        sleep 0.25
    done
}

stop() {
    [ -f "$HOME_DIR/$1.pid" ] || return 0
    pid=$(cat "$HOME_DIR/$1.pid")
    if tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -q "$BINARY"; then
        kill "$pid" 2>/dev/null || true
    fi
    rm -f "$HOME_DIR/$1.pid"
}

case "${1:-}" in
fetch) fetch && echo "$BINARY" ;;
start) start "$2" "$3" ;;
stop) stop "$2" ;;
*) fail "usage: collector.sh fetch | start NAME CONFIG | stop NAME" ;;
esac
