package gateway

import (
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func tokensWith(now time.Time, keys ...string) *Tokens {
	t := &Tokens{lifetime: time.Hour, now: func() time.Time { return now }}
	for _, one := range keys {
		t.keys = append(t.keys, []byte(one))
	}
	return t
}

func TestTokensOutliveTheirKeysRotation(t *testing.T) {
	old, err := func() (string, error) { token, _, err := tokensWith(noon, "old").Issue("operator"); return token, err }()
	if err != nil {
		t.Fatal(err)
	}
	cases := map[string]struct {
		keys  []string
		valid bool
	}{
		"before":                     {[]string{"old"}, true},
		"the new one is made known":  {[]string{"old", "new"}, true},
		"the new one signs":          {[]string{"new", "old"}, true},
		"the old one is given up":    {[]string{"new"}, false},
		"the old one as part of one": {[]string{"oldnew"}, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			session, err := tokensWith(noon, c.keys...).Verify(old)
			if (err == nil) != c.valid {
				t.Fatalf("valid: expected %v, got %v", c.valid, err)
			}
			if c.valid && (session.Subject != "operator" || !session.ExpiresAt.Equal(noon.Add(time.Hour))) {
				t.Errorf("got %+v", session)
			}
		})
	}
}

func TestTokensAreChecked(t *testing.T) {
	good := jwt.MapClaims{
		"iss": issuer, "aud": audience, "sub": "operator",
		"iat": noon.Unix(), "exp": noon.Add(time.Hour).Unix(),
	}
	without := func(name string) jwt.MapClaims { return with(good, name, nil) }
	cases := map[string]struct {
		method jwt.SigningMethod
		claims jwt.MapClaims
		key    any
		valid  bool
	}{
		"right":               {jwt.SigningMethodHS256, good, []byte(key), true},
		"not signed":          {jwt.SigningMethodNone, good, jwt.UnsafeAllowNoneSignatureType, false},
		"another algorithm":   {jwt.SigningMethodHS512, good, []byte(key), false},
		"another key":         {jwt.SigningMethodHS256, good, []byte("x" + key), false},
		"another issuer":      {jwt.SigningMethodHS256, with(good, "iss", "else"), []byte(key), false},
		"no issuer":           {jwt.SigningMethodHS256, without("iss"), []byte(key), false},
		"another audience":    {jwt.SigningMethodHS256, with(good, "aud", "else"), []byte(key), false},
		"no audience":         {jwt.SigningMethodHS256, without("aud"), []byte(key), false},
		"no subject":          {jwt.SigningMethodHS256, without("sub"), []byte(key), false},
		"never expires":       {jwt.SigningMethodHS256, without("exp"), []byte(key), false},
		"expired":             {jwt.SigningMethodHS256, with(good, "exp", noon.Add(-time.Minute).Unix()), []byte(key), false},
		"a clock a bit ahead": {jwt.SigningMethodHS256, with(good, "iat", noon.Add(3*time.Second).Unix()), []byte(key), true},
		"from the future":     {jwt.SigningMethodHS256, with(good, "iat", noon.Add(time.Minute).Unix()), []byte(key), false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			token, err := jwt.NewWithClaims(c.method, c.claims).SignedString(c.key)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := tokensWith(noon, key).Verify(token); (err == nil) != c.valid {
				t.Errorf("valid: expected %v, got %v", c.valid, err)
			}
		})
	}
	if _, err := tokensWith(noon, key).Verify("not.a.token"); err == nil {
		t.Error("nonsense was taken for a token")
	}
}

// with is a copy with one claim changed, or removed when the value is nil.
func with(claims jwt.MapClaims, name string, value any) jwt.MapClaims {
	changed := jwt.MapClaims{}
	for claim, content := range claims {
		changed[claim] = content
	}
	changed[name] = value
	if value == nil {
		delete(changed, name)
	}
	return changed
}
