package gateway

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestEventsArriveWhileTheStreamGoesOn(t *testing.T) {
	w := newWorld(t, nil)
	read := make(chan struct{})
	w.neural.handler = func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for i := range 3 {
			_, _ = fmt.Fprintf(w, "event: window\ndata: %d\n\n", i)
			_ = http.NewResponseController(w).Flush()
			// The next one is only sent once this one has arrived.
			select {
			case <-read:
			case <-r.Context().Done():
				return
			}
		}
	}
	answer := w.ask("GET", "/api/stream/simulator-1", "", w.login())
	w.expect(answer, 200)
	lines := bufio.NewScanner(answer.Body)
	for i := range 3 {
		for lines.Scan() && lines.Text() == "" {
		}
		lines.Scan()
		if got := lines.Text(); got != fmt.Sprintf("data: %d", i) {
			t.Fatalf("expected event %d, got %q", i, got)
		}
		read <- struct{}{}
	}
	if got := w.metric(`http_requests_in_flight`); got == "absent" {
		t.Error("no metric of requests in flight")
	}
}

// silent begins an event stream and then says nothing until its reader has gone.
func silent(left chan<- struct{}) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/readyz" {
			return
		}
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, "event: hello\ndata: {}\n\n")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
		close(left)
	}
}

func TestStreamsEndInGoodOrder(t *testing.T) {
	cases := map[string]struct {
		lifetime time.Duration
		end      func(*world)
	}{
		"when the gateway is shut down": {time.Hour, func(w *world) { w.drain() }},
		"when their token expires":      {2 * time.Second, func(*world) {}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, func(s *Settings) { s.TokenLifetime = c.lifetime })
			left := make(chan struct{})
			w.neural.handler = silent(left)
			answer := w.ask("GET", "/api/stream/simulator-1", "", w.login())
			w.expect(answer, 200)
			first := make([]byte, 5)
			if _, err := io.ReadFull(answer.Body, first); err != nil {
				t.Fatal(err)
			}
			c.end(w)
			if _, err := io.Copy(io.Discard, answer.Body); err != nil {
				t.Errorf("expected the stream's end, got %v", err)
			}
			<-left
		})
	}
}

func TestAnUpstreamHearsWhenItsReaderLeaves(t *testing.T) {
	w := newWorld(t, nil)
	left := make(chan struct{})
	w.neural.handler = silent(left)
	answer := w.ask("GET", "/api/stream/simulator-1", "", w.login())
	w.expect(answer, 200)
	_ = answer.Body.Close()
	<-left
}

// slow answers nothing. Only a server that has read the body hears that the other side has gone.
func slow(_ http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	<-r.Context().Done()
}

func TestUpstreamsThatFail(t *testing.T) {
	cases := map[string]struct {
		handler http.HandlerFunc
		status  int
		kind    string
	}{
		"too slow": {slow, 504, "upstream-timeout"},
		"hangs up": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, 502, "upstream-unreachable"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, func(s *Settings) { s.UpstreamTimeout = 200 * time.Millisecond })
			w.neural.handler = c.handler
			w.expectProblem(w.ask("POST", "/api/bands", "{}", w.login()), c.status, c.kind)
		})
	}
	t.Run("gone", func(t *testing.T) {
		w := newWorld(t, nil)
		w.neural.Close()
		w.expectProblem(w.ask("GET", "/api/bands", "", w.login()), 502, "upstream-unreachable")
		w.expect(w.ask("GET", "/api/devices", "", w.login()), 200)
	})
}

func TestOnlyWhatIsSafeIsSentOnceMore(t *testing.T) {
	cases := []struct {
		method, body string
		attempts     int32
		status       int
	}{
		{"GET", "", 3, 200},
		{"DELETE", "", 3, 200},
		{"PUT", "{}", 1, 502},
		{"POST", "", 1, 502},
		{"POST", "{}", 1, 502},
	}
	for _, c := range cases {
		t.Run(c.method+" "+c.body, func(t *testing.T) {
			w := newWorld(t, nil)
			var attempts atomic.Int32
			w.neural.handler = func(w http.ResponseWriter, _ *http.Request) {
				if attempts.Add(1) < 3 {
					panic(http.ErrAbortHandler)
				}
			}
			// New connections: on one that was kept, Go's own transport tries once more, too.
			w.neural.Config.SetKeepAlivesEnabled(false)
			w.expect(w.ask(c.method, "/api/bands", c.body, w.login()), c.status)
			if got := attempts.Load(); got != c.attempts {
				t.Errorf("attempts: expected %d, got %d", c.attempts, got)
			}
		})
	}
}

func TestAnAnswerIsNotAskedForAgain(t *testing.T) {
	w := newWorld(t, nil)
	w.neural.handler = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }
	w.expect(w.ask("GET", "/api/bands", "", w.login()), 503)
	if got := len(w.neural.requests()); got != 1 {
		t.Errorf("requests: expected 1, got %d", got)
	}
}

func TestReadiness(t *testing.T) {
	w := newWorld(t, nil)
	now := noon
	w.gateway.readiness.now = func() time.Time { return now }
	probe := func() (int, readiness) {
		now = now.Add(2 * readyKept)
		answer := w.ask("GET", "/readyz", "")
		var got readiness
		w.decode(answer, &got)
		return answer.StatusCode, got
	}
	if status, got := probe(); status != 200 || got.Checks["device-manager"] != "ok" {
		t.Errorf("both ready: got %d %+v", status, got)
	}
	w.devices.handler = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }
	if status, got := probe(); status != 503 || got.Checks["device-manager"] != "not ready: 503" || got.Checks["neural-processor"] != "ok" {
		t.Errorf("one not ready: got %d %+v", status, got)
	}
	if got := w.metric(`gateway_upstream_ready{upstream="device-manager"}`); got != "0" {
		t.Errorf("metric: expected 0, got %s", got)
	}
	w.neural.Close()
	if status, got := probe(); status != 503 || !strings.Contains(got.Checks["neural-processor"], "refused") {
		t.Errorf("one gone: got %d %+v", status, got)
	}
	w.expect(w.ask("GET", "/livez", ""), 200)
	w.gateway.readiness.draining.Store(true)
	if status, got := probe(); status != 503 || got.Status != "shutting down" {
		t.Errorf("shutting down: got %d %+v", status, got)
	}
}

func TestTheHealthCheckOfTheImage(t *testing.T) {
	w := newWorld(t, nil)
	_, port, _ := net.SplitHostPort(w.server.Listener.Addr().String())
	if err := Ask(port, "/readyz"); err != nil {
		t.Error(err)
	}
	w.gateway.readiness.draining.Store(true)
	if err := Ask(port, "/readyz"); err == nil || !strings.Contains(err.Error(), "503") {
		t.Errorf("expected 503, got %v", err)
	}
	if err := Ask(port, "/livez"); err != nil {
		t.Error(err)
	}
	w.server.Close()
	if err := Ask(port, "/livez"); err == nil {
		t.Error("healthy without a listener")
	}
}

func TestShutdownAnswersWhatIsInHand(t *testing.T) {
	w := newWorld(t, nil)
	arrived, finish := make(chan struct{}), make(chan struct{})
	w.neural.handler = func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/api/slow" {
			close(arrived)
			<-finish
		}
		_, _ = io.WriteString(w, "done")
	}
	s := Settings{
		Port: freePort(t), Keys: [][]byte{[]byte(key)}, TokenLifetime: time.Hour, Operator: "operator", Password: "right",
		NeuralProcessor: parse(t, w.neural.URL), DeviceManager: parse(t, w.devices.URL), UpstreamTimeout: time.Minute,
		RateLimit: 1000, RateBurst: 1000, BodyLimit: 1 << 20, DrainDelay: time.Second, ShutdownTimeout: 30 * time.Second,
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- Serve(ctx, s, w.logs) }()
	port := fmt.Sprint(s.Port)
	until(t, "it serves", func() bool { return Ask(port, "/readyz") == nil })

	answer := make(chan string, 1)
	go func() {
		r, _ := http.NewRequest("GET", "http://127.0.0.1:"+port+"/api/slow", nil)
		token, _, _ := tokensWith(time.Now(), key).Issue("operator")
		r.Header.Set("Authorization", "Bearer "+token)
		got, err := http.DefaultClient.Do(r)
		if err != nil {
			answer <- err.Error()
			return
		}
		text, _ := io.ReadAll(got.Body)
		answer <- string(text)
	}()
	<-arrived
	stop()
	until(t, "readiness fails while it still serves", func() bool {
		err := Ask(port, "/readyz")
		return err != nil && strings.Contains(err.Error(), "shutting down")
	})
	until(t, "new connections are rejected", func() bool {
		err := Ask(port, "/livez")
		return err != nil && strings.Contains(err.Error(), "refused")
	})
	close(finish)
	if got := <-answer; got != "done" {
		t.Errorf("the request in hand: expected done, got %s", got)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
