package gateway

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"time"
)

// routeOperation is the route of probes and metrics: asked every few seconds by machines, logged only at level debug.
const routeOperation = "operation"

const (
	// Attempts at logins, per client: ten at once, then one every three seconds.
	loginRate  = 1.0 / 3
	loginBurst = 10
)

// Gateway is the whole, ready to be served.
type Gateway struct {
	// Plain serves the API, probes and metrics; Public the API alone.
	Plain, Public http.Handler
	readiness     *Readiness
	metrics       *Metrics
}

// newGateway puts the parts together. Event streams end when `draining` does.
func newGateway(draining context.Context, s Settings, log *slog.Logger) *Gateway {
	metrics := newMetrics(s.Version)
	tokens := &Tokens{keys: s.Keys, lifetime: s.TokenLifetime, now: time.Now}
	upstreams := map[string]*url.URL{"neural-processor": s.NeuralProcessor, "device-manager": s.DeviceManager}
	ready := newReadiness(upstreams, metrics)
	forward := func(name string) http.Handler {
		proxy := newProxy(draining, name, upstreams[name], s.UpstreamTimeout, metrics, log)
		return named("/"+name, tokens.require(limitBody(proxy, s.BodyLimit), metrics))
	}

	api := http.NewServeMux()
	login := &Login{name: s.Operator, password: s.Password, tokens: tokens, metrics: metrics, log: log}
	attempts := newLimiter(loginRate, loginBurst, time.Now)
	api.Handle("POST /api/login", named("/api/login", attempts.limit(login, "logins", metrics)))
	api.Handle("/api/login", named("/api/login", http.HandlerFunc(onlyPost)))
	api.Handle("GET /api/session", named("/api/session", tokens.require(http.HandlerFunc(whoami), metrics)))
	devices := forward("device-manager")
	api.Handle("/api/devices", devices)
	api.Handle("/api/devices/", devices)
	api.Handle("/api/", forward("neural-processor"))
	api.HandleFunc("/", notFound)

	limiter := newLimiter(s.RateLimit, s.RateBurst, time.Now)
	outside := share(limiter.limit(api, "requests", metrics), s.Origins)

	operation := http.NewServeMux()
	operation.Handle("GET /livez", named(routeOperation, http.HandlerFunc(livez)))
	operation.Handle("GET /readyz", named(routeOperation, ready))
	operation.Handle("GET /metrics", named(routeOperation, metrics.handler()))
	operation.Handle("/", outside)

	around := func(handler http.Handler) http.Handler {
		return observe(secure(clean(handler)), s.ProxyHops, metrics, log)
	}
	return &Gateway{Plain: around(operation), Public: around(outside), readiness: ready, metrics: metrics}
}

// named says under which route a request is counted: never its path, which may hold an id.
func named(route string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requestOf(r.Context()).route = route
		next.ServeHTTP(w, r)
	})
}

func limitBody(next http.Handler, limit int64) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength > limit {
			fail(w, r, http.StatusRequestEntityTooLarge, "too-large", "The request's body is larger than is allowed.")
			return
		}
		// One that does not say how long it is.
		if r.ContentLength != 0 {
			r.Body = http.MaxBytesReader(w, r.Body, limit)
		}
		next.ServeHTTP(w, r)
	})
}

func onlyPost(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Allow", http.MethodPost)
	fail(w, r, http.StatusMethodNotAllowed, "method", "A login is a POST.")
}

func notFound(w http.ResponseWriter, r *http.Request) {
	fail(w, r, http.StatusNotFound, "not-found", "There is nothing under this path.")
}
