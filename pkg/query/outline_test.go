package query_test

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/otdemo/otdemo/pkg/loss"
	"github.com/otdemo/otdemo/pkg/query"
	"github.com/otdemo/otdemo/pkg/trace"
)

var def = trace.TraceID{High: 1, Low: 0xdef}

// wantOutline is oneSpan without its name and times.
func wantOutline() []trace.Trace {
	return []trace.Trace{{ID: abc, Spans: []trace.Span{{
		TraceID: abc, SpanID: 1, Process: &trace.Process{Service: "svc"},
	}}}}
}

func TestSearchByTags(t *testing.T) {
	t.Parallel()
	opts := window()
	opts.Tags = map[string]string{"otdemo.run": `a "b"`}
	opts.Outline = true
	for name, gone := range map[string]bool{"v1": false, "v3": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asked := make(chan string, 2)
			c := serveFunc(t, "", func(w http.ResponseWriter, r *http.Request) {
				switch {
				case r.URL.Path == "/api/v3/traces":
					asked <- r.URL.Query().Get("query.attributes")
					_, _ = io.WriteString(w, v3Answer)
				case gone:
					http.NotFound(w, r)
				default:
					asked <- r.URL.Query().Get("tags")
					_, _ = io.WriteString(w, oneSpan(t))
				}
			})
			got, err := c.Search(t.Context(), opts)
			if err != nil {
				t.Fatal(err)
			}
			if want := `{"otdemo.run":"a \"b\""}`; <-asked != want {
				t.Errorf("did not ask for the tags %s", want)
			}
			if gone {
				return // as without Outline
			}
			if diff := cmp.Diff(wantOutline(), got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestOutlines(t *testing.T) {
	t.Parallel()
	unknown := trace.ResponseError{Msg: "trace not found", TraceID: def.String()}
	for name, h := range map[string]http.HandlerFunc{
		"all at once": func(w http.ResponseWriter, r *http.Request) {
			if got := r.URL.Query()["traceID"]; !slices.Equal(got, []string{abc.String(), def.String()}) {
				t.Errorf("asked for %q", got)
			}
			_, _ = io.WriteString(w, oneSpan(t, unknown))
		},
		"one by one": func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case "/api/traces":
				w.Header().Set("Content-Type", "text/html")
				_, _ = io.WriteString(w, uiPage)
			case "/api/traces/" + abc.String():
				_, _ = io.WriteString(w, oneSpan(t))
			default:
				w.WriteHeader(http.StatusNotFound)
				_, _ = io.WriteString(w, notFoundBody)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := serveFunc(t, "", h).Outlines(t.Context(), []trace.TraceID{abc, def})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(wantOutline(), got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestOutlinesOfUnknownTraces(t *testing.T) {
	t.Parallel()
	c := serve(t, http.StatusOK, "application/json",
		`{"data":[],"total":0,"limit":0,"offset":0,"errors":[{"msg":"trace not found","traceID":"abc"}]}`)
	if got, err := c.Outlines(t.Context(), []trace.TraceID{abc}); err != nil || len(got) != 0 {
		t.Errorf("got %+v, %v, want none and no error", got, err)
	}
	broken := serve(t, http.StatusOK, "application/json", `{"data":null,"errors":[{"code":500,"msg":"storage is down"}]}`)
	if got, err := broken.Outlines(t.Context(), []trace.TraceID{abc}); err == nil {
		t.Errorf("got %+v, want an error", got)
	}
	cut := serve(t, http.StatusOK, "application/json", oneSpan(t)[:100])
	if got, err := cut.Outlines(t.Context(), []trace.TraceID{abc}); err == nil {
		t.Errorf("got %+v, want an error: the answer is cut off", got)
	}
}

func TestLoss(t *testing.T) {
	t.Parallel()
	want := loss.Account{
		SchemaVersion: 1,
		Started:       time.Unix(1_700_000_000, 5).UTC(),
		Agent:         loss.Agent{UDP: loss.UDP{KernelDrops: 3, Abandoned: 1}, Undecodable: loss.Rejects{"text": 2}},
		Store:         loss.Store{Added: 9, EvictedSpans: 5, RefusedSpans: 4},
		Clients:       []loss.Client{{ID: "u", Service: "s", Batches: 2, Spans: 9, BatchesMissing: 1, BatchesBefore: 6}},
	}
	body, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := serve(t, http.StatusOK, "application/json", string(body)).Loss(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for name, c := range map[string]*query.Client{
		"page": serve(t, http.StatusOK, "text/html", uiPage),
		"404":  serve(t, http.StatusNotFound, "text/plain", "404 page not found"),
		"JSON": serve(t, http.StatusOK, "application/json", `{"data":[]}`),
	} {
		if _, err := c.Loss(t.Context()); err == nil || !query.IsMissingPath(err) {
			t.Errorf("%s: got %v, want an error that says there is no such path", name, err)
		}
	}
}
