package integration

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/otdemo/otdemo/integration/jaegers"
)

// ordered brings an answer into an order of its own, where Jaeger's is that of its
// maps, and writes each span's process beside it, whose name is by that order.
func ordered(body any) any {
	answer, ok := body.(object)
	if !ok {
		return body
	}
	for _, key := range []string{"data", "services", "operations"} {
		if list, ok := answer[key].([]any); ok {
			for _, item := range list {
				orderTrace(item)
			}
			sortJSON(list)
		}
	}
	if result, ok := answer["result"].(object); ok {
		answer["result"] = flatten(result)
	}
	return answer
}

// orderTrace orders a trace of API v1.
func orderTrace(item any) {
	t, ok := item.(object)
	if !ok || t["spans"] == nil {
		return
	}
	processes := t["processes"].(object)
	delete(t, "processes")
	for _, s := range objects(t["spans"]) {
		s["processID"] = processes[s["processID"].(string)]
		s["tags"] = without(s["tags"], "internal.span.format")
	}
	sortJSON(t["spans"])
}

// flatten turns the groups of OTLP into a list of spans with the resource and the
// scope of each, and leaves out what is empty.
func flatten(result object) []any {
	spans := []any{}
	for _, rs := range objects(result["resourceSpans"]) {
		resource := rs["resource"].(object)
		sortJSON(resource["attributes"])
		for _, ss := range objects(rs["scopeSpans"]) {
			for _, s := range objects(ss["spans"]) {
				s["resource"], s["scope"] = resource, ss["scope"]
				orderSpanV3(s)
				spans = append(spans, s)
			}
		}
	}
	sortJSON(spans)
	return spans
}

func orderSpanV3(s object) {
	s["attributes"] = without(s["attributes"], "internal.span.format")
	for _, event := range objects(s["events"]) {
		sortJSON(event["attributes"])
	}
	for key, value := range s {
		if list, isList := value.([]any); value == "" || isList && len(list) == 0 {
			delete(s, key)
		}
	}
}

func objects(list any) []object {
	var out []object
	items, _ := list.([]any)
	for _, item := range items {
		out = append(out, item.(object))
	}
	return out
}

// without returns tags or attributes sorted, less the one named.
func without(list any, key string) []any {
	items, _ := list.([]any)
	items = slices.DeleteFunc(items, func(item any) bool { return item.(object)["key"] == key })
	sortJSON(items)
	return items
}

func sortJSON(list any) {
	items, _ := list.([]any)
	slices.SortFunc(items, func(a, b any) int { return cmp.Compare(text(a), text(b)) })
}

func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // it was decoded from JSON
	}
	return string(b)
}

// differences are those that docs/all-in-one.md tells, as changes of both answers.
type differences []func(path string, jaeger, own *reply)

func (d differences) apply(path string, jaeger, own *reply) {
	for _, change := range d {
		change(path, jaeger, own)
	}
}

// differencesFrom returns what may differ from a release.
func differencesFrom(r jaegers.Release) differences {
	d := differences{contentTypeV3}
	if r.Name == "2.13" {
		d = append(d, kindOfOperations, selfCalls, spansV1, spansV3)
	}
	return d
}

// contentTypeV3: our answers say that they are JSON, Jaeger's are guessed to be
// plain text.
func contentTypeV3(path string, jaeger, own *reply) {
	if strings.HasPrefix(path, "/api/v3/") && jaeger.Status == http.StatusOK && own.ContentType == "application/json" {
		jaeger.ContentType = own.ContentType
	}
}

// kindOfOperations: 2.13 says "" where 1.62 says unspecified, as we do.
func kindOfOperations(path string, jaeger, _ *reply) {
	if !strings.Contains(path, "/operations?") {
		return
	}
	for _, key := range []string{"data", "operations"} {
		for _, op := range objects(member(jaeger.Body, key)) {
			if kind, _ := op["spanKind"].(string); kind == "" { // API v3 leaves it out
				op["spanKind"] = "unspecified"
			}
		}
		sortJSON(member(jaeger.Body, key))
	}
}

// selfCalls: 2.13 counts the calls within a service.
func selfCalls(path string, jaeger, _ *reply) {
	answer, ok := jaeger.Body.(object)
	if links, isList := answer["data"].([]any); ok && isList && strings.HasPrefix(path, "/api/dependencies") {
		answer["data"] = slices.DeleteFunc(links, func(l any) bool { return l.(object)["parent"] == l.(object)["child"] })
	}
}

// spansV1: 2.13 has no flags, adds a status beside an error, drops a span that came
// again, warns in other words of an orphan, and warns again with each reading.
func spansV1(path string, jaeger, own *reply) {
	if !strings.HasPrefix(path, "/api/traces") {
		return
	}
	for _, t := range objects(member(own.Body, "data")) {
		t["spans"] = slices.DeleteFunc(t["spans"].([]any), cameAgain)
		for _, s := range objects(t["spans"]) {
			delete(s, "flags")
		}
		sortJSON(t["spans"])
	}
	for _, t := range objects(member(jaeger.Body, "data")) {
		for _, s := range objects(t["spans"]) {
			s["tags"] = without(s["tags"], "otel.status_code")
			if warnings, ok := s["warnings"].([]any); ok {
				s["warnings"] = reworded(warnings)
			}
		}
		sortJSON(t["spans"])
	}
	sortJSON(member(own.Body, "data"))
	sortJSON(member(jaeger.Body, "data"))
}

// spansV3: the same for API v3, where 2.13 leaves the scope among the attributes,
// too.
func spansV3(path string, jaeger, own *reply) {
	if !strings.HasPrefix(path, "/api/v3/traces") {
		return
	}
	for _, body := range []any{jaeger.Body, own.Body} {
		spans, _ := member(body, "result").([]any)
		for _, s := range objects(spans) {
			normalV3(s)
		}
		spans = slices.DeleteFunc(spans, cameAgain)
		sortJSON(spans)
		if answer := body.(object); answer["result"] != nil {
			answer["result"] = spans
		}
	}
}

// normalV3 takes warnings and the scope out of a span's attributes.
func normalV3(s object) {
	scope := s["scope"].(object)
	attributes, _ := s["attributes"].([]any)
	s["attributes"] = slices.DeleteFunc(attributes, func(item any) bool {
		value := item.(object)["value"].(object)
		switch item.(object)["key"] {
		case "@jaeger@warnings":
			var warnings []any
			for _, w := range objects(value["arrayValue"].(object)["values"]) {
				warnings = append(warnings, w["stringValue"])
			}
			s["warnings"] = reworded(warnings)
		case "otel.scope.name":
			scope["name"] = value["stringValue"]
		case "otel.scope.version":
			scope["version"] = value["stringValue"]
		default:
			return false
		}
		return true
	})
	if len(s["attributes"].([]any)) == 0 {
		delete(s, "attributes")
	}
}

// cameAgain tells the span that both releases know to be a repetition.
func cameAgain(span any) bool {
	warnings, _ := span.(object)["warnings"].([]any)
	return slices.Contains(warnings, any("duplicate span IDs; skipping clock skew adjustment"))
}

// reworded returns the warnings of 2.13 in the words of 1.62, each once.
func reworded(warnings []any) []any {
	for i, w := range warnings {
		id, ok := strings.CutPrefix(w.(string), "parent span ID=")
		if id, rest, found := strings.Cut(id, " is not in the trace"); ok && found {
			warnings[i] = "invalid parent span IDs=" + id + rest
		}
	}
	return slices.Compact(warnings)
}

// member returns what an answer has under a key, or nil.
func member(body any, key string) any {
	answer, _ := body.(object)
	return answer[key]
}
