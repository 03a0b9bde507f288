package client

import (
	"net/http"

	"github.com/opentracing/opentracing-go"
	"github.com/opentracing/opentracing-go/ext"
	"github.com/opentracing/opentracing-go/log"
)

// hops counts one call's requests and their spans, which nethttp does not expose. It is
// a value of the requests' context. The requests are sequential, so it needs no lock.
type hops struct {
	// current is the span of the current request; nil without spans.
	current opentracing.Span
	// sent and answered count requests, spans their spans.
	sent, answered, spans int
	// failed reports that the error is on a span already.
	failed bool
}

type hopsKey struct{}

func hopsOf(req *http.Request) *hops { return req.Context().Value(hopsKey{}).(*hops) }

// observe is called by nethttp with each request's span.
func observe(span opentracing.Span, req *http.Request) {
	h := hopsOf(req)
	h.current = span
	h.spans++
}

func (h *hops) fail(err error) {
	h.failed = true
	if h.current != nil {
		logError(h.current, err)
	}
}

// observingTransport counts the requests and logs their errors. It is below nethttp's
// transport, which finishes the span of a failed request without the error.
type observingTransport struct {
	next http.RoundTripper
}

func (t observingTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := t.next.RoundTrip(req)
	h := hopsOf(req)
	h.sent++
	if err != nil {
		h.fail(err)
	} else {
		h.answered++
	}
	return resp, err
}

func logError(span opentracing.Span, err error) {
	ext.LogError(span, err, log.Message(err.Error()))
}
