package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// world is a gateway between a client and two upstreams.
type world struct {
	t       *testing.T
	gateway *Gateway
	server  *httptest.Server
	neural  *upstream
	devices *upstream
	drain   context.CancelFunc
	logs    *buffer
}

// upstream answers as `handler` says, and remembers what it was asked.
type upstream struct {
	*httptest.Server
	mutex   sync.Mutex
	handler http.HandlerFunc
	asked   []*http.Request
}

func newUpstream(t *testing.T) *upstream {
	u := &upstream{handler: func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "{}") }}
	u.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		u.mutex.Lock()
		if r.URL.Path != "/readyz" {
			u.asked = append(u.asked, r)
		}
		handler := u.handler
		u.mutex.Unlock()
		handler(w, r)
	}))
	t.Cleanup(u.Close)
	return u
}

func (u *upstream) requests() []*http.Request {
	u.mutex.Lock()
	defer u.mutex.Unlock()
	return u.asked
}

func newWorld(t *testing.T, change func(*Settings)) *world {
	w := &world{t: t, neural: newUpstream(t), devices: newUpstream(t), logs: &buffer{}}
	address := func(u *upstream) *url.URL { parsed, _ := url.Parse(u.URL); return parsed }
	s := Settings{
		Keys: [][]byte{[]byte(key)}, TokenLifetime: time.Hour, Operator: "operator", Password: "right",
		NeuralProcessor: address(w.neural), DeviceManager: address(w.devices),
		UpstreamTimeout: 10 * time.Second, RateLimit: 1000, RateBurst: 1000, BodyLimit: 1 << 20, Version: "test",
	}
	if change != nil {
		change(&s)
	}
	draining, drain := context.WithCancel(context.Background())
	w.drain = drain
	t.Cleanup(drain)
	w.gateway = newGateway(draining, s, newLogger(w.logs, slog.LevelDebug))
	w.server = httptest.NewServer(w.gateway.Plain)
	t.Cleanup(w.server.Close)
	return w
}

// ask sends a request; header lines are "Name: value".
func (w *world) ask(method, path, body string, headers ...string) *http.Response {
	w.t.Helper()
	r, err := http.NewRequest(method, w.server.URL+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	if body == "" {
		r.Body = nil
	}
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Set(name, value)
	}
	answer, err := w.server.Client().Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = answer.Body.Close() })
	return answer
}

// login is the header of a session that has just begun.
func (w *world) login() string {
	w.t.Helper()
	answer := w.ask("POST", "/api/login", `{"username": "operator", "password": "right"}`)
	w.expect(answer, http.StatusOK)
	var got issued
	w.decode(answer, &got)
	return "Authorization: Bearer " + got.Token
}

func (w *world) expect(answer *http.Response, status int) {
	w.t.Helper()
	if answer.StatusCode != status {
		text, _ := io.ReadAll(answer.Body)
		w.t.Fatalf("%s: expected %d, got %d %s", answer.Request.URL.Path, status, answer.StatusCode, text)
	}
}

// expectProblem expects a problem document of a kind, with the id of the answer's request.
func (w *world) expectProblem(answer *http.Response, status int, kind string) {
	w.t.Helper()
	w.expect(answer, status)
	var got problem
	w.decode(answer, &got)
	if got.Type != "urn:neurascale:problem:"+kind || got.Status != status || got.RequestID != answer.Header.Get("X-Request-Id") {
		w.t.Errorf("expected the problem %s, got %+v", kind, got)
	}
}

func (w *world) decode(answer *http.Response, into any) {
	w.t.Helper()
	if err := json.NewDecoder(answer.Body).Decode(into); err != nil {
		w.t.Fatal(err)
	}
}

// metric is the value of a sample, as it stands in the exposition.
func (w *world) metric(sample string) string {
	w.t.Helper()
	text, _ := io.ReadAll(w.ask("GET", "/metrics", "").Body)
	for _, line := range strings.Split(string(text), "\n") {
		if value, ok := strings.CutPrefix(line, sample+" "); ok {
			return value
		}
	}
	return "absent"
}

// buffer may be written to by several goroutines.
type buffer struct {
	mutex sync.Mutex
	bytes bytes.Buffer
}

func (b *buffer) Write(content []byte) (int, error) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.bytes.Write(content)
}

func (b *buffer) String() string {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.bytes.String()
}
