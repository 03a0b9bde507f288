package wire

import (
	"context"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"regexp"
)

// AppdashSpan is a span as Appdash has it.
type AppdashSpan struct {
	// ID has 16 digits of hexadecimal each; Parent is zeros for a root.
	ID struct{ Trace, Span, Parent string }
	// Annotations are its name, tags, logs and times, in no order.
	Annotations []AppdashAnnotation
}

// AppdashAnnotation is a key and its value, which may come more than once.
type AppdashAnnotation struct {
	Key   string
	Value []byte
}

// Value returns the value of an annotation, or "".
func (s *AppdashSpan) Value(key string) string {
	for _, a := range s.Annotations {
		if a.Key == key {
			return string(a.Value)
		}
	}
	return ""
}

// appdashTrace is a span with all below it.
type appdashTrace struct {
	AppdashSpan
	Sub []appdashTrace
}

func (t *appdashTrace) spans() []AppdashSpan {
	all := []AppdashSpan{t.AppdashSpan}
	for i := range t.Sub {
		all = append(all, t.Sub[i].spans()...)
	}
	return all
}

// ReadAppdash reads all spans that the Appdash with its UI at url has. It has no API
// to read with, but its page of all traces has each as JSON, for the button that
// exports them.
func ReadAppdash(ctx context.Context, url string) ([]AppdashSpan, error) {
	url += "/traces"
	status, body, err := get(ctx, newClient(), url)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("read traces from %s: status %d: %s", url, status, body)
	}
	if err != nil {
		return nil, err
	}
	var all []AppdashSpan
	for _, m := range regexp.MustCompile(`data-json-trace="([^"]*)"`).FindAllSubmatch(body, -1) {
		var t appdashTrace
		if err := json.Unmarshal([]byte(html.UnescapeString(string(m[1]))), &t); err != nil {
			return nil, fmt.Errorf("read a trace from %s: %w", url, err)
		}
		all = append(all, t.spans()...)
	}
	return all, nil
}
