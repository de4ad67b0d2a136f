#!/bin/sh
# A real Telegraf for the tests, built from its Go module with the parts that they need; prints the binary's path.
#
# Needs go 1.24 or later.
set -eu
VERSION=1.36.4
HOME_DIR=$(cd "$(dirname "$0")/../.." && pwd)/target/servers/telegraf
BINARY=$HOME_DIR/telegraf-$VERSION
if [ ! -x "$BINARY" ]; then
    command -v go >/dev/null || { echo "go is missing; on Debian: apt-get install golang" >&2; exit 1; }
    echo "telegraf.sh: building Telegraf $VERSION (a minute, once)" >&2
    rm -rf "$HOME_DIR"
    mkdir -p "$HOME_DIR/get"
    (cd "$HOME_DIR/get" && go mod init get 2>/dev/null && go mod download -json "github.com/influxdata/telegraf@v$VERSION") >"$HOME_DIR/where"
    cp -r "$(sed -n 's/.*"Dir": "\(.*\)".*/\1/p' "$HOME_DIR/where")" "$HOME_DIR/source"
    chmod -R u+w "$HOME_DIR/source"
    (cd "$HOME_DIR/source" && CGO_ENABLED=0 go build -trimpath -o "$BINARY" \
        -tags "custom,inputs.cpu,inputs.mem,inputs.net,outputs.file,outputs.kafka,serializers.json,serializers.influx,serializers.prometheus" ./cmd/telegraf)
    rm -rf "$HOME_DIR/source" "$HOME_DIR/get" "$HOME_DIR/where"
fi
echo "$BINARY"
