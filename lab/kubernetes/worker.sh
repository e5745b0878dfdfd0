#!/bin/bash
# What runs pods on this machine: containerd, kubelet, kube-proxy; DNS and metrics beside them.  Usage: worker.sh up|down|clear
set -euo pipefail
# shellcheck source=lab/kubernetes/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

readonly socket=$run/containerd.sock pause=$registry/longshore-lab/pause:1

client() { ctr --address "$socket" --namespace k8s.io "$@"; }

# What holds a pod's namespaces; kubelet asks for it by name.
push_pause() {
  ! registry_has longshore-lab/pause/manifests/1 || return 0
  printf 'FROM scratch\nCOPY pause /pause\nUSER 65535\nENTRYPOINT ["/pause"]\n' |
    docker build --quiet --provenance=false --push --tag "$pause" --file - "$bin" >&2 || fail "could not build the pause image"
}

start_containerd() {
  local uplink mtu
  uplink=$(awk '$2 == "00000000" { print $1; exit }' /proc/net/route)
  mtu=$(cat "/sys/class/net/$uplink/mtu" 2>/dev/null || echo 1500)
  mkdir -p "$run"/{certs.d/_default,net.d}
  # Every registry's images come from the lab's mirror.
  printf '[host."http://%s"]\n  capabilities = ["pull", "resolve"]\n' "$registry" >"$run/certs.d/_default/hosts.toml"
  cat >"$run/net.d/10-lab.conflist" <<CONF
{ "cniVersion": "1.0.0", "name": "lab", "plugins": [
  { "type": "bridge", "bridge": "longshore-lab", "isGateway": true, "ipMasq": true, "hairpinMode": true, "mtu": $mtu,
    "ipam": { "type": "host-local", "dataDir": "$run/addresses", "ranges": [[{ "subnet": "$pods" }]], "routes": [{ "dst": "0.0.0.0/0" }] } },
  { "type": "firewall" }] }
CONF
  cat >"$run/containerd.toml" <<CONF
version = 2
root = "$run/containerd"
state = "$run/containerd-state"
[grpc]
  address = "$socket"
[plugins."io.containerd.internal.v1.opt"]
  path = "$run/containerd-opt"
[plugins."io.containerd.nri.v1.nri"]
  disable = true
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "$pause"
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "$cni"
    conf_dir = "$run/net.d"
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "$run/certs.d"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      SystemdCgroup = false
CONF
  start containerd containerd --config "$run/containerd.toml"
  must containerd 30 client version
}

start_kubelet() {
  local address
  address=$(cat "$run/address")
  : >"$run/resolv.conf" # pods use the cluster's DNS, which forwards nowhere
  cat >"$run/kubelet.yaml" <<CONF
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: $address
readOnlyPort: 0
healthzPort: 10248
cgroupDriver: cgroupfs
failSwapOn: false
clusterDNS: ["$dns_address"]
clusterDomain: cluster.local
containerRuntimeEndpoint: unix://$socket
authentication: { anonymous: { enabled: false }, webhook: { enabled: true }, x509: { clientCAFile: $pki/ca.crt } }
authorization: { mode: Webhook }
tlsCertFile: $pki/kubelet.crt
tlsPrivateKeyFile: $pki/kubelet.key
resolvConf: $run/resolv.conf
podLogsDir: $run/logs
maxPods: 100
# The machine is shared: neither its memory nor its disk is this node's alone to keep free.
evictionHard: { memory.available: 100Mi, nodefs.available: 1%, imagefs.available: 1% }
imageGCHighThresholdPercent: 100
CONF
  start kubelet kubelet --config "$run/kubelet.yaml" --kubeconfig "$pki/kubelet.kubeconfig" --root-dir "$run/kubelet" \
    --node-ip "$address" --hostname-override "$node"
}

start_proxy() {
  cat >"$run/proxy.yaml" <<CONF
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: iptables
# Answers come back through this machine whether or not its bridges ask the packet filter.
iptables: { masqueradeAll: true }
hostnameOverride: $node
clientConnection: { kubeconfig: $pki/proxy.kubeconfig }
metricsBindAddress: 127.0.0.1:10249
healthzBindAddress: 127.0.0.1:10256
conntrack: { maxPerCore: 0, tcpEstablishedTimeout: 0s, tcpCloseWaitTimeout: 0s }
CONF
  start proxy kube-proxy --config "$run/proxy.yaml"
  refuse_unknown_services
}

# What has no pod that is ready, for the moment between two of kube-proxy's rules too, refuses connections. Else they would
# leave this machine, and an external host that answers would be taken for the service until the connection ends.
# Connections of pods ask CNI-ADMIN before a rule of the firewall plugin lets them go anywhere.
refuse_unknown_services() {
  local chain=KUBE-LAB-REFUSE from
  for from in "$chain" CNI-ADMIN; do
    iptables --wait --new-chain "$from" 2>/dev/null || iptables --wait --flush "$from"
  done
  iptables --wait --append "$chain" --destination "$services" --protocol tcp --jump REJECT --reject-with tcp-reset
  iptables --wait --append "$chain" --destination "$services" --jump REJECT
  for from in OUTPUT CNI-ADMIN; do
    iptables --wait --check "$from" --jump "$chain" 2>/dev/null || iptables --wait --insert "$from" --jump "$chain"
  done
}

start_services() {
  local address
  address=$(cat "$run/address")
  cat >"$run/Corefile" <<CONF
.:$dns_port {
  bind $address
  errors
  ready 127.0.0.1:18181
  kubernetes cluster.local in-addr.arpa ip6.arpa {
    kubeconfig $KUBECONFIG longshore-lab
  }
  cache 5
}
CONF
  start disks disks "$KUBECONFIG" "$run/disks" "$node"
  start coredns coredns -conf "$run/Corefile"
  start metrics-server metrics-server --kubeconfig "$KUBECONFIG" --authentication-kubeconfig "$KUBECONFIG" \
    --authorization-kubeconfig "$KUBECONFIG" --bind-address "$address" --secure-port "$metrics_port" --cert-dir "$run/metrics-server" \
    --kubelet-preferred-address-types InternalIP --kubelet-certificate-authority "$pki/ca.crt" --metric-resolution 10s --kubelet-request-timeout 5s
  sed "s/ADDRESS/$address/g" "$recipes/objects.yaml" | kubectl apply --server-side --filename - >/dev/null
}

# Ends every container without asking it: what ran here is not to be kept.
end_containers() {
  local pid
  client version >/dev/null 2>&1 || return 0
  client tasks ls --quiet | while read -r task; do client tasks kill --signal SIGKILL "$task" >/dev/null 2>&1 || true; done
  eventually 10 no_tasks || true
  client containers ls --quiet | while read -r container; do
    client tasks delete --force "$container" >/dev/null 2>&1 || true
    client containers delete "$container" >/dev/null 2>&1 || true
  done
  for pid in $(shims); do kill "$pid" 2>/dev/null || true; done
}

no_tasks() { ! client tasks ls | grep -q RUNNING; }
# Each pod has a process that watches it and outlives containerd.
shims() { grep -lzxF -- "$socket" /proc/[0-9]*/cmdline 2>/dev/null | cut -d / -f 3 | while read -r pid; do
  [ "$(cat "/proc/$pid/comm" 2>/dev/null)" != containerd-shim ] || echo "$pid"
done; }

# Rules of kubelet, kube-proxy and the CNI plugins in the packet filter, and no others.
clear_rules() {
  local program table
  for program in iptables ip6tables; do
    for table in filter nat mangle; do
      "$program-save" --table "$table" | awk -v table="$table" '
        BEGIN { print "*" table }
        /^:(KUBE|CNI)-/ { chain = substr($1, 2); print ":" chain " - [0:0]"; chains = chains "-X " chain "\n" }
        /^-A / && !/^-A (KUBE|CNI)-/ && /(KUBE|CNI)-/ { sub(/^-A/, "-D"); rules = rules $0 "\n" }
        END { printf "%s%sCOMMIT\n", rules, chains }' | "$program-restore" --noflush
    done
  done 2>/dev/null || say "some packet filter rules of the Kubernetes node could not be removed"
}

clear_machine() {
  local mount namespace group
  grep -oE " $run/[^ ]+" /proc/mounts | sort -r | while read -r mount; do umount --lazy "$mount"; done || true
  for namespace in /run/netns/cni-*; do
    [ -e "$namespace" ] || continue
    umount --lazy "$namespace" 2>/dev/null || true
    rm -f "$namespace"
  done
  clear_rules
  [ ! -e /sys/class/net/longshore-lab ] || drop_bridge
  for group in /sys/fs/cgroup/kubepods /sys/fs/cgroup/*/kubepods; do
    [ ! -d "$group" ] || find "$group" -depth -type d -exec rmdir {} + 2>/dev/null || true
  done
  find /var/log/containers -type l -lname "$run/*" -delete 2>/dev/null || true
  rm -f /var/lib/kubelet/device-plugins/{kubelet.sock,kubelet_internal_checkpoint}
  rm -rf /var/lib/cni/results/{lab,cni-loopback}-*
  rmdir /var/log/containers /var/lib/cni/cache/results /var/lib/cni/cache /var/lib/cni/results /var/lib/cni \
    /var/lib/kubelet/device-plugins /var/lib/kubelet 2>/dev/null || true
}

drop_bridge() { ip link delete longshore-lab 2>/dev/null || say "the bridge longshore-lab stays: there is no ip command"; }

case ${1:-} in
  up)
    push_pause
    start_containerd
    start_kubelet
    start_proxy
    eventually 60 kubectl get node "$node" || fail "the node does not appear; the end of $run/kubelet.log: $(tail -n 3 "$run/kubelet.log")"
    start_services
    kubectl wait --for condition=Ready "node/$node" --timeout 120s >/dev/null || fail "the node is not ready; see $run/kubelet.log"
    must coredns 30 answers 18181 /ready
    ;;
  down)
    stop metrics-server metrics-server
    stop coredns coredns
    stop disks disks
    stop kubelet kubelet
    stop proxy kube-proxy
    end_containers
    stop containerd containerd
    clear_machine
    ;;
  clear) clear_machine ;;
  *) fail "usage: worker.sh up|down|clear" ;;
esac
