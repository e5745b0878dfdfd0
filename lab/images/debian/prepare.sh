#!/bin/bash
# Makes a minimal Debian 13 from the machine's Debian mirror, without documentation and translations like the official slim
# image, as rootfs.tar in the build context $1. mmdebstrap is the lab's own, unpacked with the engine.
set -euo pipefail
# shellcheck source=tools/lab/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../common.sh"

for program in perl python3; do
  command -v "$program" >/dev/null || fail "mmdebstrap needs $program: apt-get install $program"
done
mirror=$(debian_mirror)
excluded=(--dpkgopt='path-include=/usr/share/doc/*/copyright' --dpkgopt='path-include=/usr/share/locale/locale.alias')
for folder in doc man locale info groff lintian linda; do
  excluded=(--dpkgopt="path-exclude=/usr/share/$folder/*" "${excluded[@]}")
done
mmdebstrap --quiet --variant=minbase --mode=root --include=ca-certificates "${excluded[@]}" \
  --aptopt='Acquire::Retries "2"' trixie "$1/rootfs.tar" \
  "deb $mirror trixie main" "deb $mirror trixie-updates main" "deb $mirror-security trixie-security main"
