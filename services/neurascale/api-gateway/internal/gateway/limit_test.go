package gateway

import (
	"fmt"
	"net/http"
	"testing"
	"time"
)

func TestLimiterCountsEachClientByItself(t *testing.T) {
	now := noon
	l := newLimiter(2, 3, func() time.Time { return now })
	steps := []struct {
		after  time.Duration
		client string
		ok     bool
		wait   time.Duration
	}{
		{0, "a", true, 0},
		{0, "a", true, 0},
		{0, "a", true, 0},
		{0, "a", false, 500 * time.Millisecond},
		{0, "b", true, 0},
		{200 * time.Millisecond, "a", false, 300 * time.Millisecond},
		// What was refused is not counted.
		{300 * time.Millisecond, "a", true, 0},
		{0, "a", false, 500 * time.Millisecond},
		{time.Hour, "a", true, 0},
	}
	for i, step := range steps {
		now = now.Add(step.after)
		if ok, wait := l.Allow(step.client); ok != step.ok || wait != step.wait {
			t.Errorf("step %d, %s: expected %v %v, got %v %v", i, step.client, step.ok, step.wait, ok, wait)
		}
	}
	if len(l.clients) != 1 {
		t.Errorf("clients that have been away: expected to be forgotten, %d are known", len(l.clients))
	}
}

func TestLimiterKeepsItsMemorySmall(t *testing.T) {
	l := newLimiter(1, 1000, func() time.Time { return noon })
	for i := range maximumClients + 100 {
		l.Allow(fmt.Sprint(i))
	}
	if len(l.clients) > maximumClients {
		t.Errorf("expected at most %d clients, got %d", maximumClients, len(l.clients))
	}
}

func TestClientIsWhomTheLastTrustedProxyHeard(t *testing.T) {
	cases := map[string]struct {
		remote, forwarded string
		hops              int
		expected          string
	}{
		"no proxy":               {"192.0.2.1:5000", "", 0, "192.0.2.1"},
		"no proxy, but it lies":  {"192.0.2.1:5000", "198.51.100.7", 0, "192.0.2.1"},
		"one proxy":              {"10.0.0.1:5000", "198.51.100.7", 1, "198.51.100.7"},
		"one proxy, and it lies": {"10.0.0.1:5000", "203.0.113.9, 198.51.100.7", 1, "198.51.100.7"},
		"two proxies":            {"10.0.0.1:5000", "198.51.100.7, 10.9.9.9", 2, "198.51.100.7"},
		"fewer than expected":    {"10.0.0.1:5000", "198.51.100.7", 2, "10.0.0.1"},
		"IPv6 by its network":    {"[2001:db8:1:2:3:4:5:6]:443", "", 0, "2001:db8:1:2::/64"},
		"IPv4 in IPv6":           {"[::ffff:192.0.2.1]:443", "", 0, "192.0.2.1"},
		"nonsense":               {"10.0.0.1:5000", "unix:", 1, "unknown"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			r := &http.Request{RemoteAddr: c.remote, Header: http.Header{}}
			if c.forwarded != "" {
				r.Header.Set("X-Forwarded-For", c.forwarded)
			}
			if got := clientOf(r, c.hops); got != c.expected {
				t.Errorf("expected %s, got %s", c.expected, got)
			}
		})
	}
}
