package docs_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
)

// retiredNames are words that identifiers no longer have, and what glossary.md has in
// their place.
func retiredNames() map[string]string {
	return map[string]string{
		"feeder":    "reporter",
		"outbox":    "encoded reporter",
		"speaker":   "propagating tracer",
		"speech":    "propagators",
		"intake":    "ingest, or protocol",
		"inlet":     "port of a receiver",
		"books":     "counters, or ledger",
		"handmade":  "raw span",
		"sightings": "observations",
		"detour":    "alternative",
		"poster":    "sender",
		"misled":    "wrong port hint",
		"ailment":   "fault case",
		"ward":      "environment",
	}
}

// retiredPhrases are what no text says any more: neither documents nor the strings of
// the program.
func retiredPhrases() []string {
	return []string{
		"could not be told", "to be had", "nothing here tells", "meant so", "none to ask",
		"the books", "tells which", "tells what", "tells whether", "tells that", "tells how",
		"knows which", "knows what", "knows whether", "knows that", "knows how",
		"says which", "says what", "says whether", "says that", "says how",
		"asks which", "asks what", "asks whether",
		"refuses nothing", "the account does not close", "closes the account",
		"the line that mends", "kept its books", "keeps the books",
	}
}

func TestRetiredNames(t *testing.T) {
	t.Parallel()
	retired := retiredNames()
	for _, path := range sourceFiles(t, ".go") {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			name, ok := n.(*ast.Ident)
			if !ok {
				return true
			}
			for _, word := range wordsOf(name.Name) {
				if better, found := retired[word]; found {
					t.Errorf("%s: %s: write %s in place of %s, see docs/glossary.md", path, name.Name, better, word)
				}
			}
			return true
		})
	}
}

// wordsOf splits an identifier at its capitals, into lower case.
func wordsOf(name string) []string {
	var words []string
	start := 0
	runes := []rune(name)
	for i := 1; i <= len(runes); i++ {
		if i == len(runes) || unicode.IsUpper(runes[i]) && !unicode.IsUpper(runes[i-1]) || runes[i] == '_' {
			words = append(words, strings.ToLower(strings.Trim(string(runes[start:i]), "_")))
			start = i
		}
	}
	return words
}

func TestWordsOf(t *testing.T) {
	t.Parallel()
	for name, want := range map[string][]string{
		"newFeeder": {"new", "feeder"}, "HTTPPath": {"httppath"}, "a": {"a"}, "intake_test": {"intake", "test"}, "speakerOf": {"speaker", "of"},
	} {
		if got := wordsOf(name); !slices.Equal(got, want) {
			t.Errorf("wordsOf(%s): got %q, want %q", name, got, want)
		}
	}
}

func TestRetiredPhrases(t *testing.T) {
	t.Parallel()
	phrases := regexp.MustCompile(`(?i)\b(` + strings.Join(retiredPhrases(), "|") + `)\b`)
	check := func(where, text string) {
		if found := phrases.FindString(strings.Join(strings.Fields(text), " ")); found != "" {
			t.Errorf("%s: %q, see the section on words in CONTRIBUTING.md", where, found)
		}
	}
	for _, path := range sourceFiles(t, ".md") {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for i, paragraph := range strings.Split(string(text), "\n\n") {
			check(path+", paragraph "+strconv.Itoa(i+1), paragraph)
		}
	}
	for _, path := range sourceFiles(t, ".go") {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if literal, ok := n.(*ast.BasicLit); ok && literal.Kind == token.STRING {
				check(files.Position(literal.Pos()).String(), literal.Value)
			}
			return true
		})
	}
}
