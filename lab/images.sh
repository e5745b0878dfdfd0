#!/bin/bash
# The stand-ins for the official base images, in the lab's registry mirror. Each folder of images/ is one recipe: a
# Dockerfile whose first lines name the image and the usual build time, and, where something must be fetched first, a
# prepare.sh that fills the build context. An image is built again only when its recipe, its base's recipe or the
# machine's extra certificates change. A recipe with a line `# built: ...` is built only when it is asked for.
# Usage: images.sh up [IMAGE...] | status | list      IMAGE: a recipe's name or an image, such as redis or redis:7
set -euo pipefail
# shellcheck source=lab/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

readonly recipes=$here/images
readonly certificates=/usr/local/share/ca-certificates

names() { for file in "$recipes"/*/Dockerfile; do basename "$(dirname "$file")"; done; }
header() { sed -n "s/^# $2: //p" "$recipes/$1/Dockerfile" | head -n 1; } # NAME KEY
image() { header "$1" image; }
on_request() { [ -n "$(header "$1" built)" ]; }
on_debian() { grep -q '^FROM debian:13-slim' "$recipes/$1/Dockerfile"; }
on_postgres() { grep -q '^FROM postgres:17' "$recipes/$1/Dockerfile"; }

# Everything that decides what the image holds, as one number.
fingerprint() { # NAME
  {
    uname -m
    (cd "$recipes/$1" && find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum)
    if [ "$1" = debian ]; then cat "$certificates"/*.crt 2>/dev/null || true; fi
    if on_debian "$1"; then echo "$debian"; fi
    if on_postgres "$1"; then fingerprint postgres; fi
  } | sha256sum | cut -c 1-16
}

debian=$(fingerprint debian)
readonly debian

present() { # NAME
  local repository
  repository=$(image "$1")
  [ "$(cat "$lab/images/$1.stamp" 2>/dev/null)" = "$(fingerprint "$1")" ] &&
    registry_has "${repository%:*}/manifests/${repository##*:}"
}

build() { # NAME
  local context
  context=$(mktemp -d "$lab/images/$1.XXXXXX")
  cp -r "$recipes/$1/." "$context/"
  if [ "$1" = debian ]; then
    mkdir "$context/certificates"
    cp "$certificates"/*.crt "$context/certificates/" 2>/dev/null || true
  fi
  local result=0
  { [ ! -x "$recipes/$1/prepare.sh" ] || timeout 900 "$recipes/$1/prepare.sh" "$context"; } &&
    timeout 900 docker buildx build --progress plain --provenance=false --pull --tag "$registry/$(image "$1")" \
      --output type=registry "$context" || result=$?
  rm -rf "$context"
  return "$result"
}

make() { # NAME
  local attempt log=$lab/images/$1.log
  say "building $(image "$1") (about $(header "$1" takes))"
  for attempt in 1 2; do
    if build "$1" >"$log" 2>&1; then
      fingerprint "$1" >"$lab/images/$1.stamp"
      # What the engine had under this name is the old image.
      docker image rm "$registry/$(image "$1")" "$(image "$1")" >/dev/null 2>&1 || true
      return
    fi
    [ "$attempt" = 2 ] || say "$(image "$1"): the build failed, trying once more"
  done
  say "$(image "$1"): the build failed twice; the end of $log:"
  tail -n 12 "$log" >&2
  return 1
}

# chosen IMAGE...: the recipes that every system needs, and the requested ones. An image without a recipe is ignored: the
# Docker daemon pulls it.
chosen() {
  local name asked reference
  for name in $(names); do
    reference=$(image "$name")
    if ! on_request "$name"; then echo "$name"; continue; fi
    for asked in "$@"; do
      if [ "$asked" = "$name" ] || [ "$asked" = "${reference#library/}" ]; then echo "$name"; break; fi
    done
  done
}

up() {
  mkdir -p "$lab/images"
  local name jobs=() failed=0 wanted
  wanted=$(chosen "$@")
  # Those without our Debian underneath build while it is being made.
  for name in $wanted; do
    on_debian "$name" || on_postgres "$name" || [ "$name" = debian ] || present "$name" || { make "$name" & jobs+=($!); }
  done
  if present debian || make debian; then
    for name in $wanted; do
      if on_debian "$name" && ! on_postgres "$name" && ! present "$name"; then make "$name" & jobs+=($!); fi
    done
  else
    failed=1
  fi
  for name in "${jobs[@]}"; do wait "$name" || failed=1; done
  for name in $wanted; do
    if on_postgres "$name" && ! present "$name"; then make "$name" || failed=1; fi
  done
  return "$failed"
}

case ${1:-} in
  up)
    require_debian_root
    lock
    up "${@:2}"
    ;;
  status)
    for name in $(names); do
      if present "$name"; then
        state="in the mirror"
      elif on_request "$name"; then
        state="built $(header "$name" built)"
      else
        state="to be built"
      fi
      printf 'image     %-36s %s\n' "$(image "$name")" "$state"
    done
    ;;
  list) for name in $(chosen); do image "$name"; done ;;
  *) fail "usage: images.sh up [IMAGE...] | status | list" ;;
esac
