package canary

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probetest"
	"github.com/otdemo/otdemo/pkg/trace"
)

// searchServer responds to searches and lists services.
func searchServer(t *testing.T, search http.HandlerFunc, services ...string) string {
	t.Helper()
	return probetest.Serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/api/traces":
			search(w, r)
		case "/api/v3/services":
			_ = json.NewEncoder(w).Encode(map[string][]string{"services": services})
		default:
			http.NotFound(w, r)
		}
	}).URL
}

func listing(t *testing.T, ids ...trace.TraceID) http.HandlerFunc {
	t.Helper()
	return func(w http.ResponseWriter, _ *http.Request) {
		traces := []trace.Trace{}
		for _, id := range ids {
			traces = append(traces, trace.Trace{ID: id, Spans: []trace.Span{spanOf(id)}})
		}
		_ = trace.EncodeTraces(w, traces, nil)
	}
}

// Elasticsearch shows a span a moment before its service.
func TestSearchWaitsForTheService(t *testing.T) {
	t.Parallel()
	id := trace.TraceID{Low: 1}
	var searched atomic.Int32
	url := probetest.Serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/api/traces":
			listing(t, id)(w, r)
		case r.URL.Path != "/api/v3/services":
			http.NotFound(w, r)
		case searched.Add(1) < 3:
			_, _ = io.WriteString(w, `{"services": ["shop"]}`)
		default:
			_, _ = io.WriteString(w, `{"services": ["shop", "`+probe.CheckService+`"]}`)
		}
	}).URL
	earlier := map[string]probe.Outcome{
		probe.IDCanary: {Finding: probe.Found(probe.StatusOK, CodeCanaryDelivered, "x"), Published: Delivery{id: id, start: time.Now()}},
	}
	f, _ := probetest.Examine(t, SearchProbe(), probetest.Outside(probetest.Load(t, "query.url", url)), earlier)
	if f.Status != probe.StatusOK || searched.Load() != 3 {
		t.Errorf("got %+v after %d questions, want ok after 3", f, searched.Load())
	}
}

func TestSearch(t *testing.T) {
	t.Parallel()
	id, other := trace.TraceID{Low: 1}, trace.TraceID{Low: 2}
	var searched atomic.Int32
	late := func(w http.ResponseWriter, r *http.Request) {
		if searched.Add(1) < 3 {
			listing(t, other)(w, r)
			return
		}
		listing(t, other, id)(w, r)
	}
	hour := clockSkew{least: time.Hour, most: time.Hour + time.Second, host: "HOST"}
	old := clockSkew{least: -3*time.Hour - time.Second, most: -3 * time.Hour, host: "HOST"}
	slow := clockSkew{least: -time.Minute - time.Second, most: -time.Minute, host: "HOST"}
	tests := map[string]struct {
		query      string
		skew       *clockSkew
		status     probe.Status
		code       probe.Code
		hop        probe.Hop
		fact, hint string
	}{
		"found": {
			searchServer(t, listing(t, other, id), "shop", probe.CheckService), nil, probe.StatusOK, codeSearchFinds, probe.HopNone,
			"a search for otdemo-check finds trace 0000000000000001", "",
		},
		"found late":                    {searchServer(t, late, probe.CheckService), nil, probe.StatusOK, codeSearchFinds, probe.HopNone, "a search for otdemo-check finds trace 0000000000000001", ""},
		"a minute behind is not missed": {searchServer(t, listing(t, id), probe.CheckService), &slow, probe.StatusOK, codeSearchFinds, probe.HopNone, "a search for otdemo-check finds trace 0000000000000001", ""},
		"in the future": {
			searchServer(t, listing(t, id), probe.CheckService), &hour, probe.StatusWarn, codeSearchOutOfWindow, probe.HopClock,
			"spans of this machine are 1h0m0s in the future on Jaeger's host: the UI searches up to the present and misses them", "timedatectl set-ntp true",
		},
		"long ago": {
			searchServer(t, listing(t, id), probe.CheckService), &old, probe.StatusWarn, codeSearchOutOfWindow, probe.HopClock,
			"spans of this machine are already 3h0m0s old on Jaeger's host: the UI searches the last hour and misses them", "timedatectl set-ntp true",
		},
		"not in the list of services": {
			searchServer(t, listing(t, id), "shop"), nil, probe.StatusWarn, codeSearchNoService, probe.HopStorage,
			"spans of otdemo-check are found, but the service is missing from the list of 1 service",
			"docker restart jaeger (the collector remembers for 12 h that it has stored a service)",
		},
		"all shards failed": {
			searchServer(t, probetest.Answer(500, "", "all shards failed [type=search_phase_execution_exception]")), nil, probe.StatusWarn, codeSearchFails, probe.HopNone,
			"spans can be read by id, but a search returned 500", "docker logs --tail 50 jaeger",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			earlier := map[string]probe.Outcome{
				probe.IDCanary: {Finding: probe.Found(probe.StatusOK, CodeCanaryDelivered, "x"), Published: Delivery{id: id, start: time.Now()}},
			}
			if tt.skew != nil {
				earlier[probe.IDClock] = probe.Outcome{Published: *tt.skew}
			}
			f, _ := probetest.Examine(t, SearchProbe(), probetest.Outside(probetest.Load(t, "query.url", tt.query)), earlier)
			probetest.Expect(t, f, tt.status, tt.code, tt.fact, tt.hint)
			if f.Hop != tt.hop {
				t.Errorf("got hop %q, want %q", f.Hop, tt.hop)
			}
		})
	}
}

func TestSearchMisses(t *testing.T) {
	t.Parallel()
	api := searchServer(t, listing(t, trace.TraceID{Low: 2}), probe.CheckService)
	canary := map[string]probe.Outcome{probe.IDCanary: {Published: Delivery{id: trace.TraceID{Low: 1}, start: time.Now()}}}
	f, _ := probetest.Examine(t, SearchProbe(), probetest.Outside(probetest.Load(t, "query.url", api)), canary)
	if f.Status != probe.StatusWarn || f.Code != codeSearchMisses || f.Hop != probe.HopStorage || len(f.Causes) < 2 {
		t.Errorf("got %s %s at %s, causes %v", f.Status, f.Code, f.Hop, f.Causes)
	}
	if !strings.Contains(strings.Join(f.Evidence, "\n"), "found 1 other trace") {
		t.Errorf("got evidence %q", f.Evidence)
	}
}
