#!/bin/sh
# Starts the gateway under a debugger, without waiting for a client.
set -eu
# A debugger that was ended can leave its program behind, with the ports.
for process in /proc/[0-9]*; do
    case $(readlink "$process/exe" || true) in
        /build/gateway*) kill -KILL "${process#/proc/}" || true ;;
    esac
done
exec "$GOPATH/bin/dlv" exec --headless --accept-multiclient --continue --listen=":${DEBUG_PORT:-2345}" /build/gateway
