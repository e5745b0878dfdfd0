#!/bin/sh
# Builds and starts the gateway again with every change of /src.
set -eu
# The image's own cache cannot be written to.
cp -r "$GOCACHE" /build/cache
export GOCACHE=/build/cache GOTMPDIR=/build
exec "$GOPATH/bin/air" --tmp_dir /build --build.cmd "go build -gcflags=-N\ -l -o /build/gateway ." --build.full_bin /opt/develop/start.sh \
    --build.include_ext go,mod,sum --build.exclude_regex _test.go --build.send_interrupt true --build.kill_delay 2s
