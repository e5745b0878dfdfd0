package gateway

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"
)

const (
	readyTimeout = 2 * time.Second
	// readyKept is how long an answer counts: probes of many kinds must not multiply to the upstreams.
	readyKept = time.Second
)

// Readiness is whether we can serve: the upstreams say that they are ready, and we are not about to end.
type Readiness struct {
	upstreams map[string]*url.URL
	client    *http.Client
	metrics   *Metrics
	now       func() time.Time
	draining  atomic.Bool

	mutex  sync.Mutex
	at     time.Time
	checks map[string]string
}

func newReadiness(upstreams map[string]*url.URL, metrics *Metrics) *Readiness {
	transport := &http.Transport{IdleConnTimeout: 30 * time.Second}
	return &Readiness{
		upstreams: upstreams,
		client:    &http.Client{Timeout: readyTimeout, Transport: transport},
		metrics:   metrics,
		now:       time.Now,
	}
}

type readiness struct {
	Status string            `json:"status"`
	Checks map[string]string `json:"checks,omitempty"`
}

func (h *Readiness) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if h.draining.Load() {
		answerJSON(w, http.StatusServiceUnavailable, readiness{Status: "shutting down"})
		return
	}
	checks := h.check(r.Context())
	for _, result := range checks {
		if result != "ok" {
			answerJSON(w, http.StatusServiceUnavailable, readiness{Status: "not ready", Checks: checks})
			return
		}
	}
	answerJSON(w, http.StatusOK, readiness{Status: "ready", Checks: checks})
}

// check probes all upstreams in parallel. Concurrent callers wait for the same result.
func (h *Readiness) check(ctx context.Context) map[string]string {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	if h.checks != nil && h.now().Sub(h.at) < readyKept {
		return h.checks
	}
	// Others wait for this answer too: it does not end with the one who asked first.
	ctx = context.WithoutCancel(ctx)
	type result struct{ name, text string }
	results := make(chan result, len(h.upstreams))
	for name, target := range h.upstreams {
		go func() { results <- result{name, h.ask(ctx, target)} }()
	}
	checks := make(map[string]string, len(h.upstreams))
	for range h.upstreams {
		one := <-results
		checks[one.name] = one.text
		ready := 0.0
		if one.text == "ok" {
			ready = 1
		}
		h.metrics.upstreamReady.WithLabelValues(one.name).Set(ready)
	}
	h.checks, h.at = checks, h.now()
	return checks
}

func (h *Readiness) ask(ctx context.Context, target *url.URL) string {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, target.JoinPath("readyz").String(), nil)
	if err != nil {
		return err.Error()
	}
	answer, err := h.client.Do(request)
	if err != nil {
		return err.Error()
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, 1<<16))
	if answer.StatusCode != http.StatusOK {
		return fmt.Sprintf("not ready: %d", answer.StatusCode)
	}
	return "ok"
}

// livez looks at nothing but this process.
func livez(w http.ResponseWriter, _ *http.Request) {
	answerJSON(w, http.StatusOK, readiness{Status: "alive"})
}

// Ask is the health check from inside the container, which has no other program: an error unless `path` answers 200.
func Ask(port, path string) error {
	if port == "" {
		port = "8080"
	}
	client := &http.Client{Timeout: 4 * time.Second}
	answer, err := client.Get("http://127.0.0.1:" + port + path)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(answer.Body, 2000))
		return fmt.Errorf("%s: %d %s", path, answer.StatusCode, text)
	}
	return nil
}
