#!/bin/sh
# A real Apache Kafka broker (KRaft, one node) for the tests.
#
#   kafka.sh start [PORT]   downloads what is missing, starts the broker, waits until it answers, prints its address
#   kafka.sh join PORT WITH starts another broker of the cluster whose first broker is on the port WITH
#   kafka.sh stop  [PORT]   ends the broker that was started on this port
#   kafka.sh fetch          only downloads
#
# Needs java 17 or later, and maven once for the download. Everything lies under target/servers/kafka.
set -eu

VERSION=4.1.0
PORT=${2:-19092}
WITH=${3:-}
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
HOME_DIR="$ROOT/target/servers/kafka"
JARS="$HOME_DIR/jars-$VERSION"
NODE="$HOME_DIR/node-$PORT"

fail() {
    echo "kafka.sh: $*" >&2
    exit 1
}

need() {
    command -v "$1" >/dev/null 2>&1 || fail "$1 is missing; on Debian: apt-get install $2"
}

fetch() {
    [ -f "$JARS/complete" ] && return 0
    need java default-jre-headless
    need mvn maven
    mkdir -p "$JARS"
    cat >"$HOME_DIR/pom.xml" <<POM
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>test</groupId>
  <artifactId>broker</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>$VERSION</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>1.7.36</version></dependency>
  </dependencies>
</project>
POM
    echo "kafka.sh: downloading Apache Kafka $VERSION" >&2
    mvn -B -q -f "$HOME_DIR/pom.xml" dependency:copy-dependencies -DincludeScope=runtime \
        -DoutputDirectory="$JARS" >&2 || fail "maven could not download org.apache.kafka:kafka_2.13:$VERSION"
    touch "$JARS/complete"
}

configure() {
    mkdir -p "$NODE"
    if [ -n "$WITH" ]; then
        cat >"$NODE/server.properties" <<PROPERTIES
process.roles=broker
node.id=2
controller.quorum.voters=1@127.0.0.1:$((WITH + 1))
listeners=PLAINTEXT://127.0.0.1:$PORT
PROPERTIES
    else
        cat >"$NODE/server.properties" <<PROPERTIES
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$((PORT + 1))
listeners=PLAINTEXT://127.0.0.1:$PORT,CONTROLLER://127.0.0.1:$((PORT + 1))
PROPERTIES
    fi
    cat >>"$NODE/server.properties" <<PROPERTIES
advertised.listeners=PLAINTEXT://127.0.0.1:$PORT
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs=$NODE/log
num.partitions=1
auto.create.topics.enable=false
default.replication.factor=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
message.max.bytes=16777216
replica.fetch.max.bytes=16777216
num.network.threads=2
num.io.threads=2
background.threads=2
log.cleaner.dedupe.buffer.size=4194304
PROPERTIES
}

start() {
    fetch
    need java default-jre-headless
    stop
    rm -rf "$NODE"
    configure
    java -Xmx128m -cp "$JARS/*" kafka.tools.StorageTool format --config "$NODE/server.properties" \
        --cluster-id "Zm9yZXdhcm4tdGVzdC0wMQ" >"$NODE/format.log" 2>&1 || fail "format failed: $(tail -3 "$NODE/format.log")"
    java -Xms64m -Xmx384m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 \
        -Dorg.slf4j.simpleLogger.defaultLogLevel=info -cp "$JARS/*" \
        kafka.Kafka "$NODE/server.properties" >"$NODE/broker.log" 2>&1 </dev/null &
    echo $! >"$NODE/pid"
    waited=0
    until grep -q "Kafka Server started" "$NODE/broker.log" 2>/dev/null; do
        kill -0 "$(cat "$NODE/pid")" 2>/dev/null || fail "the broker ended: $(tail -5 "$NODE/broker.log")"
        waited=$((waited + 1))
        [ "$waited" -lt 240 ] || fail "the broker did not start within 60 s; see $NODE/broker.log"
        sleep 0.25
    done
    echo "127.0.0.1:$PORT"
}

stop() {
    [ -f "$NODE/pid" ] || return 0
    pid=$(cat "$NODE/pid")
    # Only our own child: a pid may have been given to another process since.
    if tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -q "$NODE/server.properties"; then
        kill "$pid" 2>/dev/null || true
        waited=0
        while kill -0 "$pid" 2>/dev/null && [ "$waited" -lt 40 ]; do
            waited=$((waited + 1))
            sleep 0.25
        done
        kill -9 "$pid" 2>/dev/null || true
    fi
    rm -f "$NODE/pid"
}

case "${1:-}" in
start) start ;;
join) [ -n "$WITH" ] || fail "join needs the first broker's port"; start ;;
stop) stop ;;
fetch) fetch ;;
*) fail "usage: kafka.sh start [PORT] | join PORT WITH | stop [PORT] | fetch" ;;
esac
