// Command bench measures otdemo beside what it is compared with: real programs,
// both sides in turns, in one run. It prints Markdown; with -update it also puts
// it into docs/benchmarks.md. It needs Linux, the go command, and for ingest the
// Jaegers that it builds into the user's cache the first time.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/otdemo/otdemo/bench/sheet"
)

//nolint:forbidigo // main is where the process is met.
func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bench: error:", err)
		stop()
		os.Exit(1)
	}
}

// options are what the command line asks for.
type options struct {
	rounds int // 0: as many as each benchmark has by itself
	update bool
	suites []suite
}

func parseOptions(args []string, stderr io.Writer) (options, error) {
	var opts options
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.IntVar(&opts.rounds, "rounds", 0, "measure each side so many `times`; 0 takes what is listed above")
	flags.BoolVar(&opts.update, "update", false, "put the figures into docs/benchmarks.md, too")
	flags.Usage = func() {
		fmt.Fprintln(stderr, "usage: go run . [-rounds N] [-update] [NAME...]\nmeasures all of these, or those named:")
		for _, s := range suites() {
			fmt.Fprintf(stderr, "  %-10s %s, %d rounds\n", s.name, s.about, s.rounds)
		}
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		return options{}, err
	}
	if opts.rounds < 0 {
		return options{}, fmt.Errorf("-rounds must not be negative, got %d", opts.rounds)
	}
	var err error
	opts.suites, err = choose(flags.Args())
	return opts, err
}

// choose returns the suites of these names, all without one.
func choose(names []string) ([]suite, error) {
	if len(names) == 0 {
		return suites(), nil
	}
	var chosen []suite
	for _, name := range names {
		i := slices.IndexFunc(suites(), func(s suite) bool { return s.name == name })
		if i < 0 {
			return nil, fmt.Errorf("no benchmark is named %q, see go run . -help", name)
		}
		chosen = append(chosen, suites()[i])
	}
	return chosen, nil
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	opts, err := parseOptions(args, stderr)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "otdemo-bench-*")
	if err != nil {
		return fmt.Errorf("make room for the programs: %w", err)
	}
	defer os.RemoveAll(dir)
	logger := slog.New(slog.NewTextHandler(stderr, nil))
	progs, err := build(ctx, dir, logger)
	if err != nil {
		return err
	}
	for _, s := range opts.suites {
		logger.InfoContext(ctx, "measuring", "benchmark", s.name)
		if opts.rounds > 0 {
			s.rounds = opts.rounds
		}
		body, err := section(ctx, s, progs)
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		fmt.Fprintf(stdout, "## %s\n\n%s\n", s.name, body)
		if opts.update {
			if err := update(filepath.Join(progs.root, documentPath), s.name, body); err != nil {
				return err
			}
		}
	}
	return nil
}

// documentPath is where the figures are kept, from the module's root.
const documentPath = "docs/benchmarks.md"

// section runs one suite and returns its section of the document.
func section(ctx context.Context, s suite, progs *programs) (string, error) {
	started := time.Now()
	tables, err := s.measure(ctx, progs, s.rounds)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	fmt.Fprintf(&b, measuredLine+"\n", s.name, started.Format(time.DateOnly), s.rounds, thisMachine())
	for _, t := range tables {
		fmt.Fprintf(&b, "\n%s", t)
	}
	return b.String(), nil
}

// measuredLine begins each section.
const measuredLine = "`go run . %s` on %s, the medians of %d rounds (from the lowest to the highest), on %s."

// update puts body into the document's section of that name.
func update(path, name, body string) error {
	doc, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("update the figures: %w", err)
	}
	changed, err := sheet.Replace(string(doc), name, body)
	if err != nil {
		return fmt.Errorf("update %s: %w", path, err)
	}
	if err := os.WriteFile(path, []byte(changed), 0o644); err != nil {
		return fmt.Errorf("update the figures: %w", err)
	}
	return nil
}
