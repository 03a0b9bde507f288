package integration

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the lab's table into docs/findings.md")

// labTitle begins the section of docs/findings.md that is made of the lab's own
// tables. It is the last one.
const labTitle = "## The lab: causes, findings, how each is produced\n"

// TestLabIsWrittenDown holds docs/findings.md to what the lab produces.
func TestLabIsWrittenDown(t *testing.T) {
	t.Parallel()
	path := filepath.Join("..", "docs", "findings.md")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	findings, got, _ := strings.Cut(string(text), labTitle)
	want := labSection(t)
	if *update {
		if err := os.WriteFile(path, []byte(strings.TrimRight(findings, "\n")+"\n\n"+labTitle+want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("the lab's section of %s (-want +got; go test -run LabIsWrittenDown -update writes it):\n%s", path, diff)
	}
	for _, a := range allFaultCases() {
		if a.exit != 2 && !strings.Contains(findings, "\n## "+a.code+"\n") {
			t.Errorf("%s: finding %s has no section in %s", a.how, a.code, path)
		}
	}
}

func allFaultCases() []faultCase {
	var all []faultCase
	for _, w := range slices.Concat(frontEnvironments(), machineEnvironments()) {
		all = append(all, w.faultCases...)
	}
	return all
}

// labSection draws the tables.
func labSection(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	b.WriteString(`
Each fault is produced with real Jaegers in their own network namespaces with their own firewalls, and
` + "`check-jaeger`" + ` must return this verdict: the exit code, the first broken hop and the fix. The tests are
` + "`integration/lab*_test.go`" + `, which also write this section. The numbers are those of the catalogue of causes.

| cause | produced by | exit | hop | finding | fix |
|---|---|---|---|---|---|
`)
	byCause := make(map[string][]faultCase)
	for _, a := range allFaultCases() {
		byCause[a.cause] = append(byCause[a.cause], a)
	}
	for _, c := range catalogue() {
		for _, rows := range alike(byCause[c.id]) {
			b.WriteString(row(c, rows))
		}
		if (len(byCause[c.id]) > 0) == (c.elsewhere != "") {
			t.Errorf("cause %s is to be produced, or elsewhere, and not both", c.id)
		}
		delete(byCause, c.id)
	}
	for id := range byCause {
		t.Errorf("cause %s is not in the catalogue", id)
	}
	b.WriteString("\nNot produced here:\n\n| cause | where it is tested, or why it is not |\n|---|---|\n")
	for _, c := range catalogue() {
		if c.elsewhere != "" {
			fmt.Fprintf(&b, "| %s %s | %s |\n", c.id, c.words, c.elsewhere)
		}
	}
	return b.String()
}

// alike puts those together that are to end the same way.
func alike(all []faultCase) [][]faultCase {
	var groups [][]faultCase
	for _, a := range all {
		i := slices.IndexFunc(groups, func(g []faultCase) bool {
			return g[0].exit == a.exit && g[0].hop == a.hop && g[0].code == a.code
		})
		if i < 0 {
			groups = append(groups, nil)
			i = len(groups) - 1
		}
		groups[i] = append(groups[i], a)
	}
	return groups
}

func row(c cause, rows []faultCase) string {
	var hows, hints []string
	for _, a := range rows {
		hows = append(hows, a.how)
		if a.hint != "" && !slices.Contains(hints, "`"+a.hint+"`") {
			hints = append(hints, "`"+a.hint+"`")
		}
	}
	name := c.id + " " + c.words
	if c.id == "none" {
		name = c.words
	}
	code := "`" + rows[0].code + "`"
	if rows[0].code == "" {
		code = "an error that names it"
	}
	return fmt.Sprintf("| %s | %s | %d | %s | %s | %s |\n",
		name, strings.Join(hows, "; "), rows[0].exit, rows[0].hop, code, strings.Join(hints, ", "))
}
