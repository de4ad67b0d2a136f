#!/bin/sh
# A real Apache Kafka broker (KRaft, one node) for the tests.
#
#   kafka.sh start [PORT]   downloads what is missing, starts the broker, waits until it answers, prints its address
#   kafka.sh join PORT WITH starts another broker of the cluster whose first broker is on the port WITH
#   kafka.sh stop  [PORT]   ends the broker that was started on this port
#   kafka.sh fetch          only downloads
#
# Besides the plain listener on PORT, for which everything is allowed, the first broker has secured ones, whose certificates
# lie in target/servers/kafka/node-PORT/tls: PORT+2 TLS, PORT+3 TLS with a client's certificate, PORT+4 SASL over TLS, PORT+5
# TLS with an expired certificate, PORT+6 TLS with one for another host, PORT+7 SASL in clear, PORT+8 SASL with tokens signed by
# tls/token.key (tests/servers/tokens.py gives them out). `alice` may do everything, `eve` nothing.
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

# The secured listeners at a host.
secured() {
    echo "TLS://$1:$((PORT + 2)),MTLS://$1:$((PORT + 3)),SASL://$1:$((PORT + 4)),EXPIRED://$1:$((PORT + 5)),ELSEWHERE://$1:$((PORT + 6)),CLEAR://$1:$((PORT + 7)),OIDC://$1:$((PORT + 8))"
}

# certificate NAME CA FROM TO SUBJECT SAN: a key and a certificate of an authority, together in NAME.pem.
certificate() {
    openssl req -newkey rsa:2048 -nodes -keyout "$1.key" -out "$1.csr" -subj "/CN=$5" 2>/dev/null
    printf 'subjectAltName=%s\n' "$6" >"$1.ext"
    openssl ca -batch -notext -config ca.cnf -cert "$2.crt" -keyfile "$2.key" -startdate "$3" -enddate "$4" \
        -extfile "$1.ext" -in "$1.csr" -out "$1.crt" 2>/dev/null
    cat "$1.key" "$1.crt" >"$1.pem"
}

# The certificates: an authority, what it signed, and another authority that nobody should trust.
certify() {
    need openssl openssl
    mkdir -p "$NODE/tls/new"
    (
        cd "$NODE/tls"
        : >index.txt
        cat >ca.cnf <<CNF
[ca]
default_ca = all
[all]
database = index.txt
new_certs_dir = new
rand_serial = yes
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
CNF
        for authority in ca stranger; do
            openssl req -x509 -newkey rsa:2048 -nodes -keyout $authority.key -out $authority.crt -days 3650 \
                -subj "/CN=test $authority" 2>/dev/null
        done
        here=DNS:localhost,IP:127.0.0.1
        certificate broker ca 20200101000000Z 20491231000000Z localhost $here
        certificate expired ca 20200101000000Z 20200201000000Z localhost $here
        certificate elsewhere ca 20200101000000Z 20491231000000Z elsewhere.example DNS:elsewhere.example
        certificate alice ca 20200101000000Z 20491231000000Z alice DNS:alice
        certificate mallory stranger 20200101000000Z 20491231000000Z alice DNS:alice
        # The key that signs tokens, and its public half as the broker wants it (RFC 7517).
        openssl genrsa -out token.key 2048 2>/dev/null
        modulus=$(openssl rsa -in token.key -noout -modulus | sed 's/.*=//')
        printf '{"keys":[{"kty":"RSA","kid":"test","use":"sig","alg":"RS256","e":"AQAB","n":"%s"}]}' \
            "$(python3 -c "import base64,sys; print(base64.urlsafe_b64encode(bytes.fromhex(sys.argv[1])).rstrip(b'=').decode())" "$modulus")" >jwks.json
    ) || fail "the certificates could not be made"
}

# The secured listeners' settings.
secure() {
    for listener in tls:broker mtls:broker sasl:broker expired:expired elsewhere:elsewhere; do
        cat <<PROPERTIES
listener.name.${listener%:*}.ssl.keystore.type=PEM
listener.name.${listener%:*}.ssl.keystore.location=$NODE/tls/${listener#*:}.pem
listener.name.${listener%:*}.ssl.truststore.type=PEM
listener.name.${listener%:*}.ssl.truststore.location=$NODE/tls/ca.crt
PROPERTIES
    done >>"$NODE/server.properties"
    security=org.apache.kafka.common.security
    for listener in sasl clear; do
        cat <<PROPERTIES
listener.name.$listener.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER
listener.name.$listener.plain.sasl.jaas.config=$security.plain.PlainLoginModule required user_alice="alice-secret" user_eve="eve-secret";
listener.name.$listener.scram-sha-256.sasl.jaas.config=$security.scram.ScramLoginModule required;
listener.name.$listener.scram-sha-512.sasl.jaas.config=$security.scram.ScramLoginModule required;
listener.name.$listener.oauthbearer.sasl.jaas.config=$security.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";
PROPERTIES
    done >>"$NODE/server.properties"
    cat <<PROPERTIES >>"$NODE/server.properties"
listener.name.oidc.sasl.enabled.mechanisms=OAUTHBEARER
listener.name.oidc.oauthbearer.sasl.jaas.config=$security.oauthbearer.OAuthBearerLoginModule required;
listener.name.oidc.oauthbearer.sasl.server.callback.handler.class=$security.oauthbearer.OAuthBearerValidatorCallbackHandler
sasl.oauthbearer.jwt.validator.class=$security.oauthbearer.BrokerJwtValidator
sasl.oauthbearer.expected.audience=kafka
sasl.oauthbearer.jwks.endpoint.url=file://$NODE/tls/jwks.json
listener.name.oidc.oauthbearer.connections.max.reauth.ms=60000
PROPERTIES
    echo "listener.name.mtls.ssl.client.auth=required" >>"$NODE/server.properties"
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
listeners=PLAINTEXT://127.0.0.1:$PORT,CONTROLLER://127.0.0.1:$((PORT + 1)),$(secured 127.0.0.1)
PROPERTIES
        certify
        secure
    fi
    cat >>"$NODE/server.properties" <<PROPERTIES
advertised.listeners=PLAINTEXT://127.0.0.1:$PORT$([ -n "$WITH" ] || echo ",$(secured localhost)")
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,TLS:SSL,MTLS:SSL,SASL:SASL_SSL,EXPIRED:SSL,ELSEWHERE:SSL,CLEAR:SASL_PLAINTEXT,OIDC:SASL_PLAINTEXT
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS;User:alice;User:CN=alice
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

# The users known by SCRAM, for the format of the first broker.
users() {
    [ -z "$WITH" ] || return 0
    for user in alice eve; do
        for mechanism in SCRAM-SHA-256 SCRAM-SHA-512; do
            echo "--add-scram $mechanism=[name=$user,password=$user-secret]"
        done
    done
}

start() {
    fetch
    need java default-jre-headless
    stop
    rm -rf "$NODE"
    configure
    java -Xmx128m -cp "$JARS/*" kafka.tools.StorageTool format --config "$NODE/server.properties" \
        --cluster-id "Zm9yZXdhcm4tdGVzdC0wMQ" $(users) >"$NODE/format.log" 2>&1 || fail "format failed: $(tail -3 "$NODE/format.log")"
    java -Xms64m -Xmx384m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 \
        -Dorg.slf4j.simpleLogger.defaultLogLevel=info \
        "-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls=file://$NODE/tls/jwks.json" -cp "$JARS/*" \
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
