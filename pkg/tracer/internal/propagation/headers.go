package propagation

import (
	"fmt"
	"strings"

	"github.com/opentracing/opentracing-go"
)

// maxShown bounds what an error shows of a header, which a stranger wrote.
const maxShown = 80

// corrupted is the error for a header that makes no sense.
func corrupted(key, value string) error {
	return fmt.Errorf("%w: %s: %q", opentracing.ErrSpanContextCorrupted, key, value[:min(len(value), maxShown)])
}

// header is one line; its key is in lower case.
type header struct{ key, value string }

// Headers are the lines of a carrier that some format uses, in its order.
type Headers []header

// collect reads the carrier once for all formats.
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

// known reports whether a format may have a use for the header.
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

// joined returns all values of key as one list, as RFC 9110, section 5.3 allows.
func (h Headers) joined(key string) string {
	var list string
	for _, l := range h {
		switch {
		case l.key != key || l.value == "":
		case list == "":
			list = l.value
		default:
			list += "," + l.value
		}
	}
	return list
}

// count returns how many lines have the key.
func (h Headers) count(key string) int {
	n := 0
	for _, l := range h {
		if l.key == key {
			n++
		}
	}
	return n
}

// isToken reports whether key can be the name of a header (RFC 9110, section
// 5.6.2). net/http refuses the whole request because of one that cannot.
func isToken(key string) bool {
	if key == "" {
		return false
	}
	for _, c := range []byte(key) {
		alnum := '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !alnum && strings.IndexByte("!#$%&'*+-.^_`|~", c) < 0 {
			return false
		}
	}
	return true
}

// isFieldValue reports whether value can stand in a header as it is (RFC 9110,
// section 5.5).
func isFieldValue(value string) bool {
	for _, c := range []byte(value) {
		if c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return strings.TrimSpace(value) == value
}
