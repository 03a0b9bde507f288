package loss_test

import (
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/otdemo/otdemo/pkg/loss"
)

// docs/loss.schema.json has the types of this package: the same names, fields, types
// and required fields.
func TestSchema(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile("../../docs/loss.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var schema struct {
		Defs map[string]any `json:"$defs"`
	}
	if err := json.Unmarshal(content, &schema); err != nil {
		t.Fatal(err)
	}
	got := structure(schema.Defs).(map[string]any)
	want := make(map[string]any)
	define(want, reflect.TypeFor[loss.Account]())
	define(want, reflect.TypeFor[loss.History]())
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("docs/loss.schema.json is not what the Go types are (-types +schema):\n%s", diff)
	}
}

// structure returns a schema without what Go types cannot express.
func structure(schema any) any {
	switch schema := schema.(type) {
	case map[string]any:
		kept := make(map[string]any)
		for key, value := range schema {
			// A field may have one of these names; then its value is no text and no number.
			switch value.(type) {
			case string, float64:
				if key == "description" || key == "format" || key == "minimum" {
					continue
				}
			}
			kept[key] = structure(value)
		}
		return kept
	case []any:
		kept := make([]any, len(schema))
		for i, value := range schema {
			kept[i] = structure(value)
		}
		return kept
	default:
		return schema
	}
}

// define adds the schema of a type of this package to defs, and those that it uses.
func define(defs map[string]any, typ reflect.Type) {
	if defs[typ.Name()] != nil {
		return
	}
	schema := map[string]any{"type": "object"}
	defs[typ.Name()] = schema
	if typ.Kind() == reflect.Map {
		schema["additionalProperties"] = use(defs, typ.Elem())
		return
	}
	properties := make(map[string]any)
	var required, embedded []any
	for field := range typ.Fields() {
		name, option, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case field.Anonymous:
			embedded = append(embedded, use(defs, field.Type))
			continue
		case option == "":
			required = append(required, name)
		}
		properties[name] = use(defs, field.Type)
	}
	schema["properties"] = properties
	if required != nil {
		schema["required"] = required
	}
	if embedded != nil {
		schema["allOf"] = embedded
	}
}

// use returns the schema of a value of a type.
func use(defs map[string]any, typ reflect.Type) map[string]any {
	switch {
	case typ == reflect.TypeFor[time.Time]():
		return map[string]any{"type": "string"}
	case isOurs(typ):
		define(defs, typ)
		return map[string]any{"$ref": "#/$defs/" + typ.Name()}
	}
	switch typ.Kind() {
	case reflect.Pointer:
		return use(defs, typ.Elem())
	case reflect.Slice:
		return map[string]any{"type": "array", "items": use(defs, typ.Elem())}
	case reflect.Map:
		return map[string]any{"type": "object", "additionalProperties": use(defs, typ.Elem())}
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Int, reflect.Int64:
		return map[string]any{"type": "integer"}
	default:
		return map[string]any{"type": typ.Kind().String()}
	}
}
