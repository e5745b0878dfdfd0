#!/bin/bash
# What the lab's scripts share: its places, its words, and small helpers. To be sourced, after `set -euo pipefail`.

# shellcheck disable=SC2034 # read by the scripts that source this one
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
lab=${XDG_CACHE_HOME:-$HOME/.cache}/longshore/lab
engine=$lab/docker
registry=127.0.0.1:${LONGSHORE_LAB_REGISTRY_PORT:-5000}

export PATH="$engine/bin:$PATH:/usr/sbin:/sbin"
export DOCKER_HOST="unix://$engine/run/docker.sock"
export DOCKER_CONFIG="$lab/docker-config"
unset DOCKER_CONTEXT

# Progress and problems go to standard error; standard output carries only what a program reads.
say() { printf 'lab: %s\n' "$*" >&2; }
fail() { printf 'lab: %s\n' "$*" >&2; exit 1; }

# The lab needs a Debian on which it may start an engine.
require_debian_root() {
  [ "$(id -u)" = 0 ] || fail "the lab's engine needs root; become root, or install Docker Engine 25 or newer with Compose 2.24 or newer"
  local ID='' VERSION_CODENAME=''
  # shellcheck source=/dev/null
  [ ! -r /etc/os-release ] || . /etc/os-release
  [ "$ID" = debian ] || fail "the lab runs on Debian only, this is ${ID:-unknown}; install Docker Engine 25 or newer with Compose 2.24 or newer"
  codename=$VERSION_CODENAME
}

# lock [FILE]: one caller at a time changes the lab; the others wait for it and then find the work done.
lock() {
  local file=$lab/${1:-lock}
  mkdir -p "$(dirname "$file")"
  exec 9>"$file"
  flock --nonblock 9 && return
  say "waiting for another process that is setting the lab up"
  flock --wait 1800 9 || fail "another process has held $file for half an hour"
}

# running PIDFILE NAME: the file's process is alive and is the program NAME, not a later owner of the same number.
running() {
  local pid
  pid=$(cat "$1" 2>/dev/null) && [ -n "$pid" ] && [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "$2" ]
}

# background LOG COMMAND...: starts a daemon that holds neither our standard streams nor our lock; prints its process id.
background() {
  local log=$1
  shift
  # From a folder that stays: one that is removed makes the shells of a daemon complain.
  (cd / && exec setsid "$@") >>"$log" 2>&1 </dev/null 9>&- &
  echo $!
}

# eventually SECONDS COMMAND...: repeats the command until it succeeds or the time is over.
eventually() {
  local end=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$end" ] || return 1
    sleep .2
  done
}

# registry_has PATH: the mirror answers 200 (over bash's own TCP: a bare machine has no curl).
registry_has() (
  exec 3<>"/dev/tcp/${registry%:*}/${registry#*:}" || exit 1
  printf 'HEAD /v2/%s HTTP/1.0\r\nHost: %s\r\nAccept: %s\r\nAccept: %s\r\n\r\n' "$1" "$registry" \
    application/vnd.oci.image.manifest.v1+json application/vnd.docker.distribution.manifest.v2+json >&3
  read -r -t 5 _ code _ <&3
  [ "$code" = 200 ]
) 2>/dev/null

# The Debian mirror this machine already uses: http://HOST/debian.
debian_mirror() {
  local url
  url=$(grep -rhoE --include='*.list' --include='*.sources' 'https?://[^ ]+/debian/?( |$)' \
    /etc/apt/sources.list /etc/apt/sources.list.d 2>/dev/null | grep -v snapshot | head -n 1 | sed 's: *$::; s:/$::') || true
  [ -n "$url" ] || fail "no Debian mirror in /etc/apt/sources.list or /etc/apt/sources.list.d; add one (deb http://HOST/debian $codename main)"
  echo "$url"
}

# download SUITE DIRECTORY PACKAGE...: puts packages into DIRECTORY/debs, from SUITE and from the machine's own release.
download() {
  local mirror
  mirror=$(debian_mirror)
  mkdir -p "$2"/{lists/partial,cache/archives/partial,debs}
  printf "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror %s main\n" "$1" "$codename" | sort -u >"$2/sources.list"
  cat >"$2/apt.conf" <<CONF
Dir::Etc::sourcelist "$2/sources.list"; Dir::Etc::sourceparts "/dev/null"; Dir::Etc::preferencesparts "/dev/null";
Dir::State::lists "$2/lists"; Dir::State::status "/dev/null"; Dir::Cache "$2/cache";
APT::Sandbox::User "root"; Acquire::Retries "2"; Acquire::http::Timeout "30"; Acquire::Languages "none";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false"; Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled "false";
CONF
  APT_CONFIG=$2/apt.conf apt-get update -qq >&2
  (cd "$2/debs" && APT_CONFIG=$2/apt.conf apt-get download -qq "${@:3}" >&2)
}

# with_libraries PROGRAM [ARGUMENT]: a script that runs $engine/lib/PROGRAM with the libraries unpacked beside it.
with_libraries() {
  printf '#!/bin/sh\nLD_LIBRARY_PATH=%q XTABLES_LIBDIR=%q exec %q %s "$@"\n' \
    "$engine/lib" "$engine/lib/xtables" "$engine/lib/$1" "${2:-}"
}
