package propagation

import (
	"fmt"
	"strings"

	"github.com/opentracing/opentracing-go"
	"golang.org/x/net/http/httpguts"
)

// maxShown bounds what an error shows of a header, which a stranger wrote.
const maxShown = 80

func corrupted(key, value string) error {
	return fmt.Errorf("%w: %s: %q", opentracing.ErrSpanContextCorrupted, key, value[:min(len(value), maxShown)])
}

// header is one line; its key is in lower case.
type header struct{ key, value string }

// Headers are the lines of a carrier that some format uses, in its order.
type Headers []header

func collect(r opentracing.TextMapReader) (Headers, error) {
	var h Headers
	err := r.ForeachKey(func(key, value string) error {
		h.Add(key, value)
		return nil
	})
	return h, err
}

// Add adds a line if a format uses its key.
func (h *Headers) Add(key, value string) {
	if key = strings.ToLower(key); known(key) {
		*h = append(*h, header{key, value})
	}
}

func known(key string) bool {
	switch key {
	case traceparentHeader, tracestateHeader, baggageHeader, b3Header, jaegerHeader, jaegerBaggageHeader:
		return true
	}
	return strings.HasPrefix(key, "x-b3-") || strings.HasPrefix(key, jaegerBaggagePrefix) || strings.HasPrefix(key, "ot-")
}

// get returns the first value of key, or "".
func (h Headers) get(key string) string {
	for _, l := range h {
		if l.key == key {
			return l.value
		}
	}
	return ""
}

func (h Headers) all(key string) []string {
	var values []string
	for _, l := range h {
		if l.key == key && l.value != "" {
			values = append(values, l.value)
		}
	}
	return values
}

// joined returns all values of key as one list, as RFC 9110, section 5.3 allows.
func (h Headers) joined(key string) string { return strings.Join(h.all(key), ",") }

// isFieldValue reports whether value can stand in a header as it is (RFC 9110,
// section 5.5).
func isFieldValue(value string) bool {
	return httpguts.ValidHeaderFieldValue(value) && strings.TrimSpace(value) == value
}
