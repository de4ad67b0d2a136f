#!/bin/sh
# Slack, Teams and PagerDuty as their documentation describes them.
# usage: services.sh PORT FOLDER     stays in the foreground
set -eu
here=$(cd "$(dirname "$0")" && pwd)
python=$("$here/python.sh")
exec "$python" "$here/services.py" "$@"
