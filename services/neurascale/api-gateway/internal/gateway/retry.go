package gateway

import (
	"errors"
	"io"
	"net"
	"net/http"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// pauses before a request is sent once more: long enough for a container to have been replaced by another.
var pauses = []time.Duration{50 * time.Millisecond, 200 * time.Millisecond}

// retrying sends a request once more when its connection failed, if that cannot do anything twice: the method is idempotent
// and there is no body. An upstream that answers, with whatever status, or is only slow is not asked again.
type retrying struct {
	next    http.RoundTripper
	retries prometheus.Counter
}

func (t retrying) RoundTrip(r *http.Request) (*http.Response, error) {
	for _, pause := range pauses {
		answer, err := t.next.RoundTrip(r)
		if err == nil || !isRepeatable(r) || !isConnectionFailure(err) {
			return answer, err
		}
		select {
		case <-r.Context().Done():
			return nil, r.Context().Err()
		case <-time.After(pause):
			t.retries.Inc()
		}
	}
	return t.next.RoundTrip(r)
}

func isRepeatable(r *http.Request) bool {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodPut, http.MethodDelete:
		return r.Body == nil || r.Body == http.NoBody
	}
	return false
}

func isConnectionFailure(err error) bool {
	var operation *net.OpError
	return errors.As(err, &operation) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, syscall.ECONNRESET)
}
