package cmd

import (
	"bytes"
	"context"
	"fmt"
	"sync"

	"github.com/otdemo/otdemo/pkg/doctor"
	"github.com/otdemo/otdemo/pkg/report/check"
)

// exchangeRecorder keeps the doctor's exchanges for a bundle. Its zero value is empty;
// add may be called from any goroutine.
type exchangeRecorder struct {
	mu        sync.Mutex
	exchanges []doctor.Exchange
}

func (r *exchangeRecorder) add(x doctor.Exchange) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.exchanges = append(r.exchanges, x)
}

// writeBundle writes the archive at path, readable by its owner only, since responses
// may hold private data.
func (a *app) writeBundle(ctx context.Context, b *check.Bundle, path string) error {
	var archive bytes.Buffer
	if err := b.Write(&archive); err != nil {
		return fmt.Errorf("bundle: %w", err)
	}
	if err := a.env.writeFile(ctx, path, archive.Bytes(), 0o600); err != nil {
		return fmt.Errorf("bundle: %w", err)
	}
	return nil
}
