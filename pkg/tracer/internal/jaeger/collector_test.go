package jaeger

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/uber/jaeger-client-go/thrift"
	j "github.com/uber/jaeger-client-go/thrift-gen/jaeger"
)

// Collector is a span collector whose answers a test chooses.
type Collector struct {
	*httptest.Server
	// Answer gets the number of the request, from 1, after it was read.
	Answer func(w http.ResponseWriter, r *http.Request, n int)

	mu       sync.Mutex
	Requests []*http.Request
	Batches  []*j.Batch
	Errs     []error
}

// NewCollector starts a collector that the end of the test stops.
func NewCollector(t *testing.T, answer func(http.ResponseWriter, *http.Request, int)) *Collector {
	t.Helper()
	c := &Collector{Answer: answer}
	c.Server = httptest.NewServer(c)
	t.Cleanup(c.Close)
	return c
}

// Status answers with the statuses in turn, the last one for ever.
func Status(codes ...int) func(http.ResponseWriter, *http.Request, int) {
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

func (c *Collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	buf := thrift.NewTMemoryBuffer()
	_, err := io.Copy(buf, r.Body)
	batch := &j.Batch{}
	if err == nil {
		err = batch.Read(r.Context(), thrift.NewTBinaryProtocolConf(buf, nil))
	}
	c.mu.Lock()
	c.Requests = append(c.Requests, r)
	c.Batches = append(c.Batches, batch)
	if err != nil {
		c.Errs = append(c.Errs, err)
	}
	n := len(c.Requests)
	c.mu.Unlock()
	c.Answer(w, r, n)
}

// Count returns the number of requests so far.
func (c *Collector) Count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.Requests)
}
