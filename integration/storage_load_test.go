//go:build storage && linux

package integration

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/otdemo/otdemo/integration/wire"
)

const (
	// loadService is what the load calls itself.
	loadService = "load"
	// loadSenders send at the same time, a request of loadSpans spans after another.
	// Each span has a tag of loadText bytes: a statement of SQL, say.
	loadSenders = 6
	loadSpans   = 500
	loadText    = 700
	// refusedWait is the time after which a refused request is sent again.
	refusedWait = time.Second
	// noneRejected is the answer to a request of which all spans are accepted: an empty
	// partial_success.
	noneRejected = "\n\x00"
	// acceptTimeout bounds one wait of the test for the load.
	acceptTimeout = time.Minute
)

// otlpLoad sends spans over OTLP as fast as Jaeger accepts them. Each sender waits for
// the answer to its request as long as it takes: no span is accepted unnoticed.
type otlpLoad struct {
	client *http.Client
	url    string
	// accepted counts spans, refused counts requests that are to be sent again.
	accepted, refused atomic.Int64
	next              atomic.Uint64
	// ending is closed to have each sender end when its request is answered.
	ending  chan struct{}
	senders sync.WaitGroup
	// failed is the first error after which it is not known whether the spans of a
	// request are accepted.
	failed atomic.Pointer[error]
}

// newLoad returns one that has not begun.
func newLoad(t *testing.T, j *deployed) *otlpLoad {
	t.Helper()
	transport := &http.Transport{MaxIdleConnsPerHost: loadSenders}
	l := &otlpLoad{
		client: &http.Client{Transport: transport}, url: "http://" + j.otlp + "/v1/traces",
		ending: make(chan struct{}),
	}
	t.Cleanup(func() {
		// The context of the test has ended by now, and every request with it.
		l.senders.Wait()
		transport.CloseIdleConnections()
	})
	return l
}

// start returns while the load goes on. stop ends it, or the end of the test.
func (l *otlpLoad) start(t *testing.T) {
	t.Helper()
	for range loadSenders {
		l.senders.Go(func() { l.send(t.Context()) })
	}
}

// send sends requests, and a refused one again, until the load ends.
func (l *otlpLoad) send(ctx context.Context) {
	text := strings.Repeat("x", loadText)
	for {
		n := l.next.Add(1)
		var id [16]byte
		binary.BigEndian.PutUint64(id[8:], n)
		body := wire.OTLPSpans(loadService, id, n*loadSpans, loadSpans, text)
		accepted := false
		for wait := time.Duration(0); !accepted; wait = refusedWait {
			select {
			case <-l.ending:
				return
			case <-time.After(wait):
			}
			var err error
			if accepted, err = l.post(ctx, body); err != nil {
				l.failed.CompareAndSwap(nil, &err)
				return
			}
			if !accepted {
				l.refused.Add(1)
			}
		}
		l.accepted.Add(loadSpans)
	}
}

// post returns whether the request is accepted, or to be sent again.
func (l *otlpLoad) post(ctx context.Context, body []byte) (bool, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, l.url, bytes.NewReader(body))
	if err != nil {
		return false, err
	}
	req.Header.Set("Content-Type", "application/x-protobuf")
	resp, err := l.client.Do(req)
	if err != nil {
		return false, err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	switch {
	case err != nil:
		return false, err
	case resp.StatusCode == http.StatusServiceUnavailable || resp.StatusCode == http.StatusTooManyRequests:
		return false, nil
	case resp.StatusCode != http.StatusOK || string(answer) != noneRejected:
		return false, fmt.Errorf("%s: %q", resp.Status, answer)
	}
	return true, nil
}

// await waits for what the load is to reach.
func (l *otlpLoad) await(t *testing.T, what string, reached func() bool) {
	t.Helper()
	awaitTrue(t, what, acceptTimeout, func() bool {
		if err := l.failed.Load(); err != nil {
			t.Fatalf("a request failed: %v", *err)
		}
		return reached()
	})
}

// stop ends the load once every request is answered, and returns how many spans
// were accepted.
func (l *otlpLoad) stop(t *testing.T) int64 {
	t.Helper()
	close(l.ending)
	l.senders.Wait()
	if err := l.failed.Load(); err != nil {
		t.Fatalf("a request failed: %v", *err)
	}
	return l.accepted.Load()
}
