package trace

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
)

// valueFromJSON reads a tag's value by its declared type. Some backends declare no type,
// so the JSON's own is used, and write large integers as strings.
func valueFromJSON(declared string, raw any) (Value, error) {
	text := jsonText(raw)
	switch declared {
	case "bool":
		b, err := strconv.ParseBool(text)
		return Bool(b), wrapValue(err, declared, text)
	case "int64":
		n, err := strconv.ParseInt(text, 10, 64)
		return Int64(n), wrapValue(err, declared, text)
	case "float64":
		f, err := strconv.ParseFloat(text, 64)
		return Float64(f), wrapValue(err, declared, text)
	case "binary":
		b, err := base64.StdEncoding.DecodeString(text)
		return Binary(b), wrapValue(err, declared, text)
	case "string":
		return String(text), nil
	case "":
		return untypedValue(raw, text), nil
	default:
		return Value{}, fmt.Errorf("unknown type %q", declared)
	}
}

func wrapValue(err error, declared, text string) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%q is not a valid %s: %w", text, declared, err)
}

// jsonText returns the JSON text, without a string's quotes.
func jsonText(raw any) string {
	switch v := raw.(type) {
	case nil:
		return ""
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case json.Number:
		return v.String()
	default:
		return fmt.Sprint(v)
	}
}

func untypedValue(raw any, text string) Value {
	switch raw.(type) {
	case bool:
		return Bool(text == "true")
	case json.Number:
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return Int64(n)
		}
		if f, err := strconv.ParseFloat(text, 64); err == nil {
			return Float64(f)
		}
	}
	return String(text)
}
