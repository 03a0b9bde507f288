package integration

import (
	"regexp"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// clientSpans and serverSpans are made for each call of serve's "/": the call's
// own, the request's and one a hop of the redirect; and one a hop.
const clientSpans, serverSpans = 4, 2

// ledger is what these tests look at of the account in call's JSON.
type ledger struct {
	Client clientBooks `json:"client"`
	Server *struct {
		Restarted bool             `json:"restarted"`
		States    map[string]int64 `json:"states"`
	} `json:"server"`
	Traces struct {
		Made       int64 `json:"made"`
		SampledOut int64 `json:"sampled_out"`
		Sampled    int64 `json:"sampled"`
		Found      int64 `json:"found"`
		Complete   int64 `json:"complete"`
		Incomplete int64 `json:"incomplete"`
		Missing    int64 `json:"missing"`
	} `json:"traces"`
	Spans spanSums    `json:"spans"`
	Hops  []hopOfLoss `json:"hops"`
}

type clientBooks struct {
	Finished   int64 `json:"finished"`
	Queued     int64 `json:"queued"`
	Dropped    int64 `json:"dropped"`
	TooLarge   int64 `json:"too_large"`
	Refused    int64 `json:"refused"`
	Failed     int64 `json:"failed"`
	Sent       int64 `json:"sent"`
	AfterClose int64 `json:"after_close"`
	Refusals   int64 `json:"refusals"`
}

type spanSums struct {
	Made         int64 `json:"made"`
	MadeClient   int64 `json:"made_client"`
	MadeServer   int64 `json:"made_server"`
	Stored       int64 `json:"stored"`
	StoredClient int64 `json:"stored_client"`
	StoredServer int64 `json:"stored_server"`
	Missing      int64 `json:"missing"`
	Duplicates   int64 `json:"duplicates"`
}

type hopOfLoss struct {
	Name     string   `json:"name"`
	Lost     int64    `json:"lost"`
	Certain  bool     `json:"certain"`
	Evidence []string `json:"evidence"`
}

// checkSums expects the account to close: each sum equals its parts.
func (l ledger) checkSums(t *testing.T) {
	t.Helper()
	var hops int64
	for _, h := range l.Hops {
		hops += h.Lost
		if h.Lost <= 0 || len(h.Evidence) == 0 {
			t.Errorf("hop %q lost %d with evidence %q, want more than 0, and some", h.Name, h.Lost, h.Evidence)
		}
	}
	s, c, tr := l.Spans, l.Client, l.Traces
	for _, sum := range []struct {
		name      string
		got, want int64
	}{
		{"spans made = stored + missing", s.Stored + s.Missing, s.Made},
		{"spans missing = sum of the hops", hops, s.Missing},
		{"spans made = client's + server's", s.MadeClient + s.MadeServer, s.Made},
		{"spans stored = client's + server's", s.StoredClient + s.StoredServer, s.Stored},
		{"the client's books", c.Queued + c.Dropped + c.TooLarge + c.Refused + c.Failed + c.Sent + c.AfterClose, c.Finished},
		{"made by the client = finished in its books", c.Finished, s.MadeClient},
		{"traces made = sampled out + sampled", tr.SampledOut + tr.Sampled, tr.Made},
		{"traces sampled = found + missing", tr.Found + tr.Missing, tr.Sampled},
		{"traces found = complete + incomplete", tr.Complete + tr.Incomplete, tr.Found},
	} {
		if sum.got != sum.want {
			t.Errorf("%s: got %d, want %d", sum.name, sum.got, sum.want)
		}
	}
}

// checkStored expects that the ledger read back what the backend counts itself.
func (l ledger) checkStored(t *testing.T, want tally) {
	t.Helper()
	got := tally{Client: l.Spans.StoredClient, Server: l.Spans.StoredServer}
	if got != want || l.Spans.Duplicates != 0 {
		t.Errorf("stored: got %+v and %d duplicates, want the %+v that the backend has", got, l.Spans.Duplicates, want)
	}
}

// checkMade expects all spans of so many calls that were answered.
func (l ledger) checkMade(t *testing.T, calls int64) {
	t.Helper()
	got := tally{Client: l.Spans.MadeClient, Server: l.Spans.MadeServer}
	if want := (tally{Client: clientSpans * calls, Server: serverSpans * calls}); got != want {
		t.Errorf("made: got %+v, want %+v for %d calls", got, want, calls)
	}
}

// checkHops expects that so many spans were lost at these places, and none at any
// other.
func (l ledger) checkHops(t *testing.T, want map[string]int64) {
	t.Helper()
	got := make(map[string]int64)
	for _, h := range l.Hops {
		got[h.Name] = h.Lost
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("lost by hop (-want +got):\n%s", diff)
	}
}

// lost returns what was lost at a place.
func (l ledger) lost(place string) hopOfLoss {
	for _, h := range l.Hops {
		if h.Name == place {
			return h
		}
	}
	return hopOfLoss{Name: place}
}

// names reports whether the evidence has this number.
func (h hopOfLoss) names(n int64) bool {
	word := regexp.MustCompile(`\b` + strconv.FormatInt(n, 10) + `\b`)
	return slices.ContainsFunc(h.Evidence, word.MatchString)
}

// tally counts spans by who made them.
type tally struct {
	Client, Server int64
}

func (n tally) sum() int64 { return n.Client + n.Server }

// plus returns both together.
func (n tally) plus(more tally) tally {
	return tally{Client: n.Client + more.Client, Server: n.Server + more.Server}
}
