#!/bin/sh
# kim as the service runs it: its user, its settings. Installed as /usr/local/sbin/kim, for root.
exec systemd-run --quiet --pipe --wait --collect --uid=kim --gid=kim --working-directory=/opt/kim \
    -p EnvironmentFile=/etc/kim/kim.env -p UMask=0077 /opt/kim/.venv/bin/kim "$@"
