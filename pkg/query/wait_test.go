package query_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/otdemo/otdemo/pkg/query"
	"github.com/otdemo/otdemo/pkg/trace"
)

// roundTrip is an http.RoundTripper without sockets, so that synctest's clock
// runs.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func respond(status int, body string) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
}

// fake is a Jaeger whose answers depend on the time since it was made.
func fake(t *testing.T, answer func(since time.Duration) *http.Response) (*query.Client, *int) {
	t.Helper()
	start, polls := time.Now(), new(int)
	c, err := query.New("http://h", query.Options{HTTP: &http.Client{
		Transport: roundTrip(func(*http.Request) (*http.Response, error) {
			*polls++
			return answer(time.Since(start)), nil
		}),
	}})
	if err != nil {
		t.Fatal(err)
	}
	return c, polls
}

func TestWaitTraceSeesALateSpanSoon(t *testing.T) {
	t.Parallel()
	for _, visible := range []time.Duration{0, 3 * time.Millisecond, 200 * time.Millisecond, 4 * time.Second} {
		t.Run(visible.String(), func(t *testing.T) {
			t.Parallel()
			body := oneSpan(t)
			synctest.Test(t, func(t *testing.T) {
				c, _ := fake(t, func(since time.Duration) *http.Response {
					if since < visible {
						return respond(http.StatusNotFound, notFoundBody)
					}
					return respond(http.StatusOK, body)
				})
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancel()
				start := time.Now()
				got, err := c.WaitTrace(ctx, abc, nil)
				if err != nil || len(got.Spans) != 1 {
					t.Fatalf("got %d spans, %v", len(got.Spans), err)
				}
				if late := time.Since(start) - visible; late > visible/2+3*time.Millisecond {
					t.Errorf("visible after %s, seen %s later", visible, late)
				}
			})
		})
	}
}

func TestWaitTracePollsRarely(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, polls := fake(t, func(time.Duration) *http.Response { return respond(http.StatusNotFound, notFoundBody) })
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		_, err := c.WaitTrace(ctx, abc, nil)
		if *polls > 25 {
			t.Errorf("got %d polls in 10s, want at most 25", *polls)
		}
		if !errors.Is(err, query.ErrNotFound) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want not found and a deadline", err)
		}
		if want := "trace 0000000000000abc not found after 10s"; err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got %v, want it to start with %q", err, want)
		}
	})
}

func TestWaitTraceReturnsTheIncompleteTrace(t *testing.T) {
	t.Parallel()
	body := oneSpan(t)
	synctest.Test(t, func(t *testing.T) {
		c, _ := fake(t, func(time.Duration) *http.Response { return respond(http.StatusOK, body) })
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		got, err := c.WaitTrace(ctx, abc, func(t trace.Trace) bool { return len(t.Spans) == 2 })
		if len(got.Spans) != 1 {
			t.Errorf("got %d spans, want the one that is there", len(got.Spans))
		}
		var wait *query.WaitError
		if !errors.As(err, &wait) || !errors.Is(err, query.ErrIncomplete) || errors.Is(err, query.ErrNotFound) {
			t.Fatalf("got %v, want incomplete", err)
		}
		if wait.Spans != 1 || wait.Waited != time.Second {
			t.Errorf("got %d spans after %s, want 1 after 1s", wait.Spans, wait.Waited)
		}
	})
}

// A storage that is slow to answer has not said that there is no trace.
func TestWaitTraceDoesNotCallSilenceNotFound(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, err := query.New("http://h", query.Options{HTTP: &http.Client{
			Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
				<-r.Context().Done()
				return nil, r.Context().Err()
			}),
		}})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = c.WaitTrace(ctx, abc, nil)
		var transport *query.TransportError
		if errors.Is(err, query.ErrNotFound) || !errors.As(err, &transport) {
			t.Errorf("got %v, want a transport error", err)
		}
	})
}

func TestWaitTraceEndsAtOnceOrWaits(t *testing.T) {
	t.Parallel()
	const page = "<html></html>"
	tests := map[string]struct {
		status int
		body   string
		waits  bool
	}{
		"html":              {http.StatusOK, page, false},
		"unauthorized":      {http.StatusUnauthorized, page, false},
		"not found, html":   {http.StatusNotFound, page, false},
		"starting up":       {http.StatusServiceUnavailable, page, true},
		"too many requests": {http.StatusTooManyRequests, page, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c, polls := fake(t, func(time.Duration) *http.Response { return respond(tt.status, tt.body) })
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				_, err := c.WaitTrace(ctx, abc, nil)
				if err == nil {
					t.Fatal("got no error")
				}
				// A path that is missing is asked for at Zipkin's place, too.
				if waited := *polls > 2; waited != tt.waits {
					t.Errorf("got %d requests, waiting is %t, want %t", *polls, waited, tt.waits)
				}
			})
		})
	}
}

func TestWaitTraceStopsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		c, _ := fake(t, func(time.Duration) *http.Response {
			cancel()
			return respond(http.StatusNotFound, notFoundBody)
		})
		start := time.Now()
		_, err := c.WaitTrace(ctx, abc, nil)
		if !errors.Is(err, context.Canceled) || time.Since(start) != 0 {
			t.Errorf("got %v after %s, want to stop at once", err, time.Since(start))
		}
	})
}
