package cmd

import (
	"context"
	"os"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

func TestEndAtSignal(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		// signals, stop and parent are the times at which they happen; 0 means never.
		signals      []time.Duration
		stop, parent time.Duration
		// ends and restores are the times at which the context ends and the default
		// signal handling is restored.
		ends, restores time.Duration
	}{
		{name: "one", signals: []time.Duration{3 * time.Second}, ends: 3 * time.Second, restores: 4 * time.Second},
		{name: "echo", signals: []time.Duration{3 * time.Second, 3*time.Second + 1}, ends: 3 * time.Second, restores: 4 * time.Second},
		{name: "echoes", signals: []time.Duration{1e9, 1e9 + 1, 1.3e9, 1.6e9, 1.9e9}, ends: time.Second, restores: 2 * time.Second},
		{name: "none", stop: 5 * time.Second, ends: 5 * time.Second, restores: 5 * time.Second},
		{name: "stopped meanwhile", signals: []time.Duration{time.Second}, stop: 1500 * time.Millisecond, ends: time.Second, restores: 1500 * time.Millisecond},
		{name: "parent", parent: 2 * time.Second, ends: 2 * time.Second, restores: 2 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				var ended, restored atomic.Int64
				parent, cancel := context.WithCancel(t.Context())
				defer cancel()
				signals := make(chan os.Signal, 1)
				ctx, stop := endAtSignal(parent, signals, func() {
					if restored.Swap(int64(time.Since(start))) != 0 {
						t.Error("restored twice")
					}
				})
				context.AfterFunc(ctx, func() { ended.Store(int64(time.Since(start))) })
				for _, at := range tt.signals {
					time.AfterFunc(at, func() {
						select {
						case signals <- syscall.SIGINT:
						default: // as package signal does
						}
					})
				}
				if tt.parent > 0 {
					time.AfterFunc(tt.parent, cancel)
				}
				if tt.stop > 0 {
					time.AfterFunc(tt.stop, stop)
				}
				<-time.After(time.Minute)
				if got, gotRestored := time.Duration(ended.Load()), time.Duration(restored.Load()); got != tt.ends || gotRestored != tt.restores {
					t.Errorf("the context ended after %v, signals kill after %v, want %v and %v", got, gotRestored, tt.ends, tt.restores)
				}
				stop()
			})
		})
	}
}
