#!/bin/bash
# The programs of a Kubernetes node, unless they are there: Kubernetes, CoreDNS and metrics-server from their Go modules
# (pinned by go.sum), etcd and the CNI plugins from Debian's packages, unpacked side by side. containerd, runc and
# iptables are the lab's engine's.
set -euo pipefail
# shellcheck source=tools/lab/kubernetes/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# Inputs of the build: a change of one rebuilds.
recipe() { cat "$recipes/build.sh" "$recipes"/go/{go.mod,go.sum,*/*.go} "$recipes"/go/metrics-server/go.{mod,sum} | sha256sum | cut -c 1-16; }

go_build() { # FOLDER LDFLAGS PACKAGE...
  local proxy attempt folder=$1 flags=$2
  shift 2
  proxy=$(go env GOPROXY)
  for attempt in 1 2; do # a download may fail in passing; what was compiled is not compiled again
    (cd "$recipes/go/$folder" && GOPROXY=${proxy%[,|]direct} GOTOOLCHAIN=local GOFLAGS='-mod=readonly -buildvcs=false' GOWORK=off CGO_ENABLED=0 \
      nice go build -trimpath -ldflags "-s -w $flags" -o "$kubernetes/new/" "$@" >&2) && return
    [ "$attempt" = 2 ] || say "trying once more"
  done
  fail "could not build $*: see the lines above"
}

build() {
  local component variable=k8s.io/component-base/version minor=${version#v1.}
  command -v go >/dev/null || fail "there is no Go: install Go 1.26 or newer (the Kubernetes node is built from its modules)"
  go env GOVERSION | grep -qE '^go1\.(2[6-9]|[3-9][0-9])' || fail "Go is $(go env GOVERSION): install 1.26 or newer"
  rm -rf "$kubernetes/new"
  mkdir -p "$kubernetes/new" "$bin"
  say "building Kubernetes $version and CoreDNS from their Go modules (about 6 minutes on two cores)"
  go_build . "-X $variable.gitVersion=$version -X $variable.gitMajor=1 -X $variable.gitMinor=${minor%.*} -X $variable.gitCommit=module \
    -X $variable.gitTreeState=clean -X $variable.buildDate=1970-01-01T00:00:00Z" ./kube ./coredns ./disks ./pause ./pki
  say "building metrics-server (about 2 minutes)"
  go_build metrics-server "" sigs.k8s.io/metrics-server/cmd/metrics-server
  for component in kube-apiserver kube-controller-manager kube-scheduler kube-proxy kubelet kubectl; do
    ln -s kube "$kubernetes/new/$component"
  done
}

unpack() {
  local deb work=$kubernetes/install
  say "unpacking etcd and the CNI plugins from Debian packages (about 5 s)"
  rm -rf "$work" "$cni"
  download "$codename" "$work" etcd-server containernetworking-plugins
  for deb in "$work"/debs/*.deb; do dpkg-deb -x "$deb" "$work/root"; done
  cp "$work/root/usr/bin/etcd" "$kubernetes/new/"
  mkdir -p "$cni"
  cp "$work"/root/usr/lib/cni/{bridge,firewall,host-local,loopback} "$cni/"
  rm -rf "$work"
}

# kube-proxy and kubelet also save and restore packet filter rules; the engine has only the plain commands.
link_iptables() {
  local program
  for program in iptables-save iptables-restore ip6tables-save ip6tables-restore; do
    with_libraries xtables-nft-multi "$program" >"$kubernetes/new/$program"
    chmod 755 "$kubernetes/new/$program"
  done
}

require_debian_root
[ "$(cat "$kubernetes/built" 2>/dev/null)" != "$(recipe)" ] || exit 0
build
unpack
link_iptables
rm -rf "$bin"
mv "$kubernetes/new" "$bin"
recipe >"$kubernetes/built"
