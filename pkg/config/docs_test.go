package config_test

import (
	"bytes"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
	"text/template"

	"github.com/google/go-cmp/cmp"

	"github.com/otdemo/otdemo/internal/golden"
	"github.com/otdemo/otdemo/pkg/config"
)

// TestDocs keeps docs/configuration.md equal to what the key table makes of its
// template.
func TestDocs(t *testing.T) {
	t.Parallel()
	const path = "../../docs/configuration.md"
	sentence := func(doc string) string { return strings.ToUpper(doc[:1]) + doc[1:] + "." }
	tmpl, err := template.New("configuration.md.tmpl").Funcs(template.FuncMap{"sentence": sentence}).
		ParseFiles("testdata/configuration.md.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	var made bytes.Buffer
	if err := tmpl.Execute(&made, config.Keys()); err != nil {
		t.Fatal(err)
	}
	golden.Check(t, path, made.String())
}

// TestShippedFile wants config.yaml in the repository to hold every key, in the
// table's order, with its default.
func TestShippedFile(t *testing.T) {
	t.Parallel()
	loaded := mustLoad(t, config.Source{Dir: "../.."})
	if diff := cmp.Diff(resolved(), loaded.Config); diff != "" {
		t.Errorf("config.yaml differs from the defaults (-want +got):\n%s", diff)
	}
	if got := warned(loaded); len(got) > 0 {
		t.Errorf("config.yaml is warned about: %q", got)
	}
	data, err := os.ReadFile("../../config.yaml")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(data), "\n")
	last := 0
	for i, key := range config.Keys() {
		v := loaded.Values[i]
		if v.Key != key.Name {
			t.Fatalf("value %d is of %s, want %s", i, v.Key, key.Name)
		}
		if v.Origin.Layer != config.LayerFile {
			t.Errorf("%s is not in config.yaml", v.Key)
			continue
		}
		leaf := key.Name[strings.LastIndex(key.Name, ".")+1:]
		line := last + 1
		for line <= len(lines) && !strings.HasPrefix(strings.TrimSpace(lines[line-1]), leaf+":") {
			line++
		}
		if got, want := v.Origin.Detail, fmt.Sprintf("config.yaml:%d", line); got != want {
			t.Errorf("%s stands at %s, want it at %s, after the key before it", v.Key, got, want)
		}
		last = line
	}
}

// TestKeys wants the table and the fields of Config to be the same, and each
// key described.
func TestKeys(t *testing.T) {
	t.Parallel()
	var want []string
	var walk func(prefix string, typ reflect.Type)
	walk = func(prefix string, typ reflect.Type) {
		for field := range typ.Fields() {
			if field.Tag.Get("yaml") == "-" {
				continue
			}
			name := prefix + field.Tag.Get("yaml")
			if field.Type.Kind() == reflect.Struct {
				walk(name+".", field.Type)
				continue
			}
			want = append(want, name)
		}
	}
	walk("", reflect.TypeFor[config.Config]())

	var got []string
	jaeger := map[string]bool{}
	for _, key := range config.Keys() {
		got = append(got, key.Name)
		if key.Doc == "" || strings.HasSuffix(key.Doc, ".") || strings.Contains(key.Doc, "\n") {
			t.Errorf("Doc of %s is %q, want one line without full stop", key.Name, key.Doc)
		}
		if want := "OTDEMO_" + strings.ToUpper(strings.ReplaceAll(key.Name, ".", "_")); key.Otdemo != want {
			t.Errorf("variable of %s is %s, want %s", key.Name, key.Otdemo, want)
		}
		for _, name := range key.Jaeger {
			if jaeger[name] {
				t.Errorf("%s stands in the table twice", name)
			}
			jaeger[name] = true
		}
		if found, ok := config.Lookup(key.Name); !ok || found.Otdemo != key.Otdemo {
			t.Errorf("Lookup(%q) = %+v, %v", key.Name, found, ok)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("keys (-fields of Config +table):\n%s", diff)
	}
	if _, ok := config.Lookup("reporter"); ok {
		t.Error("Lookup finds a section")
	}
}
