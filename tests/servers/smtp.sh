#!/bin/sh
# A real mail server for the tests: STARTTLS with an authority of its own, login required, each mail a file.
# usage: smtp.sh PORT FOLDER [--no-starttls]     stays in the foreground
# The authority's certificate is FOLDER/ca.pem; user `forewarn`, password `open sesame`; mails are FOLDER/mail-N.eml.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
python=$("$here/python.sh")
port=$1 folder=$2
shift 2
mkdir -p "$folder"
if [ ! -e "$folder/server.pem" ]; then
    (
        cd "$folder"
        openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj '/CN=forewarn test authority' \
            -keyout ca.key -out ca.pem -addext basicConstraints=critical,CA:TRUE 2>/dev/null
        openssl req -newkey rsa:2048 -nodes -subj '/CN=localhost' -keyout server.key -out server.csr 2>/dev/null
        printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=CA:FALSE\n' > server.ext
        openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 3650 \
            -extfile server.ext -out server.pem 2>/dev/null
    )
fi
exec "$python" "$here/smtp.py" "$port" "$folder" "$@"
