// Command buildstores fetches the stores that the integration tests run Jaeger on
// from Maven Central into the user's cache, those jars only that are missing there,
// and prints what each store is.
// The tests never fetch: they run where no network is.
package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/otdemo/otdemo/integration/stores"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	logger := slog.New(slog.NewTextHandler(os.Stderr, nil))
	if err := run(ctx, os.Stdout, logger); err != nil {
		logger.ErrorContext(ctx, "a store is not fetched", "error", err)
		stop()
		os.Exit(1)
	}
}

// run writes the name and version of each store to out, a line each.
func run(ctx context.Context, out io.Writer, logger *slog.Logger) error {
	for _, d := range stores.Distributions() {
		if err := stores.Fetch(ctx, d, logger); err != nil {
			return err
		}
		if _, err := fmt.Fprintln(out, d); err != nil {
			return fmt.Errorf("print the name of %s: %w", d, err)
		}
	}
	return nil
}
