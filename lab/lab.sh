#!/bin/bash
# A container engine and base images for a machine that has neither and reaches only package registries.
#   lab.sh up [IMAGE...]   start what is not running, build what is missing (seconds when all is there); images that not
#                    every system needs, such as redis:7, only when they are named
#   lab.sh down      stop the engine and the mirror, keep everything on disk
#   lab.sh status    what runs, what is built, what it takes on disk
#   lab.sh env       the environment that a Docker client needs, as NAME=value lines
#   lab.sh remove    stop it and delete all of it: images, containers, volumes, network rules
set -euo pipefail
# shellcheck source=lab/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

remove() {
  "$here/kubernetes/kubernetes.sh" remove
  "$here/engine.sh" down
  # The engine leaves its bridges and packet filter rules behind when it ends.
  if [ -x "$engine/lib/xtables-nft-multi" ]; then
    local program
    xtables() { LD_LIBRARY_PATH=$engine/lib XTABLES_LIBDIR=$engine/lib/xtables "$engine/lib/xtables-nft-multi" "$@"; }
    for program in iptables ip6tables; do
      xtables "$program-save" | sed -E '/DOCKER|docker0|br-[0-9a-f]{12}/d; s/^:FORWARD DROP/:FORWARD ACCEPT/' | xtables "$program-restore"
    done
  fi
  local bridge
  for bridge in /sys/class/net/*; do
    bridge=$(basename "$bridge")
    [[ ! $bridge =~ ^(docker0|br-[0-9a-f]{12})$ ]] || ip link delete "$bridge"
  done
  grep -oE " $engine/[^ ]+" /proc/mounts | sort -r | while read -r mount; do umount --lazy "$mount"; done || true
  rm -rf "$lab"
  say "removed $lab"
}

case ${1:-} in
  up) "$here/engine.sh" up && "$here/images.sh" up "${@:2}" ;;
  down) "$here/engine.sh" down ;;
  status)
    "$here/engine.sh" status
    "$here/images.sh" status
    printf 'disk      %s in %s\n' "$(du -sh "$lab" 2>/dev/null | cut -f 1)" "$lab"
    ;;
  env) printf '%s\n' "PATH=$PATH" "DOCKER_HOST=$DOCKER_HOST" "DOCKER_CONFIG=$DOCKER_CONFIG" ;;
  remove) remove ;;
  *) sed -n '2,9s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2 ;;
esac
