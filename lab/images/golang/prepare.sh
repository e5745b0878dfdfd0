#!/bin/bash
# Puts a Go 1.26 tree into go/ of the build context $1: the machine's own if it is a 1.26, otherwise the toolchain module,
# which Go itself checks against the public checksum database.
set -euo pipefail
readonly series=go1.26 module=v0.0.1-go1.26.8
command -v go >/dev/null || { echo "golang:1.26 is made with Go: install Go 1.26, or any newer one" >&2; exit 1; }
version=$(GOTOOLCHAIN=local go env GOVERSION)
if [[ $version == "$series" || $version == "$series".* ]]; then
  tree=$(GOTOOLCHAIN=local go env GOROOT)
else
  mkdir "$1/fetch" && cd "$1/fetch"
  printf 'module fetch\n' > go.mod
  tree=$(GOTOOLCHAIN=local GOFLAGS=-mod=mod GOPROXY=$(go env GOPROXY | sed 's/,direct$//') \
    go mod download -json "golang.org/toolchain@$module.linux-$(go env GOARCH)" | sed -n 's/^\t"Dir": "\(.*\)",*$/\1/p')
fi
# A tree from a distribution may be made of links; the module cache cannot be written to.
cp --recursive --dereference --no-preserve=mode,ownership,timestamps "$tree" "$1/go"
chmod 755 "$1"/go/bin/* "$1"/go/pkg/tool/*/*
rm -rf "$1/fetch" "$1/go/api" "$1/go/doc" "$1/go/test"
