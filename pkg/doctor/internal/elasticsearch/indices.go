package elasticsearch

import (
	"fmt"
	"slices"
	"strings"

	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/plural"
)

const (
	idIndices = "es-indices"
	idMapping = "es-mapping"
)

const (
	codeIndicesFound   probe.Code = "es-indices-found"
	codeIndexPrefix    probe.Code = "es-index-prefix"
	codeNoIndices      probe.Code = "es-no-indices"
	codeNotWritten     probe.Code = "es-not-written"
	codeNoServiceIndex probe.Code = "es-service-index-missing"
	codeKeyword        probe.Code = "es-mapping-keyword"
	codeText           probe.Code = "es-mapping-text"
	codeNoTemplate     probe.Code = "es-template-missing"
	codeNoAlias        probe.Code = "es-alias-missing"
)

// The kinds of index, as they stand in names.
const (
	kindSpan    = "jaeger-span-"
	kindService = "jaeger-service-"
)

// suffixWrite ends the alias that a Jaeger with use_aliases writes to. It is an
// index only if Elasticsearch created one because the alias was missing.
const suffixWrite = "write"

type index struct {
	Name   string `json:"index"`
	Health string `json:"health"`
	Docs   int    `json:"docs.count,string"`
	Pri    int    `json:"pri,string"`
	Rep    int    `json:"rep,string"`

	// The name is prefix, kind and suffix: a date, a number or "archive".
	prefix, kind, suffix string
	// current: spans of now go there, by its name.
	current bool
}

func (i index) documents() string { return plural.Of(i.Docs, "document", "documents") }

func (i index) shards() int { return i.Pri * (1 + i.Rep) }

// dated reports whether the name has a date of any form and not a number.
func (i index) dated() bool { return len(digits(i.suffix)) >= len("20060102") }

func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}

func listIndices(r *reader) []index {
	all := read[[]index](r, "_cat/indices/"+jaegerIndices, "format=json&h=index,health,docs.count,pri,rep&s=index")
	return classifyIndices(all, digits(today()))
}

// classifyIndices splits the names. The current index is the one with today's
// date or, if names have numbers, the last of its kind.
func classifyIndices(all []index, date string) []index {
	var known []index
	last := make(map[string]string)
	for _, i := range all {
		for _, kind := range []string{kindSpan, kindService} {
			if prefix, suffix, ok := strings.Cut(i.Name, kind); ok {
				i.prefix, i.kind, i.suffix = prefix, kind, suffix
				known = append(known, i)
				last[prefix+kind] = max(last[prefix+kind], suffix)
			}
		}
	}
	for n := range known {
		i := &known[n]
		i.current = strings.HasPrefix(digits(i.suffix), date) ||
			!i.dated() && digits(i.suffix) != "" && i.suffix == last[i.prefix+i.kind]
	}
	return known
}

func which(indices []index, holds func(index) bool) []index {
	return slices.DeleteFunc(slices.Clone(indices), func(i index) bool { return !holds(i) })
}

func named(indices []index, holds func(index) bool) []string {
	var names []string
	for _, i := range which(indices, holds) {
		names = append(names, i.Name)
	}
	return names
}

func allNames(indices []index) []string { return named(indices, func(index) bool { return true }) }

func checkIndices(env *probe.Env, r *reader) probe.Finding {
	all := listIndices(r)
	prefix := env.Storage.NamePrefix()
	own := which(all, func(i index) bool { return i.prefix == prefix })
	spans := which(own, func(i index) bool { return i.kind == kindSpan })
	services := which(own, func(i index) bool { return i.kind == kindService })
	unaliased := which(slices.Concat(spans, services), func(i index) bool { return i.suffix == suffixWrite })
	saw := allNames(all)
	switch {
	case len(all) == 0:
		return noIndices(env)
	case len(unaliased) > 0:
		return noAlias(env, r.client, unaliased)
	case len(own) == 0:
		other := strings.TrimSuffix(all[len(all)-1].prefix, "-")
		return probe.Fail(codeIndexPrefix, "no index %s*; found %s: the index prefix differs", prefix+kindSpan, probe.List(saw)).
			Hint(fmt.Sprintf("--es-index-prefix %q, and the same --es.index-prefix for Jaeger's collector and query", other))
	case len(services) == 0:
		return probe.Warn(codeNoServiceIndex, "there %s %s for spans but none for services: Jaeger lists no service",
			plural.Word(len(spans), "is", "are"), plural.Of(len(spans), "index", "indices")).
			Saw(saw...).
			Hint("docker restart jaeger (it writes each service once in 12 hours, so it does not notice that the index is gone)")
	case len(spans) == 0:
		return probe.Warn(codeNoIndices, "there %s %s for services but none for spans",
			plural.Word(len(services), "is", "are"), plural.Of(len(services), "index", "indices")).Saw(saw...)
	}
	newest := spans[len(spans)-1]
	fact := fmt.Sprintf("%s for spans; the newest is %s with %s", plural.Of(len(spans), "index", "indices"), newest.Name, newest.documents())
	isCurrent := func(i index) bool { return i.current }
	if env.Passed(probe.IDCanary) && newest.dated() && !slices.ContainsFunc(spans, isCurrent) {
		return probe.Warn(codeNotWritten, "a span was just stored, but not here: %s", fact).
			Maybe(causesElsewhere()...)
	}
	return probe.OK(codeIndicesFound, "%s", fact).Saw(saw...)
}

// noAlias is the finding for a Jaeger with use_aliases that started before
// jaeger-es-rollover init.
func noAlias(env *probe.Env, c *client, made []index) probe.Finding {
	names := allNames(made)
	rollover := "jaeger-es-rollover init " + c.base.String()
	if env.Storage.IndexPrefix != "" {
		rollover += " --index-prefix " + env.Storage.IndexPrefix
	}
	f := probe.Fail(codeNoAlias, "%s is an index, not an alias: Jaeger writes to it but reads from elsewhere", names[0])
	for _, i := range made {
		f = f.Saw(fmt.Sprintf("index %s: %s that Jaeger cannot find", i.Name, i.documents()))
	}
	return f.Hint(
		fmt.Sprintf("stop Jaeger, then: curl -fX DELETE %s && %s, then start Jaeger", c.base.JoinPath(strings.Join(names, ",")), rollover),
		"docs/storage.md, retention: init comes before the first start with use_aliases",
	)
}

func noIndices(env *probe.Env) probe.Finding {
	if env.Passed(probe.IDCanary) {
		return probe.Warn(codeNoIndices, "a span was just stored, but not here: no Jaeger index found").
			Maybe(causesElsewhere()...)
	}
	return probe.Warn(codeNoIndices, "no Jaeger index found: no span was ever stored here")
}

func causesElsewhere() []probe.Cause {
	return []probe.Cause{
		{Text: "Jaeger stores spans in memory: Jaeger 2 ignores SPAN_STORAGE_TYPE and ES_SERVER_URLS, and needs --config", Command: "otdemo check-jaeger --only storage-kind"},
		{Text: "Jaeger writes to another Elasticsearch", Command: "docker inspect -f '{{.Config.Env}} {{.Args}}' jaeger"},
	}
}

// fieldMapping is the part of a response about the field serviceName of one index,
// in the shape of Elasticsearch 7 and newer, without types of documents. The type
// is "" when the index has no such field.
type fieldMapping struct {
	Mappings struct {
		ServiceName struct {
			Mapping struct {
				ServiceName struct {
					Type string `json:"type"`
				} `json:"serviceName"`
			} `json:"mapping"`
		} `json:"serviceName"`
	} `json:"mappings"`
}

func checkMapping(env *probe.Env, r *reader) probe.Finding {
	fields := read[map[string]fieldMapping](r, env.Storage.NamePrefix()+kindService+"*/_mapping/field/serviceName", "")
	kindOf := func(index string) string { return fields[index].Mappings.ServiceName.Mapping.ServiceName.Type }
	wrong := named(listIndices(r), func(i index) bool {
		// What should be an alias has a finding of its own.
		return i.suffix != suffixWrite && !slices.Contains([]string{"keyword", ""}, kindOf(i.Name))
	})
	if len(wrong) > 0 {
		return probe.Fail(codeText, "serviceName has type %s instead of keyword in %s: services cannot be listed", kindOf(wrong[0]), probe.List(wrong)).
			AtHop(probe.HopQuery).
			Saw(
				"Jaeger prints: all shards failed [type=search_phase_execution_exception]",
				"Elasticsearch prints: Fielddata is disabled on [serviceName] ... Text fields are not optimised for operations that require per-document field data",
			).
			Hint(
				"stop the collectors, then: curl -X DELETE "+r.base.JoinPath(wrong[0]).String()+", then start them: they make the template first",
				"curl -sS "+r.base.JoinPath("_index_template").String()+" (a template for * with a higher priority?)",
			)
	}
	if !hasTemplate(r) {
		return probe.Warn(codeNoTemplate, "no template matches jaeger-service-*: serviceName will be text in the next index").
			Hint("docker restart jaeger (it makes its templates when it starts)")
	}
	return probe.OK(codeKeyword, "serviceName is a keyword in %s, and a template exists for the next", plural.Of(len(fields), "index", "indices"))
}

// hasTemplate looks for a template for indices of services, of the form that
// Jaeger makes with Elasticsearch 7 or of that with 8.
func hasTemplate(r *reader) bool {
	type template struct {
		Patterns []string `json:"index_patterns"`
	}
	type composed struct {
		Templates []struct {
			Template template `json:"index_template"`
		} `json:"index_templates"`
	}
	var patterns []string
	for _, t := range read[map[string]template](r, "_template", "filter_path=*.index_patterns") {
		patterns = append(patterns, t.Patterns...)
	}
	for _, t := range read[composed](r, "_index_template", "filter_path=index_templates.index_template.index_patterns").Templates {
		patterns = append(patterns, t.Template.Patterns...)
	}
	return slices.ContainsFunc(patterns, func(p string) bool { return strings.Contains(p, "jaeger-service") })
}
