package gateway

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"time"
)

// Login issues tokens for the one configured account. A real product has an identity provider in this place.
type Login struct {
	name, password string
	tokens         *Tokens
	metrics        *Metrics
	log            *slog.Logger
}

type credentials struct {
	Username string `json:"username"`
	Password string `json:"password"`
}

type issued struct {
	Token     string `json:"token"`
	TokenType string `json:"token_type"`
	Session
	ExpiresIn int `json:"expires_in"`
}

// loginBodyLimit in bytes: two short texts.
const loginBodyLimit = 4096

func (l *Login) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var given credentials
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, loginBodyLimit))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&given); err != nil {
		if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
			fail(w, r, http.StatusRequestEntityTooLarge, "too-large", "A login is shorter than that.")
			return
		}
		fail(w, r, http.StatusUnprocessableEntity, "invalid",
			`Expected JSON such as {"username": "operator", "password": "…"}.`)
		return
	}
	if !l.admits(given) {
		l.metrics.logins.WithLabelValues("refused").Inc()
		// Not the name that was tried: people type passwords into the wrong field.
		l.log.WarnContext(r.Context(), "a login was refused", "client", requestOf(r.Context()).client)
		fail(w, r, http.StatusUnauthorized, "login-refused", "Name or password are wrong.")
		return
	}
	token, session, err := l.tokens.Issue(l.name)
	if err != nil {
		l.log.ErrorContext(r.Context(), "a token could not be signed", "error", err.Error())
		fail(w, r, http.StatusInternalServerError, "internal", "Something went wrong on our side.")
		return
	}
	l.metrics.logins.WithLabelValues("accepted").Inc()
	requestOf(r.Context()).session = session
	lifetime := int(l.tokens.lifetime / time.Second)
	answerJSON(w, http.StatusOK, issued{Token: token, TokenType: "Bearer", Session: session, ExpiresIn: lifetime})
}

// admits takes the same time whatever is wrong, and how much of it.
func (l *Login) admits(given credentials) bool {
	name := same(given.Username, l.name)
	password := same(given.Password, l.password)
	return name&password == 1
}

func same(a, b string) int {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:])
}

// whoami tells whose the token is.
func whoami(w http.ResponseWriter, r *http.Request) {
	answerJSON(w, http.StatusOK, requestOf(r.Context()).session)
}
