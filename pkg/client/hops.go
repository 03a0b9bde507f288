package client

import (
	"net/http"

	"github.com/opentracing/opentracing-go"
	"github.com/opentracing/opentracing-go/ext"
	"github.com/opentracing/opentracing-go/log"
)

// hops follows one call's requests and their spans, which nethttp keeps to
// itself. It travels in the requests' context. They run one after the other, so
// it needs no lock.
type hops struct {
	// current is the span of the request under way; nil when there are no spans.
	current opentracing.Span
	// sent and answered count requests, spans their spans.
	sent, answered, spans int
	// failed says that the error is marked on a span already.
	failed bool
}

type hopsKey struct{}

// hopsOf returns nil for a request that is not of a Client's call.
func hopsOf(req *http.Request) *hops {
	h, _ := req.Context().Value(hopsKey{}).(*hops)
	return h
}

// observe is told by nethttp of each request's span.
func observe(span opentracing.Span, req *http.Request) {
	if h := hopsOf(req); h != nil {
		h.current = span
		h.spans++
	}
}

// fail marks err on the span of the request under way.
func (h *hops) fail(err error) {
	h.failed = true
	if h.current != nil {
		mark(h.current, err)
	}
}

// watching sits below nethttp's transport, which finishes a span whose request
// failed without a word of the error, and counts the requests.
type watching struct {
	next http.RoundTripper
}

func (w watching) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := w.next.RoundTrip(req)
	h := hopsOf(req)
	if h == nil {
		return resp, err
	}
	h.sent++
	if err != nil {
		h.fail(err)
	} else {
		h.answered++
	}
	return resp, err
}

// mark puts err on span the way OpenTracing's conventions ask for.
func mark(span opentracing.Span, err error) {
	ext.LogError(span, err, log.Message(err.Error()))
}
