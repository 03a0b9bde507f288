// Command buildstores fetches the stores that the integration tests run Jaeger on
// from Maven Central into the user's cache, those jars only that are missing there,
// and prints what each store is. With names as arguments, it fetches those only:
//
//	go run ./buildstores zipkin-server
//
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
	if err := run(ctx, os.Args[1:], os.Stdout, logger); err != nil {
		logger.ErrorContext(ctx, "a store is not fetched", "error", err)
		stop()
		os.Exit(1)
	}
}

// run writes the name and version of each store to out, a line each: of all of
// them, or of those that names has.
func run(ctx context.Context, names []string, out io.Writer, logger *slog.Logger) error {
	wanted, err := choose(names)
	if err != nil {
		return err
	}
	for _, d := range wanted {
		if err := stores.Fetch(ctx, d, logger); err != nil {
			return err
		}
		if _, err := fmt.Fprintln(out, d); err != nil {
			return fmt.Errorf("print the name of %s: %w", d, err)
		}
	}
	return nil
}

// choose returns the stores with these names, in all their versions.
func choose(names []string) ([]stores.Distribution, error) {
	all := stores.Distributions()
	if len(names) == 0 {
		return all, nil
	}
	var wanted []stores.Distribution
	for _, name := range names {
		before := len(wanted)
		for _, d := range all {
			if d.Name == name {
				wanted = append(wanted, d)
			}
		}
		if len(wanted) == before {
			return nil, fmt.Errorf("no store is named %q", name)
		}
	}
	return wanted, nil
}
