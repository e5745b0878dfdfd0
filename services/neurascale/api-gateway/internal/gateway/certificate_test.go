package gateway

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// pair is a certificate and its key, as PEM.
func pair(t *testing.T, name string) (certificate, privateKey []byte) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: noon.AddDate(-1, 0, 0), NotAfter: noon.AddDate(20, 0, 0),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded})
}

// put replaces a file as a whole, at a time that differs from all before.
func put(t *testing.T, file string, content []byte, minutes int) {
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	at := noon.Add(time.Duration(minutes) * time.Minute)
	if err := os.Chtimes(file, at, at); err != nil {
		t.Fatal(err)
	}
}

func TestCertificatesAreReadAgainWithoutARestart(t *testing.T) {
	certificateFile, keyFile := filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")
	certificate, private := pair(t, "one.example.com")
	put(t, certificateFile, certificate, 0)
	put(t, keyFile, private, 0)
	logs := &buffer{}
	c, err := loadCertificate(certificateFile, keyFile, newMetrics("test"), newLogger(logs, 0))
	if err != nil {
		t.Fatal(err)
	}
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{GetCertificate: c.Get})
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(livez)}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	shown := func() string {
		connection, err := tls.Dial("tcp", listener.Addr().String(), &tls.Config{InsecureSkipVerify: true})
		if err != nil {
			t.Fatal(err)
		}
		defer connection.Close()
		return connection.ConnectionState().PeerCertificates[0].Subject.CommonName
	}
	expect := func(what, name string) {
		t.Helper()
		c.reload()
		if got := shown(); got != name {
			t.Errorf("%s: expected the certificate of %s, got %s", what, name, got)
		}
	}
	expect("at first", "one.example.com")
	certificate, private = pair(t, "two.example.com")
	put(t, certificateFile, certificate, 1)
	expect("half of a new pair", "one.example.com")
	put(t, keyFile, private, 1)
	expect("a new pair", "two.example.com")
	put(t, certificateFile, []byte("nonsense"), 2)
	expect("nonsense", "two.example.com")
	if err := os.Remove(certificateFile); err != nil {
		t.Fatal(err)
	}
	expect("gone", "two.example.com")
	if !strings.Contains(logs.String(), "the old one stays") || strings.Contains(logs.String(), "PRIVATE") {
		t.Errorf("logs: %s", logs)
	}
}

func TestOneFileMayHoldCertificateAndKey(t *testing.T) {
	file := filepath.Join(t.TempDir(), "both.pem")
	certificate, private := pair(t, "one.example.com")
	put(t, file, append(private, certificate...), 0)
	if _, err := loadCertificate(file, file, newMetrics("test"), newLogger(&buffer{}, 0)); err != nil {
		t.Error(err)
	}
	if _, err := loadCertificate(file+"x", file+"x", newMetrics("test"), newLogger(&buffer{}, 0)); err == nil {
		t.Error("a missing file was taken for a certificate")
	}
}

func freePort(t *testing.T) int {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port
}

func parse(t *testing.T, address string) *url.URL {
	parsed, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// until asks until it is so; the limit only ends a test that has failed.
func until(t *testing.T, what string, so func() bool) {
	t.Helper()
	for range 600 {
		if so() {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatalf("%s: not so", what)
}
