package gateway

import (
	"context"
	"io"
	"log/slog"
	"strings"
)

// newLogger writes JSON, one object per line, with the names that all services of the system use.
func newLogger(out io.Writer, level slog.Level) *slog.Logger {
	rename := func(groups []string, attribute slog.Attr) slog.Attr {
		if len(groups) > 0 {
			return attribute
		}
		switch attribute.Key {
		case slog.MessageKey:
			attribute.Key = "message"
		case slog.LevelKey:
			text := strings.ToLower(attribute.Value.String())
			if text == "warn" {
				text = "warning"
			}
			attribute.Value = slog.StringValue(text)
		}
		return attribute
	}
	handler := slog.NewJSONHandler(out, &slog.HandlerOptions{Level: level, ReplaceAttr: rename})
	return slog.New(withRequestID{handler}).With("logger", "gateway")
}

// withRequestID adds the id of the request in hand to whatever is logged about it.
type withRequestID struct{ slog.Handler }

func (h withRequestID) Handle(ctx context.Context, record slog.Record) error {
	if request := requestOf(ctx); request != nil {
		record.AddAttrs(slog.String("request_id", request.id))
	}
	return h.Handler.Handle(ctx, record)
}

func (h withRequestID) WithAttrs(attributes []slog.Attr) slog.Handler {
	return withRequestID{h.Handler.WithAttrs(attributes)}
}

func (h withRequestID) WithGroup(name string) slog.Handler {
	return withRequestID{h.Handler.WithGroup(name)}
}
