package gateway

import (
	"context"
	"errors"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"time"
)

// Proxy forwards to one upstream.
type Proxy struct {
	name    string
	proxy   *httputil.ReverseProxy
	log     *slog.Logger
	timeout time.Duration
}

const connectTimeout = 2 * time.Second

// newProxy forwards to `target`. Event streams end in good order when `draining` does.
func newProxy(draining context.Context, name string, target *url.URL, timeout time.Duration, metrics *Metrics, logger *slog.Logger) *Proxy {
	transport := &http.Transport{
		DialContext:           (&net.Dialer{Timeout: connectTimeout, KeepAlive: 15 * time.Second}).DialContext,
		ResponseHeaderTimeout: timeout,
		MaxIdleConnsPerHost:   64,
		IdleConnTimeout:       30 * time.Second,
		TLSHandshakeTimeout:   connectTimeout,
		ExpectContinueTimeout: time.Second,
		// What the client accepts is between it and the upstream.
		DisableCompression: true,
	}
	p := &Proxy{name: name, log: logger, timeout: timeout}
	p.proxy = &httputil.ReverseProxy{
		Rewrite: func(request *httputil.ProxyRequest) {
			request.SetURL(target)
			forwardedOf(request)
		},
		// Event streams and answers of unknown length are flushed at once: that is ReverseProxy's own rule.
		Transport:      retrying{transport, metrics.retries.WithLabelValues(name)},
		ModifyResponse: func(answer *http.Response) error { modify(draining, answer); return nil },
		ErrorHandler:   p.failed,
		ErrorLog:       log.New(warnings{logger}, "", 0),
	}
	return p
}

func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) { p.proxy.ServeHTTP(w, r) }

// forwardedOf sets what an upstream learns: who asked and through what, never with what token.
func forwardedOf(request *httputil.ProxyRequest) {
	header := request.Out.Header
	header.Del("Authorization")
	header.Del("Cookie")
	header["X-Forwarded-For"] = request.In.Header["X-Forwarded-For"]
	request.SetXForwarded()
	// The reverse proxy before us may have ended TLS.
	if proto := request.In.Header.Get("X-Forwarded-Proto"); proto == "https" || proto == "http" {
		header.Set("X-Forwarded-Proto", proto)
	}
	if known := requestOf(request.In.Context()); known != nil {
		header.Set("X-Request-Id", known.id)
	}
}

func modify(draining context.Context, answer *http.Response) {
	// These are ours to say, and said once.
	for _, name := range []string{"X-Request-Id", "X-Content-Type-Options", "Content-Security-Policy", "Referrer-Policy", "Cache-Control",
		"Strict-Transport-Security", "Server"} {
		answer.Header.Del(name)
	}
	for name := range answer.Header {
		if strings.HasPrefix(name, "Access-Control-") {
			answer.Header.Del(name)
		}
	}
	endWith(draining, answer)
}

// failed answers when the upstream did not.
func (p *Proxy) failed(w http.ResponseWriter, r *http.Request, err error) {
	var tooLarge *http.MaxBytesError
	var timeout net.Error
	switch {
	case errors.As(err, &tooLarge):
		fail(w, r, http.StatusRequestEntityTooLarge, "too-large", "The request's body is larger than is allowed.")
	case r.Context().Err() != nil:
		// The client has disconnected: a response is pointless.
	case errors.As(err, &timeout) && timeout.Timeout() && !isConnectionFailure(err):
		p.log.ErrorContext(r.Context(), "an upstream took too long", "upstream", p.name, "timeout", p.timeout.String())
		fail(w, r, http.StatusGatewayTimeout, "upstream-timeout", "The service "+p.name+" takes too long to answer.")
	default:
		p.log.ErrorContext(r.Context(), "an upstream cannot be reached", "upstream", p.name, "error", err.Error())
		w.Header().Set("Retry-After", "2")
		fail(w, r, http.StatusBadGateway, "upstream-unreachable", "The service "+p.name+" cannot be reached at the moment.")
	}
}

// warnings takes what the standard library logs.
type warnings struct{ log *slog.Logger }

func (w warnings) Write(line []byte) (int, error) {
	w.log.Warn(strings.TrimSpace(string(line)))
	return len(line), nil
}
