#!/bin/bash
# Builds the Dockerfile frontend from the Go modules pinned in go.mod and go.sum into the build context $1.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
command -v go >/dev/null || { echo "docker/dockerfile:1 is built from Go modules: install Go 1.26 or newer" >&2; exit 1; }
cd "$here"
GOPROXY=$(go env GOPROXY | sed 's/,direct$//') GOTOOLCHAIN=local GOFLAGS='-mod=readonly' CGO_ENABLED=0 \
  nice go build -trimpath -ldflags '-s -w' -tags netgo,osusergo -o "$1/dockerfile-frontend" \
  github.com/moby/buildkit/frontend/dockerfile/cmd/dockerfile-frontend
