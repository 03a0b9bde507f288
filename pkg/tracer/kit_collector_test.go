package tracer

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/uber/jaeger-client-go/thrift"
	j "github.com/uber/jaeger-client-go/thrift-gen/jaeger"
)

// collector is a span collector whose answers a test chooses.
type collector struct {
	*httptest.Server
	// answer gets the number of the request, from 1, after it was read.
	answer func(w http.ResponseWriter, r *http.Request, n int)

	mu       sync.Mutex
	requests []*http.Request
	batches  []*j.Batch
	errs     []error
}

func newCollector(t *testing.T, answer func(http.ResponseWriter, *http.Request, int)) *collector {
	t.Helper()
	c := &collector{answer: answer}
	c.Server = httptest.NewServer(c)
	t.Cleanup(c.Close)
	return c
}

// status answers with the statuses in turn, the last one for ever.
func status(codes ...int) func(http.ResponseWriter, *http.Request, int) {
	return func(w http.ResponseWriter, _ *http.Request, n int) {
		code := codes[min(n, len(codes))-1]
		if code/100 == 3 {
			w.Header().Set("Location", "http://user:secret@elsewhere.test/")
		}
		w.WriteHeader(code)
		if code != http.StatusAccepted {
			_, _ = io.WriteString(w, "the reason")
		}
	}
}

func (c *collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	buf := thrift.NewTMemoryBuffer()
	_, err := io.Copy(buf, r.Body)
	batch := &j.Batch{}
	if err == nil {
		err = batch.Read(r.Context(), thrift.NewTBinaryProtocolConf(buf, nil))
	}
	c.mu.Lock()
	c.requests = append(c.requests, r)
	c.batches = append(c.batches, batch)
	if err != nil {
		c.errs = append(c.errs, err)
	}
	n := len(c.requests)
	c.mu.Unlock()
	c.answer(w, r, n)
}

func (c *collector) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.requests)
}
