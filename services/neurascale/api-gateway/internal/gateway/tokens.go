package gateway

import (
	"crypto/rand"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

const (
	issuer   = "neurascale"
	audience = "neurascale-api"
	// leeway for clocks that differ between replicas.
	leeway = 5 * time.Second
)

// Tokens issues and verifies JSON Web Tokens (HS256). The first key signs; tokens of all keys are valid, so that a new
// key can be made known everywhere before anything is signed with it, and an old one outlives its last token.
type Tokens struct {
	keys     [][]byte
	lifetime time.Duration
	now      func() time.Time
}

// Session is what a valid token says.
type Session struct {
	Subject   string    `json:"subject"`
	ExpiresAt time.Time `json:"expires_at"`
}

// Issue signs a token for a subject.
func (t *Tokens) Issue(subject string) (string, Session, error) {
	now := t.now().UTC().Truncate(time.Second)
	session := Session{Subject: subject, ExpiresAt: now.Add(t.lifetime)}
	claims := jwt.RegisteredClaims{
		Issuer:    issuer,
		Audience:  jwt.ClaimStrings{audience},
		Subject:   subject,
		IssuedAt:  jwt.NewNumericDate(now),
		ExpiresAt: jwt.NewNumericDate(session.ExpiresAt),
		ID:        rand.Text(),
	}
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString(t.keys[0])
	return token, session, err
}

// Verify checks signature, algorithm, issuer, audience and times.
func (t *Tokens) Verify(token string) (Session, error) {
	var claims jwt.RegisteredClaims
	keys := jwt.VerificationKeySet{}
	for _, key := range t.keys {
		keys.Keys = append(keys.Keys, key)
	}
	_, err := jwt.ParseWithClaims(token, &claims,
		func(*jwt.Token) (any, error) { return keys, nil },
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}),
		jwt.WithIssuer(issuer),
		jwt.WithAudience(audience),
		jwt.WithExpirationRequired(),
		jwt.WithIssuedAt(),
		jwt.WithLeeway(leeway),
		jwt.WithTimeFunc(t.now),
	)
	if err != nil {
		return Session{}, err
	}
	if claims.Subject == "" {
		return Session{}, errors.New("token has no subject")
	}
	return Session{Subject: claims.Subject, ExpiresAt: claims.ExpiresAt.UTC()}, nil
}

// require lets only requests with a valid token pass, and puts what it says into the request's record.
func (t *Tokens) require(next http.Handler, metrics *Metrics) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		if token == "" || !strings.EqualFold(scheme, "Bearer") {
			w.Header().Set("WWW-Authenticate", `Bearer realm="neurascale"`)
			fail(w, r, http.StatusUnauthorized, "token-missing", "Sign in first: POST /api/login.")
			return
		}
		session, err := t.Verify(strings.TrimSpace(token))
		if err != nil {
			metrics.refusedTokens.Inc()
			w.Header().Set("WWW-Authenticate", `Bearer realm="neurascale", error="invalid_token"`)
			detail := "The token is not valid. Sign in again."
			if errors.Is(err, jwt.ErrTokenExpired) {
				detail = "The session has ended. Sign in again."
			}
			fail(w, r, http.StatusUnauthorized, "token-invalid", detail)
			return
		}
		requestOf(r.Context()).session = session
		next.ServeHTTP(w, r)
	})
}
