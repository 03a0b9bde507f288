//go:build storage && linux

package integration

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/otdemo/otdemo/integration/process"
	"github.com/otdemo/otdemo/pkg/query"
	"github.com/otdemo/otdemo/pkg/trace"
)

// These tests prove Jaeger on a store: real Jaegers with the very configuration of
// deploy/, the real Elasticsearch and Cassandra, and otdemo as users run it. They
// need minutes, some GB and what "go run ./buildstores" fetches, so only
// "make integration-storage" runs them.

const (
	// storedCalls are made in a load run of these tests.
	storedCalls = 1000
	// storedTimeout bounds reading that many traces back from a store.
	storedTimeout = 2 * time.Minute
	// verifyTimeout bounds a load run with its account. On two busy cores, Jaeger
	// writes some 50 spans a second to Cassandra.
	verifyTimeout = 5 * time.Minute
)

// storedService is what the load run calls itself.
const storedService = "otdemo-client"

// callAll makes a load run through a server whose spans go the same way, and
// expects that every span of it is read back from the store.
func callAll(t *testing.T, j storing) {
	t.Helper()
	s := &site{query: j.queryURL(), send: j.sendFlags(t)}
	server := s.serve(t)
	c := command(t, slices.Concat([]string{
		"call", s.server, "-n", "1000", "--query-url", s.query, "--verify", "--quiet", "-o", "json",
	}, s.send)...)
	started := time.Now()
	got := process.Run(t, verifyTimeout, c)
	t.Logf("%d calls, stored and read back: %s", storedCalls, time.Since(started).Round(time.Millisecond))
	if got.Code != 0 {
		t.Fatalf("call --verify: got exit code %d, want 0\n%s\n%s", got.Code, got.Stdout, got.Stderr)
	}
	var o outcome
	if err := json.Unmarshal([]byte(got.Stdout), &o); err != nil || o.Ledger == nil {
		t.Fatalf("call printed no ledger: %v\n%s", err, got.Stdout)
	}
	o.Ledger.checkSums(t)
	o.Ledger.checkMade(t, storedCalls)
	o.Ledger.checkStored(t, tally{Client: clientSpans * storedCalls, Server: serverSpans * storedCalls})
	if err := server.Stop(); err != nil {
		t.Errorf("stop serve: %v", err)
	}
}

// storing is a Jaeger that keeps its traces in a store.
type storing interface {
	// queryURL is where traces are read back.
	queryURL() string
	// sendFlags tell otdemo to send its spans there.
	sendFlags(t *testing.T) []string
}

// storedTraces returns the shapes of all traces of the load run, by id: each one's
// spans with their parents, their services and times.
func storedTraces(t *testing.T, j storing) map[trace.TraceID]string {
	t.Helper()
	client, err := query.New(j.queryURL(), query.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	var found []trace.Trace
	awaitTrue(t, "all traces of the run", storedTimeout, func() bool {
		// A store that has just started may need long for the first answer. For
		// Cassandra the limit counts rows of an index, three for a trace, and a
		// trace has four spans of the service.
		found, err = client.Search(t.Context(), query.SearchOptions{Service: storedService, Limit: 2 * storedCalls})
		return err == nil && len(found) >= storedCalls
	})
	if len(found) != storedCalls {
		t.Errorf("traces in the store: got %d, want %d", len(found), storedCalls)
	}
	shapes := make(map[trace.TraceID]string)
	for _, tr := range found {
		shapes[tr.ID] = outline(tr)
	}
	return shapes
}

// wellStored runs check-jaeger with the storage, and expects a yes without a
// warning and these codes among the findings.
func wellStored(t *testing.T, j storing, storage []string, codes ...string) {
	t.Helper()
	wellStoredAt(t, place{}, j, storage, codes...)
}

// wellStoredAt is wellStored for a check made at the place.
func wellStoredAt(t *testing.T, at place, j storing, storage []string, codes ...string) {
	t.Helper()
	r, code := checkStored(t, at, j, storage)
	if code != 0 || r.Verdict.Answer != "yes" || r.Verdict.Warnings != 0 {
		t.Fatalf("check-jaeger: got exit code %d, want 0 and no warnings\n%s", code, r)
	}
	for _, want := range codes {
		if !slices.ContainsFunc(r.Findings, func(f labFinding) bool { return f.Code == want }) {
			t.Errorf("no finding %s\n%s", want, r)
		}
	}
}

// checkStored runs check-jaeger with the storage, and returns its exit code too.
func checkStored(t *testing.T, at place, j storing, storage []string) (labReport, int) {
	t.Helper()
	flags := slices.Concat([]string{"--query-url", j.queryURL(), "--timeout", "12s"}, j.sendFlags(t), storage)
	got := at.check(t, nil, flags...)
	var r labReport
	if err := json.Unmarshal([]byte(got.Stdout), &r); err != nil {
		t.Fatalf("check-jaeger printed %q and %q: %v", got.Stdout, got.Stderr, err)
	}
	return r, got.Code
}
