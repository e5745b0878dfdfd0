{{- define "bench.common" -}}
app.kubernetes.io/instance: bench-prod
app.kubernetes.io/managed-by: longshore
app.kubernetes.io/part-of: bench
{{- end }}
{{- define "bench.labels" -}}
app.kubernetes.io/component: service
app.kubernetes.io/name: {{ .name }}
{{ include "bench.common" . }}
{{- end }}
{{- define "bench.selector" -}}
app.kubernetes.io/instance: bench-prod
app.kubernetes.io/name: {{ .name }}
{{- end }}
{{- define "bench.metadata" -}}
name: {{ .name }}
namespace: bench
labels:
  {{- include "bench.labels" . | nindent 2 }}
{{- end }}
{{- define "bench.probe" -}}
httpGet:
  path: {{ .path }}
  port: 8080
periodSeconds: {{ .period }}
timeoutSeconds: 3
failureThreshold: {{ .failures }}
{{- end }}
