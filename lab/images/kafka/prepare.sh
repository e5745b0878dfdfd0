#!/bin/bash
# Fetches the jars that pom.xml names, with all that they need, from Maven Central into libs/ of the build context $1. Maven
# checks them against the sums that the repository publishes.
set -euo pipefail
command -v mvn >/dev/null || { echo "the jars come from Maven Central: install Maven and a JDK (apt-get install maven)" >&2; exit 1; }
cd "$1"
nice mvn --quiet --batch-mode --strict-checksums \
  org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies -DincludeScope=runtime -DoutputDirectory=libs
