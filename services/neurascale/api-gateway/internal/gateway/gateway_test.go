package gateway

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

func TestLogin(t *testing.T) {
	cases := map[string]struct {
		body   string
		status int
		kind   string
	}{
		"right":          {`{"username": "operator", "password": "right"}`, 200, ""},
		"wrong password": {`{"username": "operator", "password": "wrong"}`, 401, "login-refused"},
		"wrong name":     {`{"username": "root", "password": "right"}`, 401, "login-refused"},
		"empty":          {`{}`, 401, "login-refused"},
		"more than that": {`{"username": "operator", "password": "right", "admin": true}`, 422, "invalid"},
		"no JSON":        {`username=operator`, 422, "invalid"},
		"too long":       {`{"username": "` + strings.Repeat("x", 5000) + `"}`, 413, "too-large"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, nil)
			answer := w.ask("POST", "/api/login", c.body)
			if c.kind != "" {
				w.expectProblem(answer, c.status, c.kind)
				return
			}
			w.expect(answer, c.status)
			var got issued
			w.decode(answer, &got)
			if got.TokenType != "Bearer" || got.ExpiresIn != 3600 || got.Subject != "operator" {
				t.Errorf("got %+v", got)
			}
			session := w.ask("GET", "/api/session", "", "Authorization: Bearer "+got.Token)
			w.expect(session, 200)
			var said Session
			w.decode(session, &said)
			if said.Subject != "operator" || !said.ExpiresAt.Equal(got.ExpiresAt) {
				t.Errorf("the session is %+v", said)
			}
		})
	}
}

func TestLoginIsNoPlaceForGuessing(t *testing.T) {
	w := newWorld(t, nil)
	for range loginBurst {
		w.expectProblem(w.ask("POST", "/api/login", `{"username": "operator", "password": "guess"}`), 401, "login-refused")
	}
	answer := w.ask("POST", "/api/login", `{"username": "operator", "password": "right"}`)
	w.expectProblem(answer, 429, "too-many-requests")
	if answer.Header.Get("Retry-After") == "" {
		t.Error("nothing says when to come again")
	}
	if got := w.metric(`gateway_logins_total{outcome="refused"}`); got != fmt.Sprint(loginBurst) {
		t.Errorf("refused logins: expected %d, got %s", loginBurst, got)
	}
	w.expect(w.ask("GET", "/api/login", ""), 405)
}

func TestOnlyAValidTokenOpens(t *testing.T) {
	w := newWorld(t, nil)
	cases := map[string]struct{ header, kind string }{
		"none":           {"X-Nothing: x", "token-missing"},
		"another scheme": {"Authorization: Basic b3BlcmF0b3I6cmlnaHQ=", "token-missing"},
		"nonsense":       {"Authorization: Bearer nonsense", "token-invalid"},
		"cut off":        {strings.TrimSuffix(w.login(), "x")[:60], "token-invalid"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			for _, path := range []string{"/api/devices", "/api/bands", "/api/session", "/api/unheard-of"} {
				answer := w.ask("GET", path, "", c.header)
				w.expectProblem(answer, 401, c.kind)
				if !strings.HasPrefix(answer.Header.Get("WWW-Authenticate"), "Bearer") {
					t.Error("nothing says how to sign in")
				}
			}
		})
	}
	if asked := len(w.neural.requests()) + len(w.devices.requests()); asked > 0 {
		t.Errorf("%d requests were forwarded without a valid token", asked)
	}
}

func TestRequestsReachTheirService(t *testing.T) {
	w := newWorld(t, nil)
	token := w.login()
	cases := []struct{ method, path, neural, devices string }{
		{"GET", "/api/devices", "", "GET /api/devices"},
		{"POST", "/api/devices/simulator-1/start", "", "POST /api/devices/simulator-1/start"},
		{"GET", "/api/devices/a%2Fb", "", "GET /api/devices/a%2Fb"},
		{"GET", "/api/devicesandmore", "GET /api/devicesandmore", ""},
		{"GET", "/api/bands?device=simulator-1&limit=2", "GET /api/bands?device=simulator-1&limit=2", ""},
		{"GET", "/api/recordings/1/export", "GET /api/recordings/1/export", ""},
	}
	for _, c := range cases {
		t.Run(c.path, func(t *testing.T) {
			w.neural.asked, w.devices.asked = nil, nil
			w.expect(w.ask(c.method, c.path, "", token), 200)
			if got := said(w.neural); got != c.neural {
				t.Errorf("neural-processor: expected %q, got %q", c.neural, got)
			}
			if got := said(w.devices); got != c.devices {
				t.Errorf("device-manager: expected %q, got %q", c.devices, got)
			}
		})
	}
}

func said(u *upstream) string {
	lines := []string{}
	for _, r := range u.requests() {
		lines = append(lines, r.Method+" "+r.RequestURI)
	}
	return strings.Join(lines, "\n")
}

func TestNothingElseIsReachable(t *testing.T) {
	w := newWorld(t, nil)
	token := w.login()
	cases := map[string]int{
		"/":                                  404,
		"/internal/samples":                  404,
		"/apis":                              404,
		"/api/../internal/samples":           400,
		"/api/%2e%2e/internal/samples":       400,
		"/api/devices/..%2f..%2finternal/x":  400,
		"/api//bands":                        400,
		"/api/./bands":                       400,
		"/api/devices/../../internal/x?y=/a": 400,
	}
	for path, status := range cases {
		t.Run(path, func(t *testing.T) { w.expect(w.ask("GET", path, "", token), status) })
	}
	if got := said(w.neural) + said(w.devices); got != "" {
		t.Errorf("forwarded: %s", got)
	}
	for _, path := range []string{"/livez", "/readyz", "/metrics"} {
		r, _ := http.NewRequest("GET", path, nil)
		recorded := &recorded{header: http.Header{}}
		w.gateway.Public.ServeHTTP(recorded, r)
		if recorded.status != 404 {
			t.Errorf("%s: expected 404 on the public port, got %d", path, recorded.status)
		}
	}
}

type recorded struct {
	header http.Header
	status int
}

func (r *recorded) Header() http.Header               { return r.header }
func (r *recorded) Write(content []byte) (int, error) { return len(content), nil }
func (r *recorded) WriteHeader(status int)            { r.status = status }

func TestUpstreamsLearnWhoAskedButNoToken(t *testing.T) {
	w := newWorld(t, nil)
	w.neural.handler = func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Request-Id", "the upstream's")
		w.Header().Set("Cache-Control", "max-age=60")
		w.Header().Set("X-Custom", "kept")
		w.WriteHeader(http.StatusTeapot)
	}
	answer := w.ask("GET", "/api/bands", "", w.login(), "Cookie: a=b", "X-Request-Id: abc-1", "X-Forwarded-For: 198.51.100.7",
		"X-Forwarded-Proto: https")
	w.expect(answer, http.StatusTeapot)
	asked := w.neural.requests()[0].Header
	for name, expected := range map[string]string{
		"Authorization": "", "Cookie": "", "X-Request-Id": "abc-1", "X-Forwarded-For": "198.51.100.7, 127.0.0.1", "X-Forwarded-Proto": "https",
	} {
		if got := asked.Get(name); got != expected {
			t.Errorf("%s: expected %q, got %q", name, expected, got)
		}
	}
	for name, expected := range map[string]string{
		"X-Request-Id": "abc-1", "Cache-Control": "no-store", "X-Custom": "kept", "X-Content-Type-Options": "nosniff",
		"Referrer-Policy": "no-referrer", "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
	} {
		if got := strings.Join(answer.Header.Values(name), "|"); got != expected {
			t.Errorf("%s: expected %q, got %q", name, expected, got)
		}
	}
	fresh := w.ask("GET", "/livez", "", "X-Request-Id: not a fit one").Header.Get("X-Request-Id")
	if !fitID.MatchString(fresh) {
		t.Errorf("expected an id of our own, got %q", fresh)
	}
}

func TestBodiesHaveALimit(t *testing.T) {
	w := newWorld(t, func(s *Settings) { s.BodyLimit = 1024 })
	w.devices.handler = func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) }
	token := w.login()
	w.expect(w.ask("POST", "/api/devices/1/start", strings.Repeat("x", 1024), token), 200)
	w.expectProblem(w.ask("POST", "/api/devices/1/start", strings.Repeat("x", 1025), token), 413, "too-large")

	r, _ := http.NewRequest("POST", w.server.URL+"/api/devices/1/start", io.LimitReader(endless{}, 1<<20))
	r.Header.Set("Authorization", strings.TrimPrefix(token, "Authorization: "))
	answer, err := w.server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	w.expectProblem(answer, 413, "too-large")
}

type endless struct{}

func (endless) Read(buffer []byte) (int, error) { return copy(buffer, "x"), nil }

func TestClientsHaveALimit(t *testing.T) {
	w := newWorld(t, func(s *Settings) { s.RateLimit, s.RateBurst, s.ProxyHops = 0.01, 3, 1 })
	for range 3 {
		w.expect(w.ask("GET", "/api/bands", "", "X-Forwarded-For: 192.0.2.1"), 401)
	}
	answer := w.ask("GET", "/api/bands", "", "X-Forwarded-For: 192.0.2.1")
	w.expectProblem(answer, 429, "too-many-requests")
	if after := answer.Header.Get("Retry-After"); after != "100" {
		t.Errorf("Retry-After: expected 100, got %q", after)
	}
	w.expect(w.ask("GET", "/api/bands", "", "X-Forwarded-For: 192.0.2.2"), 401)
	w.expect(w.ask("GET", "/livez", "", "X-Forwarded-For: 192.0.2.1"), 200)
	if got := w.metric(`gateway_limited_requests_total{limit="requests"}`); got != "1" {
		t.Errorf("limited requests: expected 1, got %s", got)
	}
}

func TestOtherSitesNeedToBeListed(t *testing.T) {
	w := newWorld(t, func(s *Settings) { s.Origins = []string{"https://app.example.com"} })
	preflight := func(origin string) *http.Response {
		return w.ask("OPTIONS", "/api/bands", "", "Origin: "+origin, "Access-Control-Request-Method: GET")
	}
	answer := preflight("https://app.example.com")
	w.expect(answer, 204)
	if got := answer.Header.Get("Access-Control-Allow-Headers"); !strings.Contains(got, "Authorization") {
		t.Errorf("allowed headers: %q", got)
	}
	for _, answer := range []*http.Response{preflight("https://evil.example.com"), newWorld(t, nil).ask("GET", "/livez", "", "Origin: https://app.example.com")} {
		if got := answer.Header.Get("Access-Control-Allow-Origin"); got != "" {
			t.Errorf("allowed %q", got)
		}
	}
}

func TestLogsTellWhatHappenedAndNoSecret(t *testing.T) {
	w := newWorld(t, nil)
	token := w.login()
	w.expect(w.ask("GET", "/api/bands?device=private", "", token, "X-Request-Id: abc-2"), 200)
	w.expect(w.ask("POST", "/api/login", `{"username": "hunter2", "password": "hunter2"}`), 401)
	w.expect(w.ask("GET", "/readyz", ""), 200)
	w.server.Close()
	logs := w.logs.String()
	for _, expected := range []string{
		`"level":"info","message":"GET /api/bands 200","logger":"gateway","method":"GET","route":"/neural-processor","path":"/api/bands","status":200`,
		`"subject":"operator","request_id":"abc-2"`, `"level":"warning","message":"a login was refused"`, `"level":"debug","message":"GET /readyz 200"`,
	} {
		if !strings.Contains(logs, expected) {
			t.Errorf("expected %s in\n%s", expected, logs)
		}
	}
	for _, secret := range []string{strings.TrimPrefix(token, "Authorization: Bearer "), "right", "hunter2", "private", key} {
		if strings.Contains(logs, secret) {
			t.Errorf("%s is in the logs:\n%s", secret, logs)
		}
	}
}
