package trace

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
)

// valueFromJSON reads a tag's value by its declared type. Some backends declare no type,
// so the JSON's own is used, and write large integers as strings.
func valueFromJSON(declared string, raw any) (v Value, err error) {
	text := "" // the JSON, without a string's quotes
	if raw != nil {
		text = fmt.Sprint(raw)
	}
	switch declared {
	case "bool":
		var b bool
		b, err = strconv.ParseBool(text)
		v = Bool(b)
	case "int64":
		var n int64
		n, err = strconv.ParseInt(text, 10, 64)
		v = Int64(n)
	case "float64":
		var f float64
		f, err = strconv.ParseFloat(text, 64)
		v = Float64(f)
	case "binary":
		var b []byte
		b, err = base64.StdEncoding.DecodeString(text)
		v = Binary(b)
	case "string":
		v = String(text)
	case "":
		v = untypedValue(raw, text)
	default:
		return Value{}, fmt.Errorf("unknown type %q", declared)
	}
	if err != nil {
		return Value{}, fmt.Errorf("%q is not a valid %s: %w", text, declared, err)
	}
	return v, nil
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
