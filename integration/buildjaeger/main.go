// Command buildjaeger builds the Jaegers and the clients of others that the
// integration tests need into the user's cache, those only that are missing there,
// and prints where each one is.
// The tests never build: a first build takes longer than go test waits.
package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/otdemo/otdemo/integration/jaegers"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	logger := slog.New(slog.NewTextHandler(os.Stderr, nil))
	if err := run(ctx, os.Stdout, logger); err != nil {
		logger.ErrorContext(ctx, "a program is not built", "error", err)
		stop()
		os.Exit(1)
	}
}

// run writes the path of each program to out, a line each.
func run(ctx context.Context, out io.Writer, logger *slog.Logger) error {
	for _, p := range jaegers.Programs() {
		path, err := jaegers.Build(ctx, p, logger)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintln(out, path); err != nil {
			return fmt.Errorf("print the path of %s: %w", p.Name, err)
		}
	}
	return nil
}
