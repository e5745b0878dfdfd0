// Package gateway is NeuraScale's entry point: authentication, rate limits and routing.
package gateway

import (
	"fmt"
	"log/slog"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Settings are all that a deployment can change.
type Settings struct {
	// Port of plain HTTP, for the reverse proxy before us, for probes and metrics.
	Port int
	// TLSPort serves the API alone, where CertificateFile is set.
	TLSPort int
	// CertificateFile and KeyFile are PEM; one file may hold both. Read again when they change.
	CertificateFile, KeyFile string
	// Keys sign and verify tokens: the first signs, all verify.
	Keys [][]byte
	// TokenLifetime is how long a login lasts.
	TokenLifetime time.Duration
	// Operator is the one account there is.
	Operator, Password string
	// NeuralProcessor and DeviceManager are what requests are forwarded to.
	NeuralProcessor, DeviceManager *url.URL
	// UpstreamTimeout is how long an upstream may take to begin its answer.
	UpstreamTimeout time.Duration
	// RateLimit is requests per second and client, RateBurst how many may come at once. Each replica counts by itself.
	RateLimit float64
	RateBurst int
	// ProxyHops is the number of trusted reverse proxies that append to X-Forwarded-For.
	ProxyHops int
	// Origins are the sites, beside our own, whose pages may call the API.
	Origins []string
	// BodyLimit in bytes.
	BodyLimit int64
	// DrainDelay is the time between failing readiness and closing the door, ShutdownTimeout what running requests get after that.
	DrainDelay, ShutdownTimeout time.Duration
	LogLevel                    slog.Level
	Version                     string
}

// minimumKey is the length of a hash of HS256: a shorter key would be the weaker part (RFC 7518, 3.2).
const minimumKey = 32

// SettingsError is what is wrong with the environment, one line per problem, never with a secret's value.
type SettingsError struct{ Problems []string }

func (e *SettingsError) Error() string {
	plural := "s"
	if len(e.Problems) == 1 {
		plural = ""
	}
	return fmt.Sprintf("settings: %d problem%s\n  %s", len(e.Problems), plural, strings.Join(e.Problems, "\n  "))
}

// LoadSettings reads and checks the environment. Every problem is reported, not only the first.
func LoadSettings(getenv func(string) string, readFile func(string) ([]byte, error)) (Settings, error) {
	r := &reader{getenv: getenv, readFile: readFile}
	s := Settings{
		Port:            r.whole("PORT", 8080, 1, 65535),
		TLSPort:         r.whole("TLS_PORT", 8443, 1, 65535),
		CertificateFile: getenv("TLS_CERT_FILE"),
		TokenLifetime:   r.duration("TOKEN_LIFETIME", time.Hour, time.Second, 30*24*time.Hour),
		Operator:        r.text("OPERATOR_NAME", "operator"),
		Password:        r.secret("OPERATOR_PASSWORD", true),
		NeuralProcessor: r.url("NEURAL_PROCESSOR_URL"),
		DeviceManager:   r.url("DEVICE_MANAGER_URL"),
		UpstreamTimeout: r.duration("UPSTREAM_TIMEOUT", 30*time.Second, 100*time.Millisecond, 10*time.Minute),
		RateLimit:       r.number("RATE_LIMIT", 20, 0.01, 1e6),
		RateBurst:       r.whole("RATE_BURST", 60, 1, 1_000_000),
		ProxyHops:       r.whole("PROXY_HOPS", 0, 0, 10),
		Origins:         r.origins("CORS_ORIGINS"),
		BodyLimit:       int64(r.whole("BODY_LIMIT", 1<<20, 1024, 1<<30)),
		DrainDelay:      r.duration("DRAIN_DELAY", time.Second, 0, time.Minute),
		ShutdownTimeout: r.duration("SHUTDOWN_TIMEOUT", 20*time.Second, time.Second, 10*time.Minute),
		LogLevel:        r.level("LOG_LEVEL"),
		Version:         r.text("VERSION", "dev"),
	}
	s.KeyFile = r.text("TLS_KEY_FILE", s.CertificateFile)
	if s.CertificateFile == "" && s.KeyFile != "" {
		r.problem("TLS_CERT_FILE", "a file with the certificate of TLS_KEY_FILE", "nothing")
	}
	s.Keys = r.keys()
	if len(r.problems) > 0 {
		return Settings{}, &SettingsError{r.problems}
	}
	return s, nil
}

// reader takes values from the environment and keeps what is wrong with them.
type reader struct {
	getenv   func(string) string
	readFile func(string) ([]byte, error)
	problems []string
}

func (r *reader) problem(name, expected, got string) {
	r.problems = append(r.problems, fmt.Sprintf("%s: expected %s, got %s", name, expected, got))
}

func (r *reader) text(name, otherwise string) string {
	if text := strings.TrimSpace(r.getenv(name)); text != "" {
		return text
	}
	return otherwise
}

func (r *reader) whole(name string, otherwise, low, high int) int {
	text := r.text(name, strconv.Itoa(otherwise))
	value, err := strconv.Atoi(text)
	if err != nil || value < low || value > high {
		r.problem(name, fmt.Sprintf("a whole number from %d to %d", low, high), strconv.Quote(text))
	}
	return value
}

func (r *reader) number(name string, otherwise, low, high float64) float64 {
	text := r.text(name, strconv.FormatFloat(otherwise, 'g', -1, 64))
	value, err := strconv.ParseFloat(text, 64)
	// The comparison is false for what is not a number, too.
	if err != nil || !(value >= low && value <= high) {
		r.problem(name, fmt.Sprintf("a number from %g to %g", low, high), strconv.Quote(text))
	}
	return value
}

func (r *reader) duration(name string, otherwise, low, high time.Duration) time.Duration {
	text := r.text(name, otherwise.String())
	value, err := time.ParseDuration(text)
	if err != nil || value < low || value > high {
		r.problem(name, fmt.Sprintf("a time from %s to %s, such as 90s", low, high), strconv.Quote(text))
	}
	return value
}

func (r *reader) level(name string) slog.Level {
	text := strings.ToLower(r.text(name, "info"))
	levels := map[string]slog.Level{
		"debug": slog.LevelDebug, "info": slog.LevelInfo, "warning": slog.LevelWarn, "error": slog.LevelError,
	}
	level, ok := levels[text]
	if !ok {
		r.problem(name, "one of debug, info, warning, error", strconv.Quote(text))
	}
	return level
}

func (r *reader) url(name string) *url.URL {
	text := r.text(name, "")
	if text == "" {
		r.problem(name, "a URL such as http://device-manager:8081", "nothing")
		return nil
	}
	value, err := url.Parse(text)
	if err != nil || !isOrigin(value) {
		r.problem(name, "a URL such as http://device-manager:8081, without a path", strconv.Quote(text))
	}
	return value
}

func (r *reader) origins(name string) []string {
	var origins []string
	for _, text := range strings.Split(r.text(name, ""), ",") {
		text = strings.TrimSpace(text)
		if text == "" {
			continue
		}
		if value, err := url.Parse(text); err != nil || !isOrigin(value) || value.Path != "" {
			r.problem(name, "origins such as https://app.example.com, separated by commas", strconv.Quote(text))
		}
		origins = append(origins, text)
	}
	return origins
}

// isOrigin is true for http or https, a host, and nothing more than a slash.
func isOrigin(u *url.URL) bool {
	return (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.User == nil &&
		(u.Path == "" || u.Path == "/") && u.RawQuery == "" && u.Fragment == ""
}

// secret is the content of the file that NAME_FILE names, or else the variable NAME itself.
func (r *reader) secret(name string, needed bool) string {
	value := r.getenv(name)
	if file := r.getenv(name + "_FILE"); file != "" {
		content, err := r.readFile(file)
		if err != nil {
			r.problem(name+"_FILE", "a file that can be read", err.Error())
			return ""
		}
		value = string(content)
	}
	value = strings.TrimRight(value, "\r\n")
	if value == "" && needed {
		r.problem(name, "a secret; let "+name+"_FILE name the file that holds it", "nothing")
	}
	return value
}

func (r *reader) keys() [][]byte {
	var keys [][]byte
	for _, name := range []string{"JWT_SECRET", "JWT_SECRET_ACCEPTED"} {
		// Accepted ones: the previous key and the next, one in a line.
		for _, key := range strings.Split(r.secret(name, name == "JWT_SECRET"), "\n") {
			key = strings.TrimRight(key, "\r")
			if key == "" {
				continue
			}
			if len(key) < minimumKey {
				r.problem(name, fmt.Sprintf("at least %d bytes", minimumKey), strconv.Itoa(len(key)))
			}
			keys = append(keys, []byte(key))
		}
	}
	return keys
}
