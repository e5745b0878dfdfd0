#!/bin/bash
# What the scripts of the lab's Kubernetes node share. To be sourced, after `set -euo pipefail`.

# shellcheck source=lab/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"

# shellcheck disable=SC2034 # read by the scripts that source this one
recipes=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
kubernetes=$lab/kubernetes
bin=$kubernetes/bin
cni=$kubernetes/cni
run=$kubernetes/run # all that a running node has; gone when it is down
pki=$run/pki

readonly version=v1.33.13 # as go/go.mod has it
readonly node=longshore-lab
readonly api_port=16443 etcd_port=12379 dns_port=1053 metrics_port=14443
readonly services=10.96.0.0/16 dns_address=10.96.0.10 pods=10.244.0.0/24

export PATH="$bin:$PATH"
export KUBECONFIG=$pki/admin.kubeconfig

# start NAME PROGRAM [ARGUMENT...]: runs a daemon unless it runs already. Its log and its process id are in $run.
start() {
  local name=$1
  shift
  ! running "$run/$name.pid" "$(comm_of "$1")" || return 0
  background "$run/$name.log" "$@" >"$run/$name.pid"
}

# The kernel's name of a program's process: at most 15 characters.
comm_of() {
  local name
  name=$(basename "$1")
  echo "${name:0:15}"
}

# stop NAME PROGRAM
stop() {
  local pid
  running "$run/$1.pid" "$(comm_of "$2")" || return 0
  pid=$(cat "$run/$1.pid")
  kill "$pid"
  eventually 15 test ! -e "/proc/$pid" || kill -9 "$pid" || true
  eventually 15 test ! -e "/proc/$pid" || fail "$2 (process $pid) does not end"
  rm -f "$run/$1.pid"
}

# must NAME SECONDS COMMAND...: waits until a component answers, or says what it said last.
must() {
  eventually "$2" "${@:3}" || fail "$1 does not answer; the end of $run/$1.log: $(tail -n 3 "$run/$1.log")"
}

# answers PORT PATH: a loopback port answers 200 (over bash's own TCP: a bare machine has no curl).
answers() (
  exec 3<>"/dev/tcp/127.0.0.1/$1" || exit 1
  printf 'GET %s HTTP/1.0\r\n\r\n' "$2" >&3
  read -r -t 5 _ code _ <&3
  [ "$code" = 200 ]
) 2>/dev/null
