package gateway

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"regexp"
	"runtime/debug"
	"strconv"
	"strings"
	"time"
)

// request is what is known of the request in hand. Handlers fill it in; the log and the metrics read it at the end.
type request struct {
	id      string
	client  string
	route   string
	session Session
}

type requestKey struct{}

// requestOf is nil outside of a request.
func requestOf(ctx context.Context) *request {
	found, _ := ctx.Value(requestKey{}).(*request)
	return found
}

var fitID = regexp.MustCompile(`^[A-Za-z0-9._-]{1,128}$`)

var knownMethods = map[string]bool{"GET": true, "HEAD": true, "POST": true, "PUT": true, "PATCH": true, "DELETE": true, "OPTIONS": true}

// observe gives every request an id, a log line, its metrics, and an answer whatever happens. The path is logged without
// its query.
func observe(next http.Handler, hops int, metrics *Metrics, log *slog.Logger) http.Handler {
	return http.HandlerFunc(func(plain http.ResponseWriter, r *http.Request) {
		started := time.Now()
		known := &request{id: r.Header.Get("X-Request-Id"), client: clientOf(r, hops), route: "unmatched"}
		if !fitID.MatchString(known.id) {
			known.id = strings.ToLower(rand.Text())
		}
		r = r.WithContext(context.WithValue(r.Context(), requestKey{}, known))
		w := &recorder{ResponseWriter: plain}
		w.Header().Set("X-Request-Id", known.id)
		metrics.inFlight.Inc()
		defer func() {
			failure := recover()
			if failure != nil && failure != http.ErrAbortHandler {
				log.ErrorContext(r.Context(), "a request failed", "error", failure, "stack", string(debug.Stack()))
				if w.status == 0 {
					fail(w, r, http.StatusInternalServerError, "internal",
						"Something went wrong on our side. The request id helps to find out what.")
				}
			}
			metrics.inFlight.Dec()
			record(r, known, w, time.Since(started), metrics, log)
			if failure == http.ErrAbortHandler {
				// The connection has to break, so that the client does not take half an answer for the whole.
				panic(failure)
			}
		}()
		next.ServeHTTP(w, r)
	})
}

func record(r *http.Request, known *request, w *recorder, elapsed time.Duration, metrics *Metrics, log *slog.Logger) {
	method, status := r.Method, w.status
	if !knownMethods[method] {
		method = "OTHER"
	}
	if status == 0 {
		// The client disconnected before a response.
		status = 499
	}
	metrics.requests.WithLabelValues(method, known.route, strconv.Itoa(status)).Inc()
	// An event stream lasts as long as someone watches: that says nothing about how fast we are.
	if !w.isStream() {
		metrics.latency.WithLabelValues(method, known.route).Observe(elapsed.Seconds())
	}
	level := slog.LevelInfo
	switch {
	case known.route == routeOperation && status == http.StatusServiceUnavailable:
		// Not ready: the upstream logs the cause.
		level = slog.LevelWarn
	case status >= 500:
		level = slog.LevelError
	case known.route == routeOperation:
		level = slog.LevelDebug
	}
	log.LogAttrs(r.Context(), level, r.Method+" "+r.URL.Path+" "+strconv.Itoa(status),
		slog.String("method", method), slog.String("route", known.route), slog.String("path", r.URL.Path),
		slog.Int("status", status), slog.Int64("bytes", w.bytes), slog.Float64("ms", float64(elapsed.Microseconds())/1000),
		slog.String("client", known.client), slog.String("subject", known.session.Subject))
}

// writeTimeout is how long a client may take to read what is being written to it.
const writeTimeout = 30 * time.Second

// recorder remembers what was answered, and gives up on clients that stop reading.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (w *recorder) WriteHeader(status int) {
	if status >= 200 && w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) Write(content []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	w.deadline(time.Now().Add(writeTimeout))
	n, err := w.ResponseWriter.Write(content)
	w.bytes += int64(n)
	return n, err
}

// FlushError is how http.ResponseController flushes. What has been sent needs no deadline; the next event may be long in
// coming.
func (w *recorder) FlushError() error {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	err := http.NewResponseController(w.ResponseWriter).Flush()
	w.deadline(time.Time{})
	return err
}

// Unwrap lets http.ResponseController reach the connection.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *recorder) deadline(at time.Time) {
	// Not every writer has deadlines, and one without them needs none.
	_ = http.NewResponseController(w.ResponseWriter).SetWriteDeadline(at)
}

func (w *recorder) isStream() bool {
	return strings.HasPrefix(w.Header().Get("Content-Type"), "text/event-stream")
}
