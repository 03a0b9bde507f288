package cmd

import (
	"errors"
	"testing"

	"github.com/otdemo/otdemo/pkg/load/ledger"
)

func TestResultError(t *testing.T) {
	t.Parallel()
	missing := &ledger.Ledger{Spans: ledger.Spans{Made: 20, Missing: 5}}
	clientMissing := &ledger.Ledger{Spans: ledger.Spans{Made: 20, Missing: 5}, ServiceUnseen: "no span was seen"}
	no, unread := errors.New("no"), errors.New("could not be read back")
	tests := []struct {
		no     error
		ledger *ledger.Ledger
		read   error
		want   int
	}{
		{nil, nil, nil, exitOK},
		{no, nil, nil, exitFailed},
		{nil, &ledger.Ledger{Traces: ledger.Traces{Sampled: 1}}, nil, exitOK},
		{nil, &ledger.Ledger{Traces: ledger.Traces{Made: 5, SampledOut: 5}}, nil, exitUnknown},
		{nil, missing, nil, exitFailed},
		{nil, missing, unread, exitUnknown},
		{no, missing, unread, exitFailed},
		{nil, &ledger.Ledger{ServiceUnseen: "no span was seen"}, nil, exitUnknown},
		{nil, &ledger.Ledger{ServiceUnseen: "no span was seen"}, unread, exitUnknown},
		{no, &ledger.Ledger{ServiceUnseen: "no span was seen"}, nil, exitFailed},
		{nil, clientMissing, nil, exitFailed}, // the client's own are missing
	}
	for _, tt := range tests {
		if got := exitCode(resultError(tt.no, tt.ledger, tt.read)); got != tt.want {
			t.Errorf("exit code of (%v, missing: %v, %v) is %d, want %d", tt.no, missingError(tt.ledger), tt.read, got, tt.want)
		}
	}
}
