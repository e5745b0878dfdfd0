#!/bin/bash
# The unpacked size of an image in bytes, as `docker image inspect` reports it on an overlay2 store: the sum of the files of
# every layer. (The containerd store, which the lab uses, adds the compressed layers to it.)  Usage: image-size.sh IMAGE
set -euo pipefail
[ $# = 1 ] || { echo "usage: image-size.sh IMAGE" >&2; exit 2; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
docker image save --output "$work/image.tar" "$1"
tar -xf "$work/image.tar" -C "$work"
grep -oE '"Layers":\[[^]]*\]' "$work/manifest.json" | head -n 1 | grep -oE 'blobs/[^"]+|[0-9a-f]+/layer\.tar' |
  while read -r layer; do tar -tvf "$work/$layer"; done | awk '{ sum += $3 } END { printf "%d\n", sum }'
