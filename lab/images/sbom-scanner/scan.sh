#!/bin/bash
# BuildKit mounts what was built below BUILDKIT_SCAN_SOURCE and collects in-toto statements from BUILDKIT_SCAN_DESTINATION.
set -euo pipefail
export HOME=/tmp XDG_CACHE_HOME=/tmp SYFT_CHECK_FOR_APP_UPDATE=false
contents=$(syft scan "dir:$BUILDKIT_SCAN_SOURCE" --quiet --output spdx-json)
printf '{"_type":"https://in-toto.io/Statement/v0.1","predicateType":"https://spdx.dev/Document","predicate":%s}' "$contents" \
  >"$BUILDKIT_SCAN_DESTINATION/sbom.spdx.json"
