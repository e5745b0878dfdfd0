package gateway

import (
	"context"
	"crypto/tls"
	"log/slog"
	"os"
	"sync/atomic"
	"time"
)

// reloadInterval is how often certificate files are looked at.
const reloadInterval = 5 * time.Second

// Certificate is the newest pair of certificate and key that its files have held together. New connections get it as soon
// as the files have changed; a pair that does not fit, such as one half written, changes nothing.
type Certificate struct {
	certificateFile, keyFile string
	metrics                  *Metrics
	log                      *slog.Logger
	current                  atomic.Pointer[tls.Certificate]
	seen                     [2]fileState
}

type fileState struct {
	modified time.Time
	size     int64
}

// loadCertificate reads the pair for the first time; then it has to be right.
func loadCertificate(certificateFile, keyFile string, metrics *Metrics, log *slog.Logger) (*Certificate, error) {
	c := &Certificate{certificateFile: certificateFile, keyFile: keyFile, metrics: metrics, log: log}
	metrics.registry.MustRegister(metrics.certificate)
	c.seen = c.state()
	return c, c.load()
}

// Get is for tls.Config.GetCertificate.
func (c *Certificate) Get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	return c.current.Load(), nil
}

// watch looks for changes until the context ends.
func (c *Certificate) watch(ctx context.Context) {
	ticker := time.NewTicker(reloadInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			c.reload()
		}
	}
}

// reload takes the files' content over if they have changed.
func (c *Certificate) reload() {
	state := c.state()
	if state == c.seen {
		return
	}
	if err := c.load(); err != nil {
		// The state stays unseen: it is tried again until the files fit.
		c.log.Error("the certificate's files have changed and cannot be used; the old one stays", "error", err.Error())
		return
	}
	c.seen = state
	c.log.Info("a new certificate is in use", "until", c.current.Load().Leaf.NotAfter.UTC().Format(time.RFC3339))
}

func (c *Certificate) load() error {
	pair, err := tls.LoadX509KeyPair(c.certificateFile, c.keyFile)
	if err != nil {
		return err
	}
	c.metrics.certificate.Set(float64(pair.Leaf.NotAfter.Unix()))
	c.current.Store(&pair)
	return nil
}

// state follows links: Kubernetes changes a secret's files by changing where a link leads.
func (c *Certificate) state() (states [2]fileState) {
	for i, file := range []string{c.certificateFile, c.keyFile} {
		if info, err := os.Stat(file); err == nil {
			states[i] = fileState{info.ModTime(), info.Size()}
		}
	}
	return states
}
