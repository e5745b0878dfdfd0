package gateway

import (
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// maximumClients bounds the memory that strangers can take.
const maximumClients = 20_000

// Limiter gives every client its own token bucket. It counts in this process: with several replicas a client gets up to
// as many times the limit. It is here to keep one client from taking all, for which that is good enough, and needs no store
// whose failure would close the door.
type Limiter struct {
	rate  rate.Limit
	burst int
	now   func() time.Time

	mutex   sync.Mutex
	clients map[string]*bucket
	swept   time.Time
}

type bucket struct {
	limiter *rate.Limiter
	seen    time.Time
}

func newLimiter(perSecond float64, burst int, now func() time.Time) *Limiter {
	return &Limiter{rate: rate.Limit(perSecond), burst: burst, now: now, clients: map[string]*bucket{}, swept: now()}
}

// Allow says whether the client may ask now, and if not, when.
func (l *Limiter) Allow(client string) (bool, time.Duration) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	now := l.now()
	l.sweep(now)
	one, known := l.clients[client]
	if !known {
		one = &bucket{limiter: rate.NewLimiter(l.rate, l.burst)}
		l.clients[client] = one
	}
	one.seen = now
	reservation := one.limiter.ReserveN(now, 1)
	wait := reservation.DelayFrom(now)
	if wait > 0 {
		reservation.CancelAt(now)
		return false, wait
	}
	return true, 0
}

// sweep forgets clients whose buckets are full again: a new one would be no different.
func (l *Limiter) sweep(now time.Time) {
	refill := time.Duration(float64(l.burst) / float64(l.rate) * float64(time.Second))
	if now.Sub(l.swept) > max(refill, time.Second) {
		for name, one := range l.clients {
			if now.Sub(one.seen) > refill {
				delete(l.clients, name)
			}
		}
		l.swept = now
	}
	for name := range l.clients {
		if len(l.clients) < maximumClients {
			break
		}
		delete(l.clients, name)
	}
}

// limit refuses what comes too often.
func (l *Limiter) limit(next http.Handler, name string, metrics *Metrics) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		allowed, wait := l.Allow(requestOf(r.Context()).client)
		if !allowed {
			metrics.limited.WithLabelValues(name).Inc()
			w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
			fail(w, r, http.StatusTooManyRequests, "too-many-requests", "Too many requests. Wait a moment.")
			return
		}
		next.ServeHTTP(w, r)
	})
}
