package query_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/otdemo/otdemo/pkg/query"
	"github.com/otdemo/otdemo/pkg/trace"
)

func window() query.SearchOptions {
	start := time.UnixMicro(1_700_000_000_000_001)
	return query.SearchOptions{Service: "svc", Operation: "op", Start: start, End: start.Add(time.Second), Limit: 7}
}

func TestSearchV1(t *testing.T) {
	t.Parallel()
	asked := make(chan string, 1)
	c := serveFunc(t, "/base", func(w http.ResponseWriter, r *http.Request) {
		asked <- r.URL.String()
		_, _ = io.WriteString(w, oneSpan(t))
	})
	got, err := c.Search(t.Context(), window())
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 1 || got[0].ID != abc {
		t.Errorf("got %+v, want the one trace %s", got, abc)
	}
	const want = "/base/api/traces?end=1700000001000001&limit=7&operation=op&service=svc&start=1700000000000001"
	if url := <-asked; url != want {
		t.Errorf("asked for\n%s, want\n%s", url, want)
	}
}

func TestSearchDefaults(t *testing.T) {
	t.Parallel()
	asked := make(chan *http.Request, 1)
	c := serveFunc(t, "", func(w http.ResponseWriter, r *http.Request) {
		asked <- r
		_, _ = io.WriteString(w, `{"data":[],"total":0,"limit":0,"offset":0,"errors":null}`)
	})
	got, err := c.Search(t.Context(), query.SearchOptions{Service: "svc"})
	if err != nil || len(got) != 0 {
		t.Errorf("got %+v, %v, want no trace", got, err)
	}
	values := (<-asked).URL.Query()
	start, end := micros(t, values.Get("start")), micros(t, values.Get("end"))
	if ago := time.Since(end); ago < 0 || ago > time.Minute || end.Sub(start) != 48*time.Hour {
		t.Errorf("got %s to %s, want the two days before now", start, end)
	}
	if values.Get("limit") != "100" || values.Has("operation") {
		t.Errorf("got %v, want a limit of 100 and no operation", values)
	}
}

func micros(t *testing.T, text string) time.Time {
	t.Helper()
	d, err := time.ParseDuration(text + "us")
	if err != nil {
		t.Fatal(err)
	}
	return time.UnixMicro(d.Microseconds())
}

// v3Answer is Jaeger 2.13's, shortened: two services of one trace, and another.
const v3Answer = `{"result":{"resourceSpans":[
 {"resource":{"attributes":[{"key":"host","value":{"intValue":"1"}},{"key":"service.name","value":{"stringValue":"svc"}}]},
  "scopeSpans":[{"scope":{},"spans":[
   {"traceId":"00000000000000000000000000000abc","spanId":"0000000000000001","parentSpanId":"","flags":1,"name":"op","kind":1,
    "startTimeUnixNano":"1700000000000001000","endTimeUnixNano":"1700000000000003000","status":{}}]}]},
 {"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"other"}}]},
  "scopeSpans":[{"spans":[
   {"traceId":"00000000000000000000000000000abc","spanId":"0000000000000002","parentSpanId":"0000000000000001","name":"op2","kind":2,
    "startTimeUnixNano":"1700000000000002000","endTimeUnixNano":"1700000000000002000"},
   {"traceId":"00000000000000010000000000000def","spanId":"0000000000000003","name":"op3",
    "startTimeUnixNano":"1700000000000002000","endTimeUnixNano":"1700000000000002000"}]}]}]}}`

// Jaegers after 2.20 answer /api/traces?... with the UI's page, or not at all.
func TestSearchV3WhereV1IsGone(t *testing.T) {
	t.Parallel()
	for name, gone := range map[string]http.HandlerFunc{
		"page": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			_, _ = io.WriteString(w, uiPage)
		},
		"404": http.NotFound,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asked := make(chan string, 1)
			c := serveFunc(t, "", func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/api/v3/traces" {
					gone(w, r)
					return
				}
				asked <- r.URL.Query().Encode()
				_, _ = io.WriteString(w, v3Answer)
			})
			got, err := c.Search(t.Context(), window())
			if err != nil {
				t.Fatal(err)
			}
			svc, other := &trace.Process{Service: "svc"}, &trace.Process{Service: "other"}
			def := trace.TraceID{High: 1, Low: 0xdef}
			at := func(micro int64) time.Time { return time.UnixMicro(1_700_000_000_000_000 + micro) }
			want := []trace.Trace{
				{ID: abc, Spans: []trace.Span{
					{TraceID: abc, SpanID: 1, Operation: "op", Start: at(1), Duration: 2 * time.Microsecond, Process: svc},
					{
						TraceID: abc, SpanID: 2, Operation: "op2", Start: at(2), Process: other,
						References: []trace.Reference{{Type: trace.ChildOf, TraceID: abc, SpanID: 1}},
						Tags:       []trace.Tag{{Key: "span.kind", Value: trace.String("server")}},
					},
				}},
				{ID: def, Spans: []trace.Span{{TraceID: def, SpanID: 3, Operation: "op3", Start: at(2), Process: other}}},
			}
			if diff := cmp.Diff(want, got, cmp.AllowUnexported(trace.Value{})); diff != "" {
				t.Errorf("traces (-want +got):\n%s", diff)
			}
			const values = "query.num_traces=7&query.operation_name=op&query.service_name=svc&" +
				"query.start_time_max=2023-11-14T22%3A13%3A21.000001Z&query.start_time_min=2023-11-14T22%3A13%3A20.000001Z"
			if got := <-asked; got != values {
				t.Errorf("asked\n%s, want\n%s", got, values)
			}
		})
	}
}

func TestSearchV3FindsNothing(t *testing.T) {
	t.Parallel()
	c := serveFunc(t, "", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/api/v3/traces" {
			http.NotFound(w, r)
			return
		}
		http.Error(w, `{"error":{"httpCode":404,"message":"No traces found"}}`, http.StatusNotFound)
	})
	if got, err := c.Search(t.Context(), window()); err != nil || len(got) != 0 {
		t.Errorf("got %+v, %v, want no trace and no error", got, err)
	}
}

func TestSearchErrors(t *testing.T) {
	t.Parallel()
	if _, err := serve(t, 200, "", "{}").Search(t.Context(), query.SearchOptions{}); err == nil {
		t.Error("a search without a service is no error")
	}
	tests := map[string]struct {
		status int
		body   string
		want   string
	}{
		"storage fails":        {500, "all shards failed", "500 Internal Server Error: all shards failed"},
		"neither API":          {404, "404 page not found", "404 Not Found: 404 page not found"},
		"an error and nothing": {200, `{"data":[],"errors":[{"code":500,"msg":"index is closed"}]}`, "it has only an error: index is closed"},
		"other JSON":           {200, `{"data":7}`, "cannot unmarshal number"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := serve(t, tt.status, "text/plain", tt.body).Search(t.Context(), window())
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestSearchV3Errors(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		body string
		want string
	}{
		"no result":    {`{"error":{}}`, `it has no "result"`},
		"bad start":    {strings.Replace(v3Answer, "1700000000000001000", "soon", 1), `span 0000000000000001 starts at "soon"`},
		"bad end":      {strings.Replace(v3Answer, "1700000000000003000", "late", 1), `span 0000000000000001 ends at "late"`},
		"bad parent":   {strings.Replace(v3Answer, `parentSpanId":"0`, `parentSpanId":"x`, 1), `span 0000000000000002 has the parent "x`},
		"base64 ids":   {strings.Replace(v3Answer, "00000000000000000000000000000abc", "AAAAAAAAAAA=", 1), "invalid syntax"},
		"page instead": {uiPage, "answer is not JSON"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := serveFunc(t, "", func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/api/v3/traces" {
					http.NotFound(w, r)
					return
				}
				_, _ = io.WriteString(w, tt.body)
			})
			_, err := c.Search(t.Context(), window())
			if _, ok := errors.AsType[*query.NotJSONError](err); !ok || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestServicesFromOneAPI(t *testing.T) {
	t.Parallel()
	c := serveFunc(t, "", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/api/v3/services" {
			http.NotFound(w, r)
			return
		}
		_, _ = io.WriteString(w, `{"services":["b","a"]}`)
	})
	got, err := c.ServicesFrom(t.Context(), query.V3)
	if diff := cmp.Diff([]string{"a", "b"}, got); diff != "" || err != nil {
		t.Errorf("v3: %v (-want +got):\n%s", err, diff)
	}
	_, err = c.ServicesFrom(t.Context(), query.V1)
	if status, ok := errors.AsType[*query.StatusError](err); !ok || status.Status != http.StatusNotFound {
		t.Errorf("v1: got %v, want a 404", err)
	}
}
