package gateway

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
	"time"
)

const key = "0123456789abcdef0123456789abcdef"

// environment is one with all that is needed, changed by what is given.
func environment(changes map[string]string) func(string) string {
	values := map[string]string{
		"JWT_SECRET_FILE":        "/run/secrets/jwt",
		"OPERATOR_PASSWORD_FILE": "/run/secrets/password",
		"NEURAL_PROCESSOR_URL":   "http://neural-processor:8080",
		"DEVICE_MANAGER_URL":     "http://device-manager:8081",
	}
	for name, value := range changes {
		values[name] = value
	}
	return func(name string) string { return values[name] }
}

func files(name string) ([]byte, error) {
	content, ok := map[string]string{
		"/run/secrets/jwt":      key + "\n",
		"/run/secrets/old":      "old-" + key + "\nnext-" + key + "\n",
		"/run/secrets/password": "secret\r\n",
		"/run/secrets/short":    "too short",
		"/run/secrets/empty":    "\n",
	}[name]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return []byte(content), nil
}

func TestSettingsHaveDefaultsAndTakeSecretsFromFiles(t *testing.T) {
	s, err := LoadSettings(environment(map[string]string{"JWT_SECRET_ACCEPTED_FILE": "/run/secrets/old"}), files)
	if err != nil {
		t.Fatal(err)
	}
	if s.Port != 8080 || s.TLSPort != 8443 || s.TokenLifetime != time.Hour || s.Operator != "operator" || s.ProxyHops != 0 {
		t.Errorf("defaults: %+v", s)
	}
	if string(s.Keys[0]) != key || string(s.Keys[1]) != "old-"+key || string(s.Keys[2]) != "next-"+key || s.Password != "secret" {
		t.Errorf("secrets were not read as they are, without the line's end")
	}
}

func TestSettingsNameEveryMistake(t *testing.T) {
	cases := map[string]struct {
		changes  map[string]string
		expected []string
	}{
		"nothing set": {
			map[string]string{"JWT_SECRET_FILE": "", "OPERATOR_PASSWORD_FILE": "", "NEURAL_PROCESSOR_URL": "", "DEVICE_MANAGER_URL": ""},
			[]string{"4 problems", "JWT_SECRET: expected a secret", "OPERATOR_PASSWORD: expected a secret", "NEURAL_PROCESSOR_URL: expected a URL", "DEVICE_MANAGER_URL: expected a URL"},
		},
		"a port":         {map[string]string{"PORT": "99999"}, []string{"1 problem\n", `PORT: expected a whole number from 1 to 65535, got "99999"`}},
		"a time":         {map[string]string{"TOKEN_LIFETIME": "60"}, []string{`TOKEN_LIFETIME: expected a time from 1s to 720h0m0s, such as 90s, got "60"`}},
		"a rate":         {map[string]string{"RATE_LIMIT": "NaN"}, []string{`RATE_LIMIT: expected a number from 0.01 to 1e+06, got "NaN"`}},
		"a level":        {map[string]string{"LOG_LEVEL": "loud"}, []string{`LOG_LEVEL: expected one of debug, info, warning, error, got "loud"`}},
		"an upstream":    {map[string]string{"DEVICE_MANAGER_URL": "http://user:pw@host/path"}, []string{"DEVICE_MANAGER_URL: expected a URL"}},
		"an origin":      {map[string]string{"CORS_ORIGINS": "https://a.example, b.example"}, []string{`got "b.example"`}},
		"a short key":    {map[string]string{"JWT_SECRET_FILE": "/run/secrets/short"}, []string{"JWT_SECRET: expected at least 32 bytes, got 9"}},
		"an empty file":  {map[string]string{"OPERATOR_PASSWORD_FILE": "/run/secrets/empty"}, []string{"OPERATOR_PASSWORD: expected a secret"}},
		"a missing file": {map[string]string{"JWT_SECRET_FILE": "/nowhere"}, []string{"JWT_SECRET_FILE: expected a file that can be read, got open /nowhere"}},
		"a key alone":    {map[string]string{"TLS_KEY_FILE": "/k.pem"}, []string{"TLS_CERT_FILE: expected a file with the certificate"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := LoadSettings(environment(c.changes), files)
			var settings *SettingsError
			if !errors.As(err, &settings) {
				t.Fatalf("expected a SettingsError, got %v", err)
			}
			for _, expected := range c.expected {
				if !strings.Contains(err.Error(), expected) {
					t.Errorf("expected %q in\n%s", expected, err)
				}
			}
			if strings.Contains(err.Error(), "too short") {
				t.Errorf("a secret's value is in the message: %s", err)
			}
		})
	}
}
