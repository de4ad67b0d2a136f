#!/bin/sh
# A webhook receiver that verifies signatures with an independent library.
# usage: webhook.sh PORT FOLDER SECRET     stays in the foreground
set -eu
here=$(cd "$(dirname "$0")" && pwd)
python=$("$here/python.sh")
exec "$python" "$here/webhook.py" "$@"
