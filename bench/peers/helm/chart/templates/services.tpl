{{- range .Values.services }}
---
apiVersion: v1
kind: ServiceAccount
metadata:
  {{- include "bench.metadata" . | nindent 2 }}
automountServiceAccountToken: false
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  {{- include "bench.metadata" . | nindent 2 }}
spec:
  podSelector:
    matchLabels:
      {{- include "bench.selector" . | nindent 6 }}
  policyTypes:
    - Ingress
    - Egress
  {{- if or .client .edge }}
  ingress:
    - from:
        {{- if .edge }}
        - namespaceSelector:
            matchLabels:
              kubernetes.io/metadata.name: ingress-nginx
        {{- end }}
        {{- if .client }}
        - podSelector:
            matchLabels:
              {{- include "bench.selector" (dict "name" .client) | nindent 14 }}
        {{- end }}
      ports:
        - port: 8080
          protocol: TCP
  {{- else }}
  ingress: []
  {{- end }}
  {{- if .upstream }}
  egress:
    - to:
        - namespaceSelector:
            matchLabels:
              kubernetes.io/metadata.name: kube-system
          podSelector:
            matchExpressions:
              - key: k8s-app
                operator: In
                values:
                  - kube-dns
                  - node-local-dns
        - ipBlock:
            cidr: 169.254.20.10/32
      ports:
        - port: 53
          protocol: UDP
        - port: 53
          protocol: TCP
    - to:
        - podSelector:
            matchLabels:
              {{- include "bench.selector" (dict "name" .upstream) | nindent 14 }}
      ports:
        - port: 8080
          protocol: TCP
  {{- else }}
  egress: []
  {{- end }}
---
apiVersion: v1
kind: Service
metadata:
  {{- include "bench.metadata" . | nindent 2 }}
spec:
  type: ClusterIP
  selector:
    {{- include "bench.selector" . | nindent 4 }}
  ports:
    - name: http
      port: 8080
      targetPort: http
      protocol: TCP
      appProtocol: http
---
apiVersion: apps/v1
kind: Deployment
metadata:
  {{- include "bench.metadata" . | nindent 2 }}
spec:
  selector:
    matchLabels:
      {{- include "bench.selector" . | nindent 6 }}
  strategy:
    type: RollingUpdate
    rollingUpdate:
      maxUnavailable: 0
      maxSurge: 1
  template:
    metadata:
      labels:
        {{- include "bench.labels" . | nindent 8 }}
    spec:
      serviceAccountName: {{ .name }}
      automountServiceAccountToken: false
      enableServiceLinks: false
      securityContext:
        runAsNonRoot: true
        runAsUser: 1000
        runAsGroup: 1000
        fsGroup: 1000
        fsGroupChangePolicy: OnRootMismatch
        seccompProfile:
          type: RuntimeDefault
      terminationGracePeriodSeconds: 35
      topologySpreadConstraints:
        - maxSkew: 1
          topologyKey: topology.kubernetes.io/zone
          whenUnsatisfiable: ScheduleAnyway
          labelSelector:
            matchLabels:
              {{- include "bench.selector" . | nindent 14 }}
        - maxSkew: 1
          topologyKey: kubernetes.io/hostname
          whenUnsatisfiable: ScheduleAnyway
          labelSelector:
            matchLabels:
              {{- include "bench.selector" . | nindent 14 }}
      containers:
        - name: {{ .name }}
          image: registry.example/app:1.0.0
          imagePullPolicy: IfNotPresent
          env:
            - name: LOG_LEVEL
              value: {{ $.Values.logLevel }}
            - name: REGION
              value: europe-west1
            {{- if .upstream }}
            - name: UPSTREAM_URL
              value: http://{{ .upstream }}:8080
            {{- end }}
          ports:
            - name: http
              containerPort: 8080
              protocol: TCP
          startupProbe:
            {{- include "bench.probe" (dict "path" "/livez" "period" 2 "failures" 30) | nindent 12 }}
          livenessProbe:
            {{- include "bench.probe" (dict "path" "/livez" "period" 10 "failures" 3) | nindent 12 }}
          readinessProbe:
            {{- include "bench.probe" (dict "path" "/readyz" "period" 10 "failures" 3) | nindent 12 }}
          lifecycle:
            preStop:
              sleep:
                seconds: 5
          resources:
            {{- toYaml $.Values.resources | nindent 12 }}
          securityContext:
            allowPrivilegeEscalation: false
            capabilities:
              drop:
                - ALL
            readOnlyRootFilesystem: true
          volumeMounts:
            - name: writable-tmp
              mountPath: /tmp
      volumes:
        - name: writable-tmp
          emptyDir:
            medium: Memory
            sizeLimit: 64Mi
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  {{- include "bench.metadata" . | nindent 2 }}
spec:
  scaleTargetRef:
    apiVersion: apps/v1
    kind: Deployment
    name: {{ .name }}
  minReplicas: 2
  maxReplicas: 6
  metrics:
    - type: Resource
      resource:
        name: cpu
        target:
          type: Utilization
          averageUtilization: 70
  behavior:
    scaleDown:
      stabilizationWindowSeconds: 300
      policies:
        - type: Pods
          value: 1
          periodSeconds: 60
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  {{- include "bench.metadata" . | nindent 2 }}
spec:
  maxUnavailable: 1
  selector:
    matchLabels:
      {{- include "bench.selector" . | nindent 6 }}
  unhealthyPodEvictionPolicy: AlwaysAllow
{{- end }}
