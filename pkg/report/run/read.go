package run

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/otdemo/otdemo/pkg/load"
	"github.com/otdemo/otdemo/pkg/load/ledger"
)

// Read returns the report of a results file, which may be incomplete; name is the name
// of the file in errors.
func Read(file io.Reader, name string) (*Report, error) {
	recorder, answered := load.NewRecorder(), false
	info, end, err := load.ReadResults(file, name, func(result load.Result) {
		recorder.Add(result)
		answered = answered || result.Sampled && result.Answered > 0
	})
	if err != nil {
		return nil, err
	}
	r := &Report{Run: info, Outcome: end.Outcome, Calls: recorder.Report(), Cut: end.Cut}
	if end.Ledger != nil {
		r.Ledger = new(ledger.Ledger)
		if err := json.Unmarshal(end.Ledger, r.Ledger); err != nil {
			return nil, fmt.Errorf("%s: ledger: %w", name, err)
		}
		if answered {
			correctOldLedger(r.Ledger)
		}
	}
	return r, nil
}

// correctOldLedger corrects a ledger that an earlier version of otdemo wrote: it counted
// a service without a stored span as one that makes no spans.
func correctOldLedger(l *ledger.Ledger) {
	if l.Spans.MadeServer > 0 || l.ServiceUnseen != "" {
		return
	}
	l.ServiceUnseen = ledger.Unseen(nil)
	l.Notes = slices.DeleteFunc(l.Notes, func(note string) bool { return strings.HasPrefix(note, "The called service makes no") })
}
