package docs_test

import (
	"encoding/json"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// repository is the root of the source tree, seen from this package.
const repository = ".."

// The tables of dependencies.md, in their order.
const (
	programTable = iota
	testsTable
	pageTable
	tables
)

// TestDependencies compares the tables of dependencies.md with what go.mod requires,
// what the source imports, and what web/package.json names.
func TestDependencies(t *testing.T) {
	t.Parallel()
	documented := documentedDependencies(t)
	required := requiredModules(t)
	inProgram := importedModules(t, required)
	var program, tests []string
	for _, module := range required {
		if inProgram[module] {
			program = append(program, module)
		} else {
			tests = append(tests, module)
		}
	}
	for i, want := range [][]string{programTable: program, testsTable: tests, pageTable: pageDependencies(t)} {
		slices.Sort(want)
		slices.Sort(documented[i])
		if diff := cmp.Diff(want, documented[i]); diff != "" {
			t.Errorf("table %d of docs/dependencies.md (-required +documented):\n%s", i+1, diff)
		}
	}
}

// documentedDependencies returns the names in the first column of each table.
func documentedDependencies(t *testing.T) [tables][]string {
	t.Helper()
	name := regexp.MustCompile("`([^`]+)`")
	var found [tables][]string
	table := -1
	for line := range strings.Lines(read(t, "dependencies.md")) {
		cell, _, _ := strings.Cut(strings.TrimPrefix(line, "|"), "|")
		switch {
		case !strings.HasPrefix(line, "|") || strings.HasPrefix(line, "|---"):
		case !strings.Contains(cell, "`"):
			table++
		case table >= tables:
			t.Fatalf("docs/dependencies.md has more than %d tables", tables)
		default:
			for _, m := range name.FindAllStringSubmatch(cell, -1) {
				found[table] = append(found[table], m[1])
			}
		}
	}
	return found
}

// requiredModules returns the direct requirements of go.mod.
func requiredModules(t *testing.T) []string {
	t.Helper()
	var modules []string
	for _, m := range regexp.MustCompile(`(?m)^\t(\S+) v\S+$`).FindAllStringSubmatch(read(t, filepath.Join(repository, "go.mod")), -1) {
		modules = append(modules, m[1])
	}
	return modules
}

// importedModules returns those of modules that the program imports: package main, and
// in turn what it imports of this module. Packages that only tests import are left out.
func importedModules(t *testing.T, modules []string) map[string]bool {
	t.Helper()
	const own = "github.com/otdemo/otdemo"
	imports := make(map[string][]string)
	for _, path := range sourceFiles(t, ".go") {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		dir, err := filepath.Rel(repository, filepath.Dir(path))
		if err != nil {
			t.Fatal(err)
		}
		pkg := strings.TrimSuffix(own+"/"+filepath.ToSlash(dir), "/.")
		imports[pkg] = append(imports[pkg], importsOf(t, path)...)
	}
	imported, seen := make(map[string]bool), map[string]bool{own: true}
	for next := []string{own}; len(next) > 0; next = next[1:] {
		for _, pkg := range imports[next[0]] {
			if module := moduleOf(pkg, modules); module != "" {
				imported[module] = true
			}
			if _, ours := imports[pkg]; ours && !seen[pkg] {
				seen[pkg] = true
				next = append(next, pkg)
			}
		}
	}
	return imported
}

// importsOf returns the packages that a source file imports.
func importsOf(t *testing.T, path string) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	var pkgs []string
	for _, spec := range file.Imports {
		pkg, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		pkgs = append(pkgs, pkg)
	}
	return pkgs
}

// moduleOf returns the longest of modules that has the package, or "".
func moduleOf(pkg string, modules []string) string {
	var longest string
	for _, module := range modules {
		if (pkg == module || strings.HasPrefix(pkg, module+"/")) && len(module) > len(longest) {
			longest = module
		}
	}
	return longest
}

// sourceFiles returns the files of this module whose names end in suffix, without
// those of nested modules.
func sourceFiles(t *testing.T, suffix string) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(repository, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if !d.IsDir() {
			if strings.HasSuffix(path, suffix) {
				files = append(files, path)
			}
			return nil
		}
		_, noModule := os.Stat(filepath.Join(path, "go.mod"))
		skipped := strings.HasPrefix(d.Name(), ".") || slices.Contains([]string{"testdata", "node_modules"}, d.Name())
		if path != repository && (noModule == nil || skipped) {
			return fs.SkipDir
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// pageDependencies returns the packages that web/package.json names.
func pageDependencies(t *testing.T) []string {
	t.Helper()
	var manifest struct {
		Dependencies    map[string]string `json:"dependencies"`
		DevDependencies map[string]string `json:"devDependencies"`
	}
	if err := json.Unmarshal([]byte(read(t, filepath.Join(repository, "web", "package.json"))), &manifest); err != nil {
		t.Fatal(err)
	}
	return slices.Concat(slices.Collect(maps.Keys(manifest.Dependencies)), slices.Collect(maps.Keys(manifest.DevDependencies)))
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
