package integration

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/otdemo/otdemo/integration/jaegers"
	"github.com/otdemo/otdemo/integration/wire"
	"github.com/otdemo/otdemo/pkg/trace"
)

// TestAllInOneAnswersLikeJaeger sends the same datagrams to the embedded Jaeger
// and to a real one, and expects the same JSON of both.
func TestAllInOneAnswersLikeJaeger(t *testing.T) {
	t.Parallel()
	_, addrs := start(t, "all-in-one", "--free-ports")
	jaeger := jaegers.Start(t, jaegers.V162())
	sent := wire.Sample(trace.TraceID{Low: 0xa3})

	want := storedJSON(t, jaeger.AgentHostPort, jaeger.QueryURL, sent)
	got := storedJSON(t, addrs["agent-compact"], "http://"+addrs["query"], sent)
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("JSON of the trace (-jaeger +all-in-one):\n%s", diff)
	}
}

// storedJSON sends a trace over UDP and returns what the query API then answers.
func storedJSON(t *testing.T, agent, queryURL string, sent trace.Trace) any {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := wire.SendUDP(ctx, agent, sent); err != nil {
		t.Fatal(err)
	}
	if _, err := wire.ReadTrace(ctx, queryURL, sent.ID, len(sent.Spans)); err != nil {
		t.Fatal(err)
	}
	body, err := wire.ReadJSON(ctx, queryURL, sent.ID)
	if err != nil {
		t.Fatal(err)
	}
	return normal(t, body)
}

type object = map[string]any

// normal decodes an answer with one trace, less what may differ between two
// Jaegers that hold the same: the order of the spans, the names p1, p2... of the
// processes, and the note of how Jaeger's agent handed the spans on.
func normal(t *testing.T, body []byte) object {
	t.Helper()
	var answer object
	if err := json.Unmarshal(body, &answer); err != nil {
		t.Fatal(err)
	}
	stored := answer["data"].([]any)[0].(object)
	processes := stored["processes"].(object)
	delete(stored, "processes")
	spans := stored["spans"].([]any)
	slices.SortFunc(spans, func(a, b any) int {
		return cmp.Compare(a.(object)["spanID"].(string), b.(object)["spanID"].(string))
	})
	for _, span := range spans {
		span := span.(object)
		span["processID"] = processes[span["processID"].(string)]
		span["tags"] = slices.DeleteFunc(span["tags"].([]any), func(tag any) bool {
			return tag.(object)["key"] == "internal.span.format"
		})
	}
	return answer
}
