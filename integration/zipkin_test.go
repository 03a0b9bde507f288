package integration

import (
	"context"
	"log"
	"net/http"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/openzipkin/zipkin-go"
	"github.com/openzipkin/zipkin-go/model"
	zipkinhttp "github.com/openzipkin/zipkin-go/reporter/http"

	"github.com/otdemo/otdemo/integration/wire"
	"github.com/otdemo/otdemo/pkg/trace"
)

// TestZipkinGo sends a trace with zipkin-go's own tracer and HTTP reporter to the
// embedded Jaeger, and expects all of it back, with short and long trace ids.
func TestZipkinGo(t *testing.T) {
	t.Parallel()
	_, addrs := start(t, "all-in-one", "--free-ports")
	for name, long := range map[string]bool{"64 bits": false, "128 bits": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			began := time.Now().Truncate(time.Microsecond)
			root, child := sendZipkin(t, addrs["zipkin"], long, began)
			if (root.TraceID.High != 0) != long {
				t.Fatalf("zipkin-go made the trace id %s, want long %t", root.TraceID, long)
			}
			id := trace.TraceID{High: root.TraceID.High, Low: root.TraceID.Low}
			ctx, cancel := context.WithTimeout(t.Context(), clientTimeout)
			defer cancel()
			found, err := wire.ReadTrace(ctx, "http://"+addrs["query"], id, 2)
			if err != nil {
				t.Fatal(err)
			}
			want := map[trace.SpanID]zipkinSpan{
				trace.SpanID(root.ID): {
					Service: "zipkin-shop", Operation: "get /cart", Start: began.UTC(), Duration: 30 * time.Millisecond,
					Tags: zipkinTags(map[string]string{"span.kind": "server", "http.path": "/cart"}),
					Logs: map[time.Time]string{began.Add(time.Millisecond).UTC(): "cache miss"},
				},
				trace.SpanID(child.ID): {
					Service: "zipkin-shop", Operation: "select", Parent: trace.SpanID(root.ID),
					Start: began.Add(5 * time.Millisecond).UTC(), Duration: 20 * time.Millisecond,
					Tags: zipkinTags(map[string]string{
						"span.kind": "client", "error": "true", "otel.status_code": "ERROR", "peer.service": "db",
					}),
					Logs: map[time.Time]string{},
				},
			}
			if diff := gocmp.Diff(want, zipkinSpans(found)); diff != "" {
				t.Errorf("spans (-sent +read):\n%s", diff)
			}
		})
	}
}

// zipkinTags adds the local endpoint, which Jaeger keeps as tags of each span.
func zipkinTags(tags map[string]string) map[string]string {
	tags["net.host.ip"], tags["net.host.port"] = "127.0.0.1", "80"
	return tags
}

// zipkinSpan is what the test compares of a span.
type zipkinSpan struct {
	Service, Operation string
	Parent             trace.SpanID
	Start              time.Time
	Duration           time.Duration
	Tags               map[string]string
	Logs               map[time.Time]string
}

// zipkinSpans returns the spans of a trace by their ids, less the note of the
// format.
func zipkinSpans(tr trace.Trace) map[trace.SpanID]zipkinSpan {
	got := map[trace.SpanID]zipkinSpan{}
	for _, s := range tr.Spans {
		read := zipkinSpan{
			Service: s.Service(), Operation: s.Operation, Parent: s.ParentID(),
			Start: s.Start.UTC(), Duration: s.Duration,
			Tags: map[string]string{}, Logs: map[time.Time]string{},
		}
		for _, tag := range s.Tags {
			read.Tags[tag.Key] = tag.Value.String()
		}
		delete(read.Tags, "internal.span.format")
		for _, l := range s.Logs {
			for _, field := range l.Fields {
				read.Logs[l.Time.UTC()] += field.Value.String()
			}
		}
		got[s.SpanID] = read
	}
	return got
}

// sendZipkin makes a root that serves and a child that calls, and returns once the
// receiver at hostPort has answered to both.
func sendZipkin(t *testing.T, hostPort string, long bool, began time.Time) (root, child model.SpanContext) {
	t.Helper()
	reporter := zipkinhttp.NewReporter("http://"+hostPort+"/api/v2/spans",
		zipkinhttp.Client(&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}),
		zipkinhttp.Logger(log.New(testLog{t}, "zipkin-go: ", 0)))
	local, err := zipkin.NewEndpoint("zipkin-shop", "127.0.0.1:80")
	if err != nil {
		t.Fatal(err)
	}
	tracer, err := zipkin.NewTracer(reporter, zipkin.WithLocalEndpoint(local), zipkin.WithTraceID128Bit(long))
	if err != nil {
		t.Fatal(err)
	}
	serve := tracer.StartSpan("get /cart", zipkin.Kind(model.Server), zipkin.StartTime(began))
	serve.Tag("http.path", "/cart")
	serve.Annotate(began.Add(time.Millisecond), "cache miss")
	call := tracer.StartSpan("select", zipkin.Kind(model.Client), zipkin.Parent(serve.Context()),
		zipkin.StartTime(began.Add(5*time.Millisecond)),
		zipkin.RemoteEndpoint(&model.Endpoint{ServiceName: "db"}))
	zipkin.TagError.Set(call, "true")
	call.FinishedWithDuration(20 * time.Millisecond)
	serve.FinishedWithDuration(30 * time.Millisecond)
	if err := reporter.Close(); err != nil {
		t.Fatal(err)
	}
	return serve.Context(), call.Context()
}

// testLog fails the test by what is written to it, which zipkin-go does when a
// batch is refused.
type testLog struct{ t *testing.T }

func (l testLog) Write(line []byte) (int, error) {
	l.t.Errorf("%s", line)
	return len(line), nil
}
