package gateway

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// Serve serves until the context ends, then lets go in order: readiness fails, a moment later nothing new is accepted and
// event streams end, and what is in hand is answered.
func Serve(ctx context.Context, s Settings, out io.Writer) error {
	logger := newLogger(out, s.LogLevel)
	draining, drain := context.WithCancel(context.Background())
	defer drain()
	gateway := newGateway(draining, s, logger)

	servers := []*server{}
	plain, err := listen(ctx, s.Port, gateway.Plain, nil, logger)
	if err != nil {
		return err
	}
	servers = append(servers, plain)
	if s.CertificateFile != "" {
		certificate, err := loadCertificate(s.CertificateFile, s.KeyFile, gateway.metrics, logger)
		if err != nil {
			return fmt.Errorf("TLS_CERT_FILE: %w", err)
		}
		go certificate.watch(draining)
		config := &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: certificate.Get}
		public, err := listen(ctx, s.TLSPort, gateway.Public, config, logger)
		if err != nil {
			return err
		}
		servers = append(servers, public)
	}
	logger.Info("serving", "port", s.Port, "tls_port", s.TLSPort, "tls", s.CertificateFile != "", "version", s.Version)

	failures := make(chan error, len(servers))
	for _, one := range servers {
		go func() { failures <- one.serve() }()
	}
	select {
	case err := <-failures:
		return err
	case <-ctx.Done():
	}
	logger.Info("shutting down", "delay", s.DrainDelay.String(), "timeout", s.ShutdownTimeout.String())
	gateway.readiness.draining.Store(true)
	time.Sleep(s.DrainDelay)
	drain()
	return shutdown(servers, s.ShutdownTimeout, logger)
}

type server struct {
	*http.Server
	listener net.Listener
}

func listen(ctx context.Context, port int, handler http.Handler, config *tls.Config, logger *slog.Logger) (*server, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", fmt.Sprintf(":%d", port))
	if err != nil {
		return nil, err
	}
	return &server{
		Server: &http.Server{
			Handler:           handler,
			TLSConfig:         config,
			ReadHeaderTimeout: 5 * time.Second,
			ReadTimeout:       30 * time.Second,
			// Longer than a reverse proxy before us keeps a connection, so that it never sends into a closing one.
			IdleTimeout:    120 * time.Second,
			MaxHeaderBytes: 32 << 10,
			ErrorLog:       log.New(warnings{logger}, "", 0),
		},
		listener: listener,
	}, nil
}

func (s *server) serve() error {
	if s.TLSConfig != nil {
		return s.ServeTLS(s.listener, "", "")
	}
	return s.Serve(s.listener)
}

func shutdown(servers []*server, timeout time.Duration, logger *slog.Logger) error {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	results := make([]error, len(servers))
	var group sync.WaitGroup
	for i, one := range servers {
		group.Go(func() { results[i] = one.Shutdown(ctx) })
	}
	group.Wait()
	err := errors.Join(results...)
	if err != nil {
		return fmt.Errorf("requests were still running after %s: %w", timeout, err)
	}
	logger.Info("all requests are answered")
	return nil
}
