package gateway

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
)

// endWith makes an event stream end in good order (the client sees its end, not a broken connection, and connects again)
// when the gateway is shut down, and when the token that opened it expires.
func endWith(draining context.Context, answer *http.Response) {
	if !strings.HasPrefix(answer.Header.Get("Content-Type"), "text/event-stream") {
		return
	}
	until, cancel := draining, context.CancelFunc(func() {})
	if known := requestOf(answer.Request.Context()); known != nil && !known.session.ExpiresAt.IsZero() {
		until, cancel = context.WithDeadline(draining, known.session.ExpiresAt)
	}
	body := &endingBody{body: answer.Body, until: until, cancel: cancel}
	body.stop = context.AfterFunc(until, body.closeBody)
	answer.Body = body
}

// endingBody reads as finished once `until` is done.
type endingBody struct {
	body   io.ReadCloser
	until  context.Context
	cancel context.CancelFunc
	stop   func() bool
	once   sync.Once
}

func (b *endingBody) Read(buffer []byte) (int, error) {
	n, err := b.body.Read(buffer)
	if err != nil && b.until.Err() != nil {
		return n, io.EOF
	}
	return n, err
}

func (b *endingBody) Close() error {
	b.stop()
	b.cancel()
	b.closeBody()
	return nil
}

// closeBody also wakes a Read that waits for the next event.
func (b *endingBody) closeBody() {
	b.once.Do(func() { _ = b.body.Close() })
}
