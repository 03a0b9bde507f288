package loss_test

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/otdemo/otdemo/internal/golden"
	"github.com/otdemo/otdemo/pkg/loss"
)

// wireHead begins the file.
const wireHead = `// Written by "go test ./pkg/loss -update" from the Go types, which docs/loss.schema.json
// describes: the answers of /api/loss and /api/loss/history.
`

// The page's types are those of this package. The page reads no field that they lack,
// which its compiler checks.
func TestTypeScript(t *testing.T) {
	t.Parallel()
	w := typeScript{done: make(map[string]bool)}
	w.declare(reflect.TypeFor[loss.Account]())
	w.declare(reflect.TypeFor[loss.History]())
	golden.Check(t, "../../web/src/loss/wire.ts", wireHead+w.out.String())
}

// typeScript writes Go types as TypeScript's.
type typeScript struct {
	out  bytes.Buffer
	done map[string]bool
}

// declare writes a type of this package, and then those that it uses.
func (w *typeScript) declare(typ reflect.Type) {
	if w.done[typ.Name()] {
		return
	}
	w.done[typ.Name()] = true
	if typ.Kind() == reflect.Map {
		fmt.Fprintf(&w.out, "\nexport type %s = Record<string, %s>;\n", typ.Name(), name(typ.Elem()))
		return
	}
	var extends, lines strings.Builder
	for field := range typ.Fields() {
		key, option, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case field.Anonymous:
			extends.WriteString(" extends " + name(field.Type))
		case option == "omitempty":
			fmt.Fprintf(&lines, "  %s?: %s;\n", key, name(field.Type))
		default:
			fmt.Fprintf(&lines, "  %s: %s;\n", key, name(field.Type))
		}
	}
	fmt.Fprintf(&w.out, "\nexport interface %s%s {\n%s}\n", typ.Name(), extends.String(), lines.String())
	for field := range typ.Fields() {
		used := field.Type
		for used.Name() == "" {
			used = used.Elem()
		}
		if isOurs(used) {
			w.declare(used)
		}
	}
}

// name returns the name of a type in TypeScript.
func name(typ reflect.Type) string {
	switch {
	case typ == reflect.TypeFor[time.Time]():
		return "string"
	case isOurs(typ):
		return typ.Name()
	}
	switch typ.Kind() {
	case reflect.Pointer:
		return name(typ.Elem())
	case reflect.Slice:
		return name(typ.Elem()) + "[]"
	case reflect.Map:
		return "Record<string, " + name(typ.Elem()) + ">"
	case reflect.Bool:
		return "boolean"
	case reflect.Int, reflect.Int64:
		return "number"
	default:
		return typ.Kind().String()
	}
}

func isOurs(typ reflect.Type) bool {
	return typ.PkgPath() == reflect.TypeFor[loss.Account]().PkgPath()
}
