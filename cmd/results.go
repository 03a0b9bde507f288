package cmd

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/otdemo/otdemo/pkg/load"
	"github.com/otdemo/otdemo/pkg/load/ledger"
)

// resultsFile is the file of --results; nil without that flag. Errors of adding results
// are returned by end or close.
type resultsFile struct {
	file    *os.File
	results *load.ResultsWriter
}

// createResults creates the file at path and writes its header. It returns nil for "".
func (a *app) createResults(ctx context.Context, path string, info load.RunInfo) (*resultsFile, error) {
	if path == "" {
		return nil, nil //nolint:nilnil // the methods of a nil file work
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

// end adds the outcome of the run. The file is complete then, except for the ledger.
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
