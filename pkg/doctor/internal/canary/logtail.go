package canary

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
)

// maxLog bounds what is kept of the tracer's log.
const maxLog = 4 << 10

// logTail keeps the start of a log. It may be written and read at once.
type logTail struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logTail) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{
		Level: slog.LevelWarn,
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		},
	}))
}

// Write implements io.Writer.
func (l *logTail) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.text.Len()+len(p) <= maxLog {
		l.text.Write(p)
	}
	return len(p), nil
}

func (l *logTail) lines() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.FieldsFunc(l.text.String(), func(r rune) bool { return r == '\n' })
}
