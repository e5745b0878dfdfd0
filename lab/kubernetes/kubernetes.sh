#!/bin/bash
# A real Kubernetes node on this machine, beside the lab's engine: for tests of the target kubernetes.
#   kubernetes.sh up       build what is missing (8 minutes the first time), start what does not run (15 s)
#   kubernetes.sh build    build what is missing; an `up` meanwhile waits for it
#   kubernetes.sh down     stop it and remove all that ran on it: pods, disks, packet filter rules, cgroups
#   kubernetes.sh status   what runs
#   kubernetes.sh env      KUBECONFIG and PATH, as NAME=value lines
#   kubernetes.sh remove   down, and delete the programs too
set -euo pipefail
# shellcheck source=lab/kubernetes/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

readonly components=(etcd:etcd apiserver:kube-apiserver controller-manager:kube-controller-manager scheduler:kube-scheduler
  containerd:containerd kubelet:kubelet proxy:kube-proxy coredns:coredns disks:disks metrics-server:metrics-server)

runs() { running "$run/${1%%:*}.pid" "$(comm_of "${1##*:}")"; }

count_running() {
  local component count=0
  for component in "${components[@]}"; do ! runs "$component" || count=$((count + 1)); done
  echo "$count"
}

refuse_others() {
  local comm
  for comm in /proc/[0-9]*/comm; do
    [ "$(cat "$comm" 2>/dev/null)" != kubelet ] || fail "another kubelet is running (process $(basename "$(dirname "$comm")")): use that cluster, or stop it"
  done
}

build() {
  "$recipes/../engine.sh" up
  lock kubernetes/lock
  "$recipes/build.sh"
}

up() {
  [ "$(count_running)" -lt "${#components[@]}" ] || return 0
  build
  if [ "$(count_running)" = 0 ]; then
    refuse_others
    "$recipes/worker.sh" clear # what a machine that went down at once has left
    rm -rf "$run"
    mkdir -p "$run"
  fi
  say "starting the Kubernetes node (about 15 s)"
  "$recipes/control-plane.sh" up
  "$recipes/worker.sh" up
  say "node $node is ready: export KUBECONFIG=$KUBECONFIG"
}

down() {
  [ -e "$run" ] || return 0
  lock kubernetes/lock
  "$recipes/worker.sh" down
  "$recipes/control-plane.sh" down
  rm -rf "$run"
}

status() {
  local component pid
  for component in "${components[@]}"; do
    pid=$(cat "$run/${component%%:*}.pid" 2>/dev/null) || true
    if runs "$component"; then
      printf '%-19s process %s, %s MiB\n' "${component%%:*}" "$pid" "$(awk '/^VmRSS/ { print int($2 / 1024) }' "/proc/$pid/status")"
    else
      printf '%-19s not running\n' "${component%%:*}"
    fi
  done
}

case ${1:-} in
  up) up ;;
  build) build ;;
  down) down ;;
  status) status ;;
  env) printf '%s\n' "KUBECONFIG=$KUBECONFIG" "PATH=$PATH" ;;
  remove) down && rm -rf "$kubernetes" ;;
  *) sed -n '2,8s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2 ;;
esac
