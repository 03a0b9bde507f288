package doctor

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
)

var kebab = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)+$|^[a-z]+$`)

func TestProbesKeepTheRules(t *testing.T) {
	t.Parallel()
	var earlier []string
	for _, p := range Probes() {
		if !kebab.MatchString(p.ID) || slices.Contains(earlier, p.ID) {
			t.Errorf("id %q is not in kebab case or not unique", p.ID)
		}
		if p.Hop == probe.HopNone || p.Run == nil || len(p.Codes) == 0 {
			t.Errorf("%s lacks a hop, a function or codes", p.ID)
		}
		if p.Title == "" || p.Title != strings.ToLower(p.Title[:1])+p.Title[1:] || strings.HasSuffix(p.Title, ".") {
			t.Errorf("title of %s is no claim: %q", p.ID, p.Title)
		}
		for _, id := range slices.Concat(p.Needs, p.After, p.Follows, p.RunsBeside) {
			if !slices.Contains(earlier, id) {
				t.Errorf("%s waits for %s, which is not earlier in the list", p.ID, id)
			}
		}
		for _, id := range p.From {
			if !slices.Contains(p.After, id) {
				t.Errorf("%s looks at %s, and does not wait for it", p.ID, id)
			}
		}
		earlier = append(earlier, p.ID)
	}
}

// listedCodes returns every code that a probe or the runner may find.
func listedCodes() []string {
	var codes []string
	for _, p := range Probes() {
		for _, c := range p.Codes {
			codes = append(codes, string(c))
		}
	}
	// Any probe may have these instead of its own.
	codes = append(codes, "not-used", "need-failed", "not-run", "interrupted", "probe-panicked", "probe-abandoned")
	slices.Sort(codes)
	return slices.Compact(codes)
}

func TestEveryCodeIsDocumented(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "findings.md"))
	if err != nil {
		t.Fatal(err)
	}
	var sections []string
	for _, m := range regexp.MustCompile(`(?m)^## (\S+)$`).FindAllStringSubmatch(string(text), -1) {
		sections = append(sections, m[1])
	}
	slices.Sort(sections)
	if diff := cmp.Diff(listedCodes(), sections); diff != "" {
		t.Errorf("codes and sections of docs/findings.md (-code +section):\n%s", diff)
	}
	// Each section has the same parts, so that explain can rely on them.
	for _, section := range regexp.MustCompile(`(?m)^## `).Split(string(text), -1)[1:] {
		code, body, _ := strings.Cut(section, "\n")
		if strings.Contains(code, " ") {
			continue // The lab's tables are about all of them.
		}
		for _, part := range []string{"**How it was found:**", "**Fix:**"} {
			if !strings.Contains(body, part) {
				t.Errorf("section %s lacks %s", code, part)
			}
		}
	}
}

// A code that is a constant but in no probe's list would have no section either.
func TestEveryCodeIsListed(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join("internal", "*", "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var declared []string
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok {
				return true
			}
			if !isCode(spec.Type) {
				return true
			}
			for _, v := range spec.Values {
				code, err := strconv.Unquote(v.(*ast.BasicLit).Value)
				if err != nil {
					t.Errorf("%s: %v", name, err)
				}
				if !kebab.MatchString(code) {
					t.Errorf("%s: code %q is not in kebab case", name, code)
				}
				declared = append(declared, code)
			}
			return true
		})
	}
	slices.Sort(declared)
	if diff := cmp.Diff(listedCodes(), declared); diff != "" {
		t.Errorf("codes (-listed +declared):\n%s", diff)
	}
}

// isCode reports whether a constant's type is probe.Code.
func isCode(expr ast.Expr) bool {
	switch kind := expr.(type) {
	case *ast.Ident: // in package probe itself
		return kind.Name == "Code"
	case *ast.SelectorExpr:
		return kind.Sel.Name == "Code"
	default:
		return false
	}
}
