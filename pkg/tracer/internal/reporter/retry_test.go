package reporter

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A batch is tried at growing intervals, and given up when patience is.
func TestRetrierPatience(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := Retrier{Ctx: t.Context(), Timeout: 6 * time.Second, Closing: make(chan struct{})}
		start := time.Now()
		var tries []time.Duration
		err := r.deliver(func(context.Context) *SendError {
			tries = append(tries, time.Since(start).Round(time.Millisecond))
			return &SendError{Reason: "busy", Retryable: true}
		})
		want := []time.Duration{0, 100, 300, 700, 1500, 3100, 5100, 7100}
		for i := range want {
			want[i] *= time.Millisecond
		}
		if diff := cmp.Diff(want, tries); diff != "" {
			t.Errorf("tries (-want +got):\n%s", diff)
		}
		if err == nil || !r.down {
			t.Errorf("got error %v and down %v, want both", err, r.down)
		}
	})
}

// A pause that the collector asks for is kept, and success ends the tries.
func TestRetrierPause(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := Retrier{Ctx: t.Context(), Timeout: time.Minute, Closing: make(chan struct{}), down: true}
		start := time.Now()
		n := 0
		err := r.deliver(func(context.Context) *SendError {
			if n++; n == 1 {
				return &SendError{Retryable: true, RetryAfter: 7 * time.Second}
			}
			return nil
		})
		if got := time.Since(start); err != nil || r.down || n != 2 || got != 7*time.Second {
			t.Errorf("got %v after %d tries and %v, down %v; want success at the second, after 7s", err, n, got, r.down)
		}
	})
}

// What ends the waiting: an error that will stay, the closing of the tracer, the
// end of its life.
func TestRetrierEnds(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name        string
		again, down bool
		end         func(closing chan struct{}, cancel context.CancelFunc)
		want        int // tries
	}{
		{name: "an error that stays", want: 1},
		{name: "closing", again: true, end: func(c chan struct{}, _ context.CancelFunc) { close(c) }, want: 1 + ClosingTries},
		{name: "closing while it is down", again: true, down: true, end: func(c chan struct{}, _ context.CancelFunc) { close(c) }, want: 1},
		{name: "giving up", again: true, end: func(_ chan struct{}, cancel context.CancelFunc) { cancel() }, want: 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				closing := make(chan struct{})
				r := Retrier{Ctx: ctx, Timeout: time.Hour, Closing: closing, down: test.down}
				n := 0
				err := r.deliver(func(context.Context) *SendError {
					if n++; n == 1 && test.end != nil {
						test.end(closing, cancel)
					}
					return &SendError{Reason: "no", Retryable: test.again}
				})
				if err == nil || n != test.want {
					t.Errorf("got %v after %d tries, want an error after %d", err, n, test.want)
				}
			})
		})
	}
}
