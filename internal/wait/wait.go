// Package wait pauses in a way that a context can end. Start at For.
package wait

import (
	"context"
	"time"
)

// For pauses for d. When ctx has ended or ends meanwhile, it returns the cause at once,
// also for a d of 0.
func For(ctx context.Context, d time.Duration) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(d):
		return nil
	}
}
