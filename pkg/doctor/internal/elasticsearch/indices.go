package elasticsearch

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/plural"
)

const (
	idESIndices = "es-indices"
	idESMapping = "es-mapping"
)

const (
	codeESIndices    probe.Code = "es-indices-found"
	codeESPrefix     probe.Code = "es-index-prefix"
	codeESNoIndices  probe.Code = "es-no-indices"
	codeESNotWritten probe.Code = "es-not-written"
	codeESNoServices probe.Code = "es-service-index-missing"
	codeESKeyword    probe.Code = "es-mapping-keyword"
	codeESText       probe.Code = "es-mapping-text"
	codeESNoTemplate probe.Code = "es-template-missing"
	codeESNoAlias    probe.Code = "es-alias-missing"
)

// The kinds of index, as they stand in names.
const (
	kindSpan    = "jaeger-span-"
	kindService = "jaeger-service-"
)

// suffixWrite ends the alias that a Jaeger with use_aliases writes to. It is no
// index unless Elasticsearch made one, because nobody had made the alias.
const suffixWrite = "write"

// esIndex is an index of Jaeger's.
type esIndex struct {
	Name   string `json:"index"`
	Health string `json:"health"`
	Docs   string `json:"docs.count"`
	Pri    string `json:"pri"`
	Rep    string `json:"rep"`

	// The name is prefix, kind and suffix: a date, a number or "archive".
	prefix, kind, suffix string
	// current: spans of now go there, by its name.
	current bool
}

func (i esIndex) shards() int {
	pri, _ := strconv.Atoi(i.Pri)
	rep, _ := strconv.Atoi(i.Rep)
	return pri * (1 + rep)
}

// dated reports whether the name has a date of any form and not a number.
func (i esIndex) dated() bool { return len(digits(i.suffix)) >= len("20060102") }

func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}

// listIndices reads the indices with any prefix, sorted by name.
func listIndices(ctx context.Context, c *esClient) ([]esIndex, error) {
	var all []esIndex
	err := c.get(ctx, "_cat/indices/"+jaegerIndices, "format=json&h=index,health,docs.count,pri,rep&s=index", &all)
	if err != nil {
		return nil, err
	}
	return classifyIndices(all, digits(today())), nil
}

// classifyIndices takes the names apart. The current index is the one with
// today's date or, where a name has a number, the last of its kind.
func classifyIndices(all []esIndex, date string) []esIndex {
	var known []esIndex
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

func named(indices []esIndex, so func(esIndex) bool) []string {
	var names []string
	for _, i := range indices {
		if so(i) {
			names = append(names, i.Name)
		}
	}
	return names
}

func askESIndices(ctx context.Context, env *probe.Env, c *esClient) probe.Finding {
	all, err := listIndices(ctx, c)
	if err != nil {
		return notTold(err)
	}
	prefix := env.Storage.NamePrefix()
	of := func(kind string) []esIndex {
		return slices.DeleteFunc(slices.Clone(all), func(i esIndex) bool { return i.prefix != prefix || i.kind != kind })
	}
	spans, services := of(kindSpan), of(kindService)
	saw := named(all, func(esIndex) bool { return true })
	switch {
	case len(all) == 0:
		return noIndices(env)
	case len(unaliased(slices.Concat(spans, services))) > 0:
		return noAlias(env, c, unaliased(slices.Concat(spans, services)))
	case len(spans)+len(services) == 0:
		other := strings.TrimSuffix(all[len(all)-1].prefix, "-")
		return probe.Found(probe.StatusFail, codeESPrefix, "there is no index %s*, but %s: another index prefix", prefix+kindSpan, probe.List(saw)).
			Hint(fmt.Sprintf("--es-index-prefix %q, and the same --es.index-prefix for Jaeger's collector and query", other))
	case len(services) == 0:
		return probe.Found(probe.StatusWarn, codeESNoServices, "there %s %s of spans and none of services: Jaeger lists no service",
			plural.Word(len(spans), "is", "are"), plural.Of(len(spans), "index", "indices")).
			Saw(saw...).
			Hint("docker restart jaeger (it writes each service once in 12 hours, so it does not notice that the index is gone)")
	case len(spans) == 0:
		return probe.Found(probe.StatusWarn, codeESNoIndices, "there %s %s of services and none of spans",
			plural.Word(len(services), "is", "are"), plural.Of(len(services), "index", "indices")).Saw(saw...)
	}
	newest := spans[len(spans)-1]
	fact := fmt.Sprintf("%s of spans, the newest is %s with %s documents", plural.Of(len(spans), "index", "indices"), newest.Name, newest.Docs)
	isCurrent := func(i esIndex) bool { return i.current }
	if env.Passed(probe.IDCanary) && newest.dated() && !slices.ContainsFunc(spans, isCurrent) {
		return probe.Found(probe.StatusWarn, codeESNotWritten, "a span was stored just now, and not here: %s", fact).
			Maybe(causesElsewhere()...)
	}
	return probe.Found(probe.StatusOK, codeESIndices, "%s", fact).Saw(saw...)
}

func unaliased(indices []esIndex) []esIndex {
	return slices.DeleteFunc(slices.Clone(indices), func(i esIndex) bool { return i.suffix != suffixWrite })
}

// noAlias is the finding for a Jaeger with use_aliases that started before
// jaeger-es-rollover init.
func noAlias(env *probe.Env, c *esClient, made []esIndex) probe.Finding {
	names := named(made, func(esIndex) bool { return true })
	rollover := "jaeger-es-rollover init " + c.base.String()
	if env.Storage.IndexPrefix != "" {
		rollover += " --index-prefix " + env.Storage.IndexPrefix
	}
	f := probe.Found(probe.StatusFail, codeESNoAlias, "%s is an index and no alias: Jaeger writes into it and reads elsewhere", names[0])
	for _, i := range made {
		f = f.Saw(fmt.Sprintf("index %s: %s documents, which no Jaeger finds", i.Name, cmp.Or(i.Docs, "0")))
	}
	return f.Hint(
		fmt.Sprintf("stop Jaeger, then: curl -fX DELETE %s && %s, then start Jaeger", c.base.JoinPath(strings.Join(names, ",")), rollover),
		"docs/storage.md, retention: init comes before the first start with use_aliases",
	)
}

// noIndices is the finding for a storage that Jaeger has never written to.
func noIndices(env *probe.Env) probe.Finding {
	if env.Passed(probe.IDCanary) {
		return probe.Found(probe.StatusWarn, codeESNoIndices, "a span was stored just now, and not here: there is no index of Jaeger's").
			Maybe(causesElsewhere()...)
	}
	return probe.Found(probe.StatusWarn, codeESNoIndices, "there is no index of Jaeger's: no span was ever stored here")
}

func causesElsewhere() []probe.Cause {
	return []probe.Cause{
		{
			Text:    "Jaeger keeps spans in memory: Jaeger 2 ignores SPAN_STORAGE_TYPE and ES_SERVER_URLS, and wants --config",
			Command: "otdemo check-jaeger --only storage-kind",
		},
		{Text: "Jaeger writes to another Elasticsearch", Command: "docker inspect -f '{{.Config.Env}} {{.Args}}' jaeger"},
	}
}

// esFieldMapping is an index's part of an answer about the field serviceName.
type esFieldMapping struct {
	Mappings map[string]json.RawMessage `json:"mappings"`
}

// kind returns the field's type, "" when the index has no such field. The shape
// is that of Elasticsearch 7 and newer, without types of documents.
func (m esFieldMapping) kind() string {
	var field struct {
		Mapping map[string]struct {
			Type string `json:"type"`
		} `json:"mapping"`
	}
	if json.Unmarshal(m.Mappings["serviceName"], &field) != nil {
		return ""
	}
	return field.Mapping["serviceName"].Type
}

func askESMapping(ctx context.Context, env *probe.Env, c *esClient) probe.Finding {
	var fields map[string]esFieldMapping
	pattern := env.Storage.NamePrefix() + kindService + "*"
	if err := c.get(ctx, pattern+"/_mapping/field/serviceName", "", &fields); err != nil {
		return notTold(err)
	}
	indices, err := listIndices(ctx, c)
	if err != nil {
		return notTold(err)
	}
	wrong := named(indices, func(i esIndex) bool {
		// What should be an alias has a finding of its own.
		return i.suffix != suffixWrite && !isKeyword(fields[i.Name].kind())
	})
	if len(wrong) > 0 {
		kind := fields[wrong[0]].kind()
		return probe.Found(probe.StatusFail, codeESText, "serviceName is of type %s and not keyword in %s: services cannot be listed", kind, probe.List(wrong)).
			AtHop(probe.HopQuery).
			Saw(
				"Jaeger prints: all shards failed [type=search_phase_execution_exception]",
				"Elasticsearch prints: Fielddata is disabled on [serviceName] ... Text fields are not optimised for operations that require per-document field data",
			).
			Hint(
				"stop the collectors, then: curl -X DELETE "+c.base.JoinPath(wrong[0]).String()+", then start them: they make the template first",
				"curl -sS "+c.base.JoinPath("_index_template").String()+" (a template for * with a higher priority?)",
			)
	}
	has, err := hasTemplate(ctx, c)
	if err != nil {
		return notTold(err)
	}
	if !has {
		return probe.Found(probe.StatusWarn, codeESNoTemplate, "no template matches jaeger-service-*: the next index gets serviceName as text").
			Hint("docker restart jaeger (it makes its templates when it starts)")
	}
	return probe.Found(probe.StatusOK, codeESKeyword, "serviceName is a keyword in %s, and there is a template for the next", plural.Of(len(fields), "index", "indices"))
}

func isKeyword(kind string) bool { return kind == "keyword" || kind == "" }

// hasTemplate looks for a template for indices of services, of the form that
// Jaeger makes with Elasticsearch 7 or of that with 8.
func hasTemplate(ctx context.Context, c *esClient) (bool, error) {
	var old map[string]struct {
		Patterns []string `json:"index_patterns"`
	}
	if err := c.get(ctx, "_template", "filter_path=*.index_patterns", &old); err != nil {
		return false, err
	}
	var composed struct {
		Templates []struct {
			Template struct {
				Patterns []string `json:"index_patterns"`
			} `json:"index_template"`
		} `json:"index_templates"`
	}
	if err := c.get(ctx, "_index_template", "filter_path=index_templates.index_template.index_patterns", &composed); err != nil {
		return false, err
	}
	var patterns []string
	for _, t := range old {
		patterns = append(patterns, t.Patterns...)
	}
	for _, t := range composed.Templates {
		patterns = append(patterns, t.Template.Patterns...)
	}
	return slices.ContainsFunc(patterns, func(p string) bool { return strings.Contains(p, "jaeger-service") }), nil
}
