package allinone

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/otdemo/otdemo/pkg/allinone/internal/wiretest"
	"github.com/otdemo/otdemo/pkg/loss"
)

// Every field of /api/loss stands in docs/all-in-one.md, and every listener with
// its port.
func TestDocumented(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile("../../docs/all-in-one.md")
	if err != nil {
		t.Fatal(err)
	}
	doc := string(content)
	b := start(t, Options{})
	send(t, dial(t, b), wiretest.Compact(wiretest.Batch("svc", 1, 1)))
	waitFor(t, b, func(s loss.Account) bool { return s.Spans == 1 })
	_, body := get(t, b, "/api/loss")
	var report map[string]any
	if err := json.Unmarshal([]byte(body), &report); err != nil {
		t.Fatal(err)
	}
	names := make(map[string]bool)
	for _, l := range Listeners() {
		names[l.Name] = true
		if !strings.Contains(doc, "| `"+l.Name+"` | ") {
			t.Errorf("docs/all-in-one.md has no listener %s", l.Name)
		}
	}
	for _, field := range fields(report) {
		if !names[field] && !strings.Contains(doc, field+"`") && !strings.Contains(doc, field+".") {
			t.Errorf("docs/all-in-one.md does not say what %q of /api/loss means", field)
		}
	}
}

// fields returns the names of all fields within v.
func fields(v any) []string {
	var names []string
	switch v := v.(type) {
	case map[string]any:
		for name, inner := range v {
			names = append(append(names, name), fields(inner)...)
		}
	case []any:
		for _, inner := range v {
			names = append(names, fields(inner)...)
		}
	}
	return names
}
