package api

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/otdemo/otdemo/pkg/allinone/store"
	"github.com/otdemo/otdemo/pkg/loss"
	"github.com/otdemo/otdemo/pkg/trace"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func epoch() time.Time { return time.Unix(1_700_000_000, 0).UTC() }

// newStore returns a store with two traces: 1 of the services front and back,
// 2 of front alone, a second later.
func newStore() *store.Store {
	s := store.New(1 << 20)
	front := &trace.Process{Service: "front"}
	back := &trace.Process{Service: "back/end"}
	one, two := trace.TraceID{Low: 1}, trace.TraceID{High: 10, Low: 2}
	s.Add([]trace.Span{
		{
			TraceID: one, SpanID: 1, Operation: "root", Start: epoch(), Duration: 2 * time.Millisecond, Process: front,
			Tags: []trace.Tag{{Key: "span.kind", Value: trace.String("client")}, {Key: "code", Value: trace.Int64(500)}},
		},
		{
			TraceID: one, SpanID: 2, Operation: "<b>child</b>", Start: epoch().Add(time.Millisecond), Duration: time.Millisecond, Process: back,
			References: []trace.Reference{{TraceID: one, SpanID: 1}},
			Tags:       []trace.Tag{{Key: "span.kind", Value: trace.String("server")}, {Key: "error", Value: trace.Bool(true)}},
		},
		{TraceID: two, SpanID: 1, Operation: "other", Start: epoch().Add(time.Second), Duration: time.Millisecond, Process: front},
	})
	return s
}

func newHandler(s *store.Store, host string) http.Handler {
	return Handler(Options{
		Store:  s,
		Loss:   func() loss.Account { return loss.Account{SchemaVersion: loss.SchemaVersion} },
		Host:   host,
		Now:    func() time.Time { return epoch().Add(time.Hour) },
		Logger: slog.New(slog.DiscardHandler),
	})
}

// get asks a handler on loopback for target.
func get(t *testing.T, h http.Handler, target string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, target, http.NoBody)
	r.Host = "localhost:16686"
	h.ServeHTTP(w, r)
	return w
}
