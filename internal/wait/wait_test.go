package wait_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/otdemo/otdemo/internal/wait"
)

func TestFor(t *testing.T) {
	t.Parallel()
	interrupted := errors.New("interrupted")
	for _, tt := range []struct {
		name string
		end  time.Duration // of the context; 0: before the pause
		d    time.Duration
		want error
		took time.Duration
	}{
		{"the time passes", time.Minute, 3 * time.Second, nil, 3 * time.Second},
		{"no time", time.Minute, 0, nil, 0},
		{"the context ends", time.Second, 3 * time.Second, interrupted, time.Second},
		{"the context has ended", 0, 3 * time.Second, interrupted, 0},
		{"the context has ended, no time", 0, 0, interrupted, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				if tt.end == 0 {
					cancel(interrupted)
				}
				timer := time.AfterFunc(tt.end, func() { cancel(interrupted) })
				defer timer.Stop()
				start := time.Now()
				if err := wait.For(ctx, tt.d); !errors.Is(err, tt.want) {
					t.Errorf("got error %v, want %v", err, tt.want)
				}
				if took := time.Since(start); took != tt.took {
					t.Errorf("returned after %s, want %s", took, tt.took)
				}
			})
		})
	}
}
