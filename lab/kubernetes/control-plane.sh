#!/bin/bash
# etcd, the API server, the controllers and the scheduler, as processes of this machine.  Usage: control-plane.sh up|down
set -euo pipefail
# shellcheck source=lab/kubernetes/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

start_etcd() {
  local at=http://127.0.0.1:$etcd_port peers=http://127.0.0.1:$((etcd_port + 1))
  # What it holds does not outlive the node: no need to wait for the disk.
  start etcd etcd --name lab --data-dir "$run/etcd" --unsafe-no-fsync --listen-client-urls "$at" --advertise-client-urls "$at" \
    --listen-peer-urls "$peers" --initial-advertise-peer-urls "$peers" --initial-cluster "lab=$peers"
  must etcd 20 answers "$etcd_port" /health
}

start_apiserver() {
  local address
  address=$(cat "$run/address")
  # Streaming lists ask for more than Debian's etcd 3.4 can.
  start apiserver kube-apiserver --etcd-servers "http://127.0.0.1:$etcd_port" --feature-gates=WatchList=false \
    --bind-address "$address" --secure-port "$api_port" --advertise-address "$address" \
    --tls-cert-file "$pki/apiserver.crt" --tls-private-key-file "$pki/apiserver.key" --client-ca-file "$pki/ca.crt" \
    --authorization-mode Node,RBAC --enable-admission-plugins NodeRestriction --service-cluster-ip-range "$services" \
    --service-account-issuer https://kubernetes.default.svc.cluster.local \
    --service-account-key-file "$pki/service-account.key" --service-account-signing-key-file "$pki/service-account.key" \
    --kubelet-certificate-authority "$pki/ca.crt" --kubelet-client-certificate "$pki/apiserver-kubelet-client.crt" \
    --kubelet-client-key "$pki/apiserver-kubelet-client.key" --kubelet-preferred-address-types InternalIP \
    --requestheader-client-ca-file "$pki/front-proxy-ca.crt" --requestheader-allowed-names front-proxy-client \
    --requestheader-username-headers X-Remote-User --requestheader-group-headers X-Remote-Group \
    --requestheader-extra-headers-prefix X-Remote-Extra- \
    --proxy-client-cert-file "$pki/front-proxy-client.crt" --proxy-client-key-file "$pki/front-proxy-client.key" \
    --enable-aggregator-routing=true
  must apiserver 60 kubectl get --raw /readyz
}

start_controllers() {
  local config=$pki/controller-manager.kubeconfig
  start controller-manager kube-controller-manager --kubeconfig "$config" --authentication-kubeconfig "$config" \
    --authorization-kubeconfig "$config" --bind-address 127.0.0.1 --leader-elect=false \
    --use-service-account-credentials=true --service-account-private-key-file "$pki/service-account.key" \
    --root-ca-file "$pki/ca.crt" --cluster-signing-cert-file "$pki/ca.crt" --cluster-signing-key-file "$pki/ca.key" \
    --service-cluster-ip-range "$services"
  config=$pki/scheduler.kubeconfig
  # A pod whose disk is bound while it is looked at is sometimes not looked at again before this time is over.
  start scheduler kube-scheduler --kubeconfig "$config" --authentication-kubeconfig "$config" \
    --authorization-kubeconfig "$config" --bind-address 127.0.0.1 --leader-elect=false --pod-max-in-unschedulable-pods-duration 10s
  must controller-manager 60 kubectl --namespace default get serviceaccount default
}

case ${1:-} in
  up)
    [ -e "$run/address" ] || pki "$pki" "$api_port" "$node" >"$run/address"
    start_etcd
    start_apiserver
    start_controllers
    ;;
  down)
    stop scheduler kube-scheduler
    stop controller-manager kube-controller-manager
    stop apiserver kube-apiserver
    stop etcd etcd
    ;;
  *) fail "usage: control-plane.sh up|down" ;;
esac
