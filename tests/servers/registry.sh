#!/bin/sh
# A real Schema Registry with Confluent's API: Apicurio, its schemas in memory.
#
#   registry.sh fetch   downloads it
#   registry.sh PORT    stays in the foreground; the API is at http://127.0.0.1:PORT/apis/ccompat/v7
#
# Needs java 17 or later, and maven once for the download. Everything lies under target/servers/registry.
set -eu
VERSION=2.6.13.Final
HOME_DIR=$(cd "$(dirname "$0")/../.." && pwd)/target/servers/registry

if [ ! -f "$HOME_DIR/$VERSION" ]; then
    command -v mvn >/dev/null || { echo "mvn is missing; on Debian: apt-get install maven" >&2; exit 1; }
    echo "registry.sh: downloading Apicurio Registry $VERSION" >&2
    rm -rf "$HOME_DIR"
    mkdir -p "$HOME_DIR"
    # Without a project Maven leaves a folder for its marks where it stands.
    cd "$HOME_DIR"
    mvn -B -q org.apache.maven.plugins:maven-dependency-plugin:3.8.1:unpack -DoutputDirectory="$HOME_DIR" \
        -Dartifact="io.apicurio:apicurio-registry-app:$VERSION:tar.gz:all" >&2
    touch "$HOME_DIR/$VERSION"
fi
[ "$1" = fetch ] && exit 0
exec java -Xmx384m -Dquarkus.http.host=127.0.0.1 -Dquarkus.http.port="$1" -jar "$HOME_DIR/apicurio-registry-app-$VERSION-runner.jar"
