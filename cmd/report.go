package cmd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/otdemo/otdemo/pkg/load"
	"github.com/otdemo/otdemo/pkg/load/ledger"
)

func newReport(a *app) *cobra.Command {
	output := newEnumFlag("text", "json", "html")
	cmd := &cobra.Command{
		Use:   "report FILE",
		Short: "Report on a load run again, from the results that it wrote",
		Long: `Report on a load run from the file that "otdemo call --results" wrote, as call did
when the run was over, ledger included. It asks nobody, so it tells the same
wherever and whenever it runs. A file whose run was killed is reported on as far as
it goes.

docs/call.md tells what each number means, and the form of the file.
` + exitCodesHelp("0 the report was printed, whatever it says", "2 usage is wrong, or the file is none of ours"),
		Example: `  otdemo report run.ndjson
  otdemo report run.ndjson -o html`,
		GroupID: groupServing,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError(withHint(errors.New("no results file is named"), "otdemo call -n 1000 --results FILE writes one"))
			}
			return maxArgs(1)(cmd, args)
		},
		RunE: func(_ *cobra.Command, args []string) error {
			report, err := readRun(a.env.path(args[0]), args[0])
			if err != nil {
				return usageError(err)
			}
			return a.writeRun(report, output.String())
		},
	}
	cmd.Flags().VarP(&output, "output", "o", "print as `form` text, json or html")
	return cmd
}

// readRun makes a report of the results in the file at path; name is the one that
// errors give.
func readRun(path, name string) (*runReport, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	reader, err := load.NewResultsReader(file, name)
	if err != nil {
		return nil, err
	}
	recorder, answered := load.NewRecorder(), false
	for {
		result, err := reader.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		recorder.Add(result)
		answered = answered || result.Sampled && result.Answered > 0
	}
	end := reader.Ending()
	report := &runReport{Run: reader.Info(), Outcome: end.Outcome, Report: recorder.Report(), Cut: end.Cut}
	if end.Ledger != nil {
		report.Ledger = new(ledger.Ledger)
		if err := json.Unmarshal(end.Ledger, report.Ledger); err != nil {
			return nil, fmt.Errorf("%s: ledger: %w", name, err)
		}
		if answered {
			doubt(report.Ledger)
		}
	}
	return report, nil
}

// doubt corrects the ledger of an earlier otdemo, which took a service of which it
// saw no span for one that makes none.
func doubt(l *ledger.Ledger) {
	if l.Spans.MadeServer > 0 || l.ServiceUnseen != "" {
		return
	}
	l.ServiceUnseen = ledger.Unseen(nil)
	l.Notes = slices.DeleteFunc(l.Notes, func(note string) bool { return strings.HasPrefix(note, "The called service makes no") })
}

// resultsFile is where --results keeps a run's results. A nil one keeps none.
type resultsFile struct {
	file    *os.File
	results *load.ResultsWriter
}

// createResults begins the file at path, or none for "".
func (a *app) createResults(ctx context.Context, path string, info load.RunInfo) (*resultsFile, error) {
	if path == "" {
		return nil, nil //nolint:nilnil // a nil file is a working one
	}
	file, err := a.env.createFile(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("--results: %w", err)
	}
	results, err := load.NewResultsWriter(file, info)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("--results: %w", err), file.Close())
	}
	return &resultsFile{file: file, results: results}, nil
}

// write adds a result. What goes wrong comes out of end or close.
func (f *resultsFile) write(r load.Result) {
	if f != nil {
		f.results.Add(r)
	}
}

// keepFlushed has the file hold all results but those of the last second, and those
// before ctx ended, until the function that it returns is called.
func (f *resultsFile) keepFlushed(ctx context.Context) (stop func()) {
	if f == nil {
		return func() {}
	}
	return f.results.KeepFlushed(ctx)
}

// end says how the run went. The file is a whole one then, but for the ledger.
func (f *resultsFile) end(o load.Outcome) error {
	if f == nil {
		return nil
	}
	return f.results.End(o)
}

// close adds the ledger, if there is one, and closes the file.
func (f *resultsFile) close(l *ledger.Ledger) error {
	if f == nil {
		return nil
	}
	var err error
	if l != nil {
		err = f.results.Ledger(l)
	}
	return errors.Join(err, f.file.Close())
}
