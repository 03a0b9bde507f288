package cmd

import (
	"bytes"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Rules of this repository that no linter checks.

// repository is the root of the source tree, relative to this package.
const repository = ".."

func walkCommands(t *testing.T, visit func(t *testing.T, c *cobra.Command)) {
	t.Helper()
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		t.Run(c.CommandPath(), func(t *testing.T) { visit(t, c) })
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(newRoot(testEnv()))
}

func testEnv(args ...string) *Env {
	return &Env{Args: args, Stdout: new(bytes.Buffer), Stderr: new(bytes.Buffer)}
}

func TestEveryCommandIsComplete(t *testing.T) {
	t.Parallel()
	walkCommands(t, func(t *testing.T, c *cobra.Command) {
		t.Helper()
		if c.Args == nil {
			t.Error("has no Args, so it accepts any arguments")
		}
		if c.Short == "" || strings.HasSuffix(c.Short, ".") {
			t.Errorf("short help %q should be a phrase without a full stop", c.Short)
		}
		if !strings.Contains(c.Long, "Exit codes:") {
			t.Error("long help does not end in the exit codes")
		}
		if c.Example == "" {
			t.Error("has no example")
		}
		name := regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
		c.NonInheritedFlags().VisitAll(func(f *pflag.Flag) {
			if !name.MatchString(f.Name) {
				t.Errorf("flag --%s is not in kebab case", f.Name)
			}
			if f.Usage == "" {
				t.Errorf("flag --%s has no help", f.Name)
			}
		})
		// pflag panics on a shorthand that parent and child share, at this call.
		c.InheritedFlags()
	})
}

func TestExamplesParse(t *testing.T) {
	t.Parallel()
	walkCommands(t, func(t *testing.T, c *cobra.Command) {
		t.Helper()
		for line := range strings.Lines(c.Example) {
			parseCommandLine(t, strings.TrimSpace(line))
		}
	})
}

// parseCommandLine fails the test unless line, which may set variables first, is an
// otdemo command with known flags and a valid number of arguments.
func parseCommandLine(t *testing.T, line string) {
	t.Helper()
	line, _, _ = strings.Cut(line, "#")
	words := strings.Fields(line)
	for len(words) > 0 && strings.Contains(words[0], "=") {
		words = words[1:]
	}
	if len(words) == 0 || filepath.Base(words[0]) != "otdemo" {
		t.Errorf("%q is not an otdemo command", line)
		return
	}
	c, args, err := newRoot(testEnv()).Find(words[1:])
	if err == nil {
		err = c.ParseFlags(args)
	}
	if err == nil {
		err = c.ValidateArgs(c.Flags().Args())
	}
	if errors.Is(err, pflag.ErrHelp) {
		err = nil
	}
	if err == nil && c.Name() == "otdemo" && c.Flags().NArg() > 0 {
		err = unknownCommand(c, c.Flags().Arg(0))
	}
	if err != nil {
		t.Errorf("%q: %v", line, err)
	}
}

// Command lines in the documents are those in fenced blocks that start with
// otdemo, with or without a prompt.
func TestDocumentedCommandsParse(t *testing.T) {
	t.Parallel()
	documents, err := filepath.Glob(filepath.Join(repository, "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	command := regexp.MustCompile(`^(\$ )?(\./bin/)?otdemo( |$)`)
	found := 0
	for _, path := range append(documents, filepath.Join(repository, "README.md")) {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		fenced := false
		for line := range strings.Lines(string(content)) {
			line = strings.TrimSpace(line)
			switch {
			case strings.HasPrefix(line, "```"):
				fenced = !fenced
			case fenced && command.MatchString(line) && !strings.HasPrefix(line, "otdemo: "):
				found++
				parseCommandLine(t, strings.TrimPrefix(line, "$ "))
			}
		}
	}
	if found == 0 {
		t.Error("no command found in README.md and docs/")
	}
}

// maxLines is the length from which a file should be split.
const maxLines = 400

func TestSourceFiles(t *testing.T) {
	t.Parallel()
	documented := make(map[string]int)
	err := filepath.WalkDir(repository, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || d.Name() == "node_modules" || strings.HasPrefix(d.Name(), ".") && path != repository) {
			return fs.SkipDir
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if n := bytes.Count(content, []byte("\n")); n > maxLines {
			t.Errorf("%s has %d lines, want at most %d", path, n, maxLines)
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, content, parser.ParseComments|parser.PackageClauseOnly)
		if err != nil {
			return err
		}
		documented[filepath.Dir(path)] += countDocs(file)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for dir, docs := range documented {
		if docs != 1 {
			t.Errorf("%s has %d package comments, want 1", dir, docs)
		}
	}
}

func countDocs(file *ast.File) int {
	if file.Doc == nil {
		return 0
	}
	return 1
}
