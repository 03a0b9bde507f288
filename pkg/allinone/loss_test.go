package allinone

import (
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/uber/jaeger-client-go/thrift-gen/jaeger"

	"github.com/otdemo/otdemo/pkg/allinone/internal/wiretest"
	"github.com/otdemo/otdemo/pkg/loss"
)

// What the query port answers follows docs/loss.schema.json, with clients, losses,
// rejects and parts in it.
func TestLossFollowsSchema(t *testing.T) {
	t.Parallel()
	b := start(t, Options{})
	batch := wiretest.Batch("svc", 3, 1)
	batch.Stats = &jaeger.ClientStats{FullQueueDroppedSpans: 7}
	conn := dial(t, b)
	send(t, conn, wiretest.Compact(batch))
	send(t, conn, []byte("no thrift"))
	waitFor(t, b, func(s loss.Account) bool { return s.Spans == 1 && s.UndecodableTotal() == 1 })
	waitFor(t, b, func(loss.Account) bool {
		all, clients := sum(b.History(time.Time{}).Samples)
		return all.Undecodable == 1 && clients.QueueFull == 7
	})
	for path, answer := range map[string]string{"/api/loss": "Account", "/api/loss/history": "History"} {
		_, body := get(t, b, path)
		if err := follows(t, answer, body); err != nil {
			t.Errorf("%s: %v\n%s", path, err, body)
		}
		later := strings.Replace(body, "{", `{"added_later":{"n":1},`, 1)
		if err := follows(t, answer, later); err != nil {
			t.Errorf("%s with a field more: %v", path, err)
		}
		if err := follows(t, answer, strings.Replace(body, `"spans":1`, `"spans":"1"`, 1)); err == nil {
			t.Errorf("%s with text in the place of a number is accepted", path)
		}
	}
}

// follows validates a document against a definition of docs/loss.schema.json.
func follows(t *testing.T, definition, document string) error {
	t.Helper()
	schema, err := jsonschema.NewCompiler().Compile("../../docs/loss.schema.json#/$defs/" + definition)
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(document))
	if err != nil {
		t.Fatal(err)
	}
	return schema.Validate(value)
}
