apiVersion: v1
kind: Namespace
metadata:
  name: bench
  labels:
    {{- include "bench.common" . | nindent 4 }}
    {{- range list "audit" "enforce" "warn" }}
    pod-security.kubernetes.io/{{ . }}: restricted
    pod-security.kubernetes.io/{{ . }}-version: v1.33
    {{- end }}
---
apiVersion: v1
kind: ResourceQuota
metadata:
  name: quota
  namespace: bench
  labels:
    {{- include "bench.common" . | nindent 4 }}
spec:
  hard:
    {{- toYaml .Values.quota | nindent 4 }}
---
apiVersion: v1
kind: LimitRange
metadata:
  name: defaults
  namespace: bench
  labels:
    {{- include "bench.common" . | nindent 4 }}
spec:
  limits:
    - type: Container
      default:
        cpu: 500m
        memory: 256Mi
        ephemeral-storage: 256Mi
      defaultRequest:
        cpu: 50m
        memory: 64Mi
        ephemeral-storage: 256Mi
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: default-deny
  namespace: bench
  labels:
    {{- include "bench.common" . | nindent 4 }}
spec:
  podSelector: {}
  policyTypes:
    - Ingress
    - Egress
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: bench
  namespace: bench
  labels:
    {{- include "bench.common" . | nindent 4 }}
spec:
  tls:
    - hosts:
        - bench.example.com
      secretName: bench-tls
  rules:
    - host: bench.example.com
      http:
        paths:
          - path: /
            pathType: Prefix
            backend:
              service:
                name: {{ (last .Values.services).name }}
                port:
                  number: 8080
