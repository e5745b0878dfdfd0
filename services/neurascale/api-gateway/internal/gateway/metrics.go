package gateway

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics of this process, in a registry of their own.
type Metrics struct {
	registry      *prometheus.Registry
	requests      *prometheus.CounterVec
	latency       *prometheus.HistogramVec
	inFlight      prometheus.Gauge
	limited       *prometheus.CounterVec
	logins        *prometheus.CounterVec
	refusedTokens prometheus.Counter
	retries       *prometheus.CounterVec
	upstreamReady *prometheus.GaugeVec
	certificate   prometheus.Gauge
}

func newMetrics(version string) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "http_requests_total", Help: "Requests answered.",
		}, []string{"method", "route", "status"}),
		latency: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "http_request_duration_seconds", Help: "Time to answer a request, event streams left out.",
			Buckets: []float64{0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30},
		}, []string{"method", "route"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "http_requests_in_flight", Help: "Requests being answered.",
		}),
		limited: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "gateway_limited_requests_total", Help: "Requests refused because their client sent too many.",
		}, []string{"limit"}),
		logins: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "gateway_logins_total", Help: "Logins, by how they ended.",
		}, []string{"outcome"}),
		refusedTokens: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "gateway_refused_tokens_total", Help: "Requests with a token that is not valid, or no longer.",
		}),
		retries: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "gateway_upstream_retries_total", Help: "Requests sent once more because the connection failed.",
		}, []string{"upstream"}),
		upstreamReady: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "gateway_upstream_ready", Help: "Whether the upstream said that it is ready, when last asked.",
		}, []string{"upstream"}),
		certificate: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "gateway_certificate_expiry_timestamp_seconds", Help: "When the certificate in use ends, as Unix time.",
		}),
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "gateway_build_info", Help: "The running version.", ConstLabels: prometheus.Labels{"version": version},
	})
	build.Set(1)
	m.registry.MustRegister(m.requests, m.latency, m.inFlight, m.limited, m.logins, m.refusedTokens, m.retries,
		m.upstreamReady, build, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	for _, limit := range []string{"requests", "logins"} {
		m.limited.WithLabelValues(limit)
	}
	for _, outcome := range []string{"accepted", "refused"} {
		m.logins.WithLabelValues(outcome)
	}
	return m
}

func (m *Metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Registry: m.registry})
}
