#!/bin/bash
# Docker Engine, Compose, buildx and a registry mirror from Debian packages that are unpacked under the cache: nothing is
# installed on the system. Debian unstable has the modern engine; what links against more than libc comes from the machine's
# own release.  Usage: engine.sh up|down|status
set -euo pipefail
# shellcheck source=lab/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

readonly recipe=1 # raise when install() changes
readonly modern=(docker.io docker-cli docker-compose docker-buildx containerd tini-static)
readonly own=(runc libseccomp2 pigz docker-registry mmdebstrap
  iptables libxtables12 libmnl0 libnftnl11 libnfnetlink0 libnetfilter-conntrack3 libip4tc2 libip6tc2)

unpack() { # DIRECTORY WITH DEBS → DIRECTORY/new/{bin,lib,plugins}
  local deb new=$1/new
  mkdir -p "$1/root" "$new"/{bin,lib,plugins}
  for deb in "$1"/debs/*.deb; do dpkg-deb -x "$deb" "$1/root"; done
  cp -L "$1"/root/usr/bin/{containerd,containerd-shim-runc-v2,ctr,docker,docker-registry,pigz,mmdebstrap,mmtarfilter} \
    "$1"/root/usr/sbin/{dockerd,docker-proxy} "$new/bin/"
  cp -L "$1/root/usr/bin/tini-static" "$new/bin/docker-init"
  ln -s pigz "$new/bin/unpigz"
  cp "$1"/root/usr/libexec/docker/cli-plugins/* "$new/plugins/"
  find "$1/root" -path '*/lib/*' -name 'lib*.so.*' -not -path '*/xtables/*' -exec cp -L {} "$new/lib/" \;
  cp -r "$1"/root/usr/lib/*/xtables "$new/lib/"
  cp "$1/root/usr/sbin/xtables-nft-multi" "$1/root/usr/sbin/runc" "$new/lib/"
  with_libraries runc >"$new/bin/runc"
  with_libraries xtables-nft-multi iptables >"$new/bin/iptables"
  with_libraries xtables-nft-multi ip6tables >"$new/bin/ip6tables"
  chmod 755 "$new"/bin/*
}

# Moves every file over the old one of its name, which a running engine may have open.
put_in_place() { # SOURCE TARGET
  local file
  mkdir -p "$2"
  (cd "$1" && find . ! -type d) | while read -r file; do
    mkdir -p "$(dirname "$2/$file")"
    mv -f "$1/$file" "$2/$file"
  done
}

install() {
  [ "$(cat "$engine/installed" 2>/dev/null)" != "$recipe" ] || return 0
  local suite work=$engine/install
  say "unpacking Docker Engine, Compose and buildx from Debian packages (about 20 s)"
  for suite in sid trixie; do # trixie when unstable's binaries ask for a newer libc than this machine has
    rm -rf "$work"
    download "$suite" "$work" "${modern[@]/%//$suite}" "${own[@]/%//$codename}"
    unpack "$work"
    if "$work/new/bin/dockerd" --version >/dev/null 2>&1 && "$work/new/plugins/docker-compose" version >/dev/null 2>&1; then
      put_in_place "$work/new/lib" "$engine/lib"
      rm -f "$engine/bin/runc" # may be a link into the system
      put_in_place "$work/new/bin" "$engine/bin"
      put_in_place "$work/new/plugins" "$DOCKER_CONFIG/cli-plugins"
      rm -rf "$work" "$engine/debs" "$engine/apt"
      echo "$recipe" >"$engine/installed"
      return
    fi
    say "the engine of Debian $suite does not run on this machine"
  done
  fail "no Debian engine runs on this machine; install Docker Engine 25 or newer with Compose 2.24 or newer"
}

configure() {
  local uplink mtu
  uplink=$(awk '$2 == "00000000" { print $1; exit }' /proc/net/route)
  mtu=$(cat "/sys/class/net/$uplink/mtu" 2>/dev/null || echo 1500)
  mkdir -p "$engine"/{cfg,run,data} "$lab/registry"
  # The mirror answers for Docker Hub. 256 networks of 254 addresses: every Compose project takes one to three.
  cat >"$engine/cfg/daemon.json" <<CONF
{
  "mtu": $mtu,
  "registry-mirrors": ["http://$registry"],
  "insecure-registries": ["$registry"],
  "features": { "containerd-snapshotter": true },
  "default-address-pools": [{ "base": "10.213.0.0/16", "size": 24 }],
  "builder": { "gc": { "enabled": true, "defaultKeepStorage": "10GB" } }
}
CONF
  cat >"$lab/registry.yml" <<CONF
version: 0.1
log: { level: warn }
storage: { filesystem: { rootdirectory: $lab/registry }, delete: { enabled: true } }
http: { addr: "$registry" }
CONF
  printf 'export %s\n' "LAB=$(printf %q "$lab")" "PATH=$(printf %q "$engine/bin"):\$PATH" \
    "DOCKER_HOST=$(printf %q "$DOCKER_HOST")" "DOCKER_CONFIG=$(printf %q "$DOCKER_CONFIG")" >"$lab/env.sh"
}

start_registry() {
  running "$lab/registry.pid" docker-registry && registry_has "" && return
  ! registry_has "" || fail "$registry is taken by another registry; set LONGSHORE_LAB_REGISTRY_PORT to a free port"
  background "$lab/registry.log" docker-registry serve "$lab/registry.yml" >"$lab/registry.pid"
  eventually 20 registry_has "" || fail "the registry mirror did not start: $(tail -n 3 "$lab/registry.log")"
}

# An engine in another network namespace, such as that of `make campaign`, has networks of its own.
other_engine() {
  local comm pid
  for comm in /proc/[0-9]*/comm; do
    [ "$(cat "$comm" 2>/dev/null)" = dockerd ] || continue
    pid=$(basename "$(dirname "$comm")")
    [ "$(readlink "/proc/$pid/ns/net")" = "$(readlink /proc/self/ns/net)" ] || continue
    [ "$pid" = "$(cat "$engine/run/dockerd.pid" 2>/dev/null)" ] || { echo "$pid"; return; }
  done
}

start_engine() {
  local other pidfile
  if ! running "$engine/run/dockerd.pid" dockerd; then
    other=$(other_engine)
    [ -z "$other" ] || fail "another Docker Engine is running (process $other): use that one, or stop it; two engines would break each other's networks"
    [ "${#engine}" -lt 60 ] || fail "$engine is too long a path for the engine's sockets; set XDG_CACHE_HOME to a shorter one"
    # After a crash or a reboot the numbers in these files may belong to other programs.
    for pidfile in "$engine/run/dockerd.pid" "$engine/run/docker/containerd/containerd.pid"; do
      running "$pidfile" "$(basename "$pidfile" .pid)" || rm -f "$pidfile"
    done
    background "$engine/dockerd.log" dockerd --config-file "$engine/cfg/daemon.json" --data-root "$engine/data" \
      --exec-root "$engine/run/docker" --pidfile "$engine/run/dockerd.pid" --host "$DOCKER_HOST" >/dev/null
  fi
  eventually 60 docker version || fail "the engine does not answer; the end of $engine/dockerd.log: $(tail -n 5 "$engine/dockerd.log")"
}

stop() { # PIDFILE NAME
  running "$1" "$2" || return 0
  local pid
  pid=$(cat "$1")
  kill "$pid"
  eventually 60 test ! -e "/proc/$pid" || fail "$2 (process $pid) does not end"
  rm -f "$1"
}

case ${1:-} in
  up)
    require_debian_root
    lock
    install
    running "$engine/run/dockerd.pid" dockerd || configure
    start_registry
    start_engine
    ;;
  down)
    lock
    stop "$engine/run/dockerd.pid" dockerd
    stop "$lab/registry.pid" docker-registry
    ;;
  status)
    if running "$engine/run/dockerd.pid" dockerd && docker version >/dev/null 2>&1; then
      docker version --format 'engine    {{.Server.Version}}, running'
    else
      echo "engine    not running"
    fi
    if running "$lab/registry.pid" docker-registry; then echo "mirror    $registry, running"; else echo "mirror    not running"; fi
    ;;
  *) fail "usage: engine.sh up|down|status" ;;
esac
