package config_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/otdemo/otdemo/pkg/config"
)

// invalidFiles has what each testdata/invalid-*.yaml is told, as a user sees it.
func invalidFiles() map[string][]string {
	return map[string][]string{
		"invalid-alias.yaml": {
			`invalid-alias.yaml:3: not valid YAML: an unquoted * refers to an anchor that does not exist`,
			`hint: put the value in quotes`,
		},
		"invalid-bool-quoted.yaml": {
			`invalid-bool-quoted.yaml:1: disabled must be true or false, got "true"`,
			`hint: did you mean disabled: true?`,
		},
		"invalid-bool-yes.yaml": {
			`invalid-bool-yes.yaml:1: trace_id_128bit must be true or false, got "yes"`,
			`hint: did you mean trace_id_128bit: true?`,
		},
		"invalid-collector-no-scheme.yaml": {
			`invalid-collector-no-scheme.yaml:3: reporter.collector.endpoint must start with http:// or https://, got "localhost:14268"`,
			`hint: did you mean reporter.collector.endpoint: http://localhost:14268/api/traces?`,
		},
		"invalid-collector-password-missing.yaml": {
			`invalid-collector-password-missing.yaml:2: reporter.collector.user needs reporter.collector.password as well`,
			`hint: set reporter.collector.password too, for instance in OTDEMO_REPORTER_COLLECTOR_PASSWORD`,
		},
		"invalid-collector-user-info.yaml": {
			`invalid-collector-user-info.yaml:3: reporter.collector.endpoint must have a port from 1 to 65535, got "https://(hidden)@localhost:142680/api/traces"`,
			`hint: such as reporter.collector.endpoint: http://localhost:14268/api/traces`,
		},
		"invalid-collector-user-missing.yaml": {
			`invalid-collector-user-missing.yaml:2: reporter.collector.password needs reporter.collector.user as well`,
			`hint: set reporter.collector.user too, for instance in OTDEMO_REPORTER_COLLECTOR_USER`,
		},
		"invalid-duplicate-dotted.yaml": {
			`invalid-duplicate-dotted.yaml:3: duplicate key sampler.type, first on line 2`,
			`hint: remove one of the two`,
		},
		"invalid-duplicate.yaml": {
			`invalid-duplicate.yaml:3: duplicate key service, first on line 1`,
			`hint: remove one of the two`,
		},
		"invalid-duration-negative.yaml": {
			`invalid-duration-negative.yaml:2: reporter.flush_interval must be more than 0, got -1s`,
			`hint: the default is reporter.flush_interval: 1s`,
		},
		"invalid-duration-unit.yaml": {
			`invalid-duration-unit.yaml:2: reporter.flush_interval needs a unit, got 5`,
			`hint: did you mean reporter.flush_interval: 5s?`,
		},
		"invalid-duration-word.yaml": {
			`invalid-duration-word.yaml:2: sampler.refresh_interval must be a duration such as 500ms, 1s or 1m30s, got "often"`,
			`hint: the default is sampler.refresh_interval: 1m`,
		},
		"invalid-float-quoted.yaml": {
			`invalid-float-quoted.yaml:2: sampler.param must be a number, got "1"`,
			`hint: did you mean sampler.param: 1?`,
		},
		"invalid-host-brackets.yaml": {
			`invalid-host-brackets.yaml:2: serve.host must be without brackets, got "[::1]"`,
			`hint: did you mean serve.host: ::1?`,
		},
		"invalid-host-empty.yaml": {
			`invalid-host-empty.yaml:3: reporter.agent.host must not be empty`,
			`hint: the default is reporter.agent.host: localhost`,
		},
		"invalid-host-port.yaml": {
			`invalid-host-port.yaml:3: reporter.agent.host must be a host without a port, which is reporter.agent.port, got "jaeger:6831"`,
			`hint: did you mean reporter.agent.host: jaeger?`,
		},
		"invalid-host-space.yaml": {
			`invalid-host-space.yaml:2: serve.host must be a host name or address, got "my host"`,
			`hint: the default is serve.host: 127.0.0.1`,
		},
		"invalid-host-url.yaml": {
			`invalid-host-url.yaml:3: reporter.agent.host must be a host alone, not a URL, got "http://jaeger:6831"`,
			`hint: did you mean reporter.agent.host: jaeger?`,
		},
		"invalid-int-float.yaml": {
			`invalid-int-float.yaml:2: reporter.queue_size must be a whole number, got 1.5`,
			`hint: the default is reporter.queue_size: 10000`,
		},
		"invalid-int-huge.yaml": {
			`invalid-int-huge.yaml:2: reporter.queue_size must be a whole number, got 99999999999999999999`,
			`hint: the default is reporter.queue_size: 10000`,
		},
		"invalid-int-quoted.yaml": {
			`invalid-int-quoted.yaml:3: reporter.agent.port must be a whole number, got "6831"`,
			`hint: did you mean reporter.agent.port: 6831?`,
		},
		"invalid-key-list.yaml": {
			`invalid-key-list.yaml:1: a key must be a word, got a list`,
			`hint: write key: value`,
		},
		"invalid-list-word.yaml": {
			`invalid-list-word.yaml:1: propagation must be a list, got "jaeger"`,
			`hint: did you mean propagation: [jaeger]?`,
		},
		"invalid-many.yaml": {
			`invalid-many.yaml:1: tracer must be jaeger, zipkin, appdash, otel or noop, got "jagger"`,
			`hint: did you mean tracer: jaeger?`,
			`invalid-many.yaml:3: sampler.param must be 0 or 1 for const, got 100`,
			`hint: the default is sampler.param: 1`,
			`invalid-many.yaml:4: unknown key sampler.tpye`,
			`hint: did you mean sampler.type?`,
			`invalid-many.yaml:6: reporter.flush_interval needs a unit, got 5`,
			`hint: did you mean reporter.flush_interval: 5s?`,
			`invalid-many.yaml:7: reporter.agent.port must be between 1 and 65535, got 0`,
			`hint: the default is reporter.agent.port: 6831`,
		},
		"invalid-no-value-empty.yaml": {
			`invalid-no-value-empty.yaml:1: service has no value`,
			`hint: write service: "" for none, or remove the line`,
		},
		"invalid-no-value.yaml": {
			`invalid-no-value.yaml:2: call.url has no value`,
			`hint: give it one, or remove the line`,
		},
		"invalid-packet-size.yaml": {
			`invalid-packet-size.yaml:3: reporter.agent.max_packet_size must be between 508 and 65507, got 100`,
			`hint: the default is reporter.agent.max_packet_size: 65000`,
		},
		"invalid-param-const.yaml": {
			`invalid-param-const.yaml:3: sampler.param must be 0 or 1 for const, got 0.5`,
			`hint: did you mean sampler.type: probabilistic as well?`,
		},
		"invalid-param-nan.yaml": {
			`invalid-param-nan.yaml:3: sampler.param must be between 0 and 1 for remote, got NaN`,
			`hint: the default is sampler.param: 1`,
		},
		"invalid-param-percent.yaml": {
			`invalid-param-percent.yaml:3: sampler.param must be between 0 and 1 for probabilistic, got 100`,
			`hint: did you mean sampler.param: 1?`,
		},
		"invalid-param-ratelimiting.yaml": {
			`invalid-param-ratelimiting.yaml:3: sampler.param must be 0 or more for ratelimiting, got +Inf`,
			`hint: the default is sampler.param: 1`,
		},
		"invalid-port.yaml": {
			`invalid-port.yaml:3: reporter.agent.port must be between 1 and 65535, got 0`,
			`hint: the default is reporter.agent.port: 6831`,
		},
		"invalid-propagation-appdash.yaml": {
			`invalid-propagation-appdash.yaml:2: propagation must not contain appdash for tracer jaeger`,
			`hint: only tracer appdash supports that format; both tracers support jaeger, w3c, b3 and b3-single`,
		},
		"invalid-propagation-twice.yaml": {
			`invalid-propagation-twice.yaml:1: propagation must not contain w3c twice, got "w3c,b3,w3c"`,
			`hint: did you mean propagation: [w3c,b3]?`,
		},
		"invalid-propagation-unknown.yaml": {
			`invalid-propagation-unknown.yaml:1: propagation must be jaeger, w3c, b3, b3-single or appdash, got "x"`,
		},
		"invalid-queue-size.yaml": {
			`invalid-queue-size.yaml:2: reporter.queue_size must be between 1 and 10000000, got 0`,
			`hint: the default is reporter.queue_size: 10000`,
		},
		"invalid-root.yaml": {
			`invalid-root.yaml:1: the file must be a mapping of keys, got a list`,
			`hint: write key: value lines; otdemo config shows every key`,
		},
		"invalid-sampler-type.yaml": {
			`invalid-sampler-type.yaml:2: sampler.type must be const, probabilistic, ratelimiting or remote, got "rate_limiting"`,
			`hint: did you mean sampler.type: ratelimiting?`,
		},
		"invalid-second-document.yaml": {
			`invalid-second-document.yaml:3: a second YAML document starts here`,
			`hint: remove the --- line, so that all keys are in one document`,
		},
		"invalid-section.yaml": {
			`invalid-section.yaml:1: sampler must be a section of keys, got "const"`,
			`hint: write its keys on indented lines below it, such as type:`,
		},
		"invalid-serve-port.yaml": {
			`invalid-serve-port.yaml:2: serve.port must be between 0 and 65535, got 65536`,
			`hint: the default is serve.port: 8000`,
		},
		"invalid-syntax-second.yaml": {
			`invalid-syntax-second.yaml:3: not valid YAML: did not find expected node content`,
			`hint: check the indentation and the quotes, here and on the line before`,
		},
		"invalid-syntax.yaml": {
			`invalid-syntax.yaml:2: not valid YAML: mapping values are not allowed in this context`,
			`hint: check the indentation and the quotes, here and on the line before`,
		},
		"invalid-tab.yaml": {
			`invalid-tab.yaml:2: not valid YAML: found character that cannot start any token`,
			`hint: indent with spaces; YAML does not allow tabs`,
		},
		"invalid-tag-name-empty.yaml": {
			`invalid-tag-name-empty.yaml:2: tags must not have an empty name, got "=eu"`,
			`hint: write tags: [{name: region, value: eu}]`,
		},
		"invalid-tag-pair.yaml": {
			`invalid-tag-pair.yaml:2: tags must be a list of {name, value}, but line 2 has "region=eu"`,
			`hint: write tags: [{name: region, value: eu}]`,
		},
		"invalid-tag-unknown-key.yaml": {
			`invalid-tag-unknown-key.yaml:2: tags must be a list of {name, value}, but line 2 has the unknown key valeu`,
			`hint: write tags: [{name: region, value: eu}]`,
		},
		"invalid-tag-value-missing.yaml": {
			`invalid-tag-value-missing.yaml:2: tags must be a list of {name, value}, but line 2 has no name or no value`,
			`hint: write tags: [{name: region, value: eu}]`,
		},
		"invalid-tags-word.yaml": {
			`invalid-tags-word.yaml:1: tags must be a list of {name, value}, got "region=eu"`,
			`hint: write tags: [{name: region, value: eu}]`,
		},
		"invalid-tracer.yaml": {
			`invalid-tracer.yaml:1: tracer must be jaeger, zipkin, appdash, otel or noop, got "opentelemetry"`,
			`hint: did you mean tracer: otel?`,
		},
		"invalid-unknown-key-elsewhere.yaml": {
			`invalid-unknown-key-elsewhere.yaml:2: unknown key agent`,
			`hint: did you mean reporter.agent?`,
		},
		"invalid-unknown-key-foreign.yaml": {
			`invalid-unknown-key-foreign.yaml:2: unknown key replicas`,
			`hint: remove it, or pass --config FILE if this file is not otdemo's; otdemo config shows every key`,
		},
		"invalid-unknown-key.yaml": {
			`invalid-unknown-key.yaml:2: unknown key sampler.tpye`,
			`hint: did you mean sampler.type?`,
		},
		"invalid-url-empty.yaml": {
			`invalid-url-empty.yaml:2: query.url must not be empty`,
			`hint: such as query.url: http://localhost:16686`,
		},
		"invalid-url-host.yaml": {
			`invalid-url-host.yaml:2: query.url must have a host, got "http:///search"`,
			`hint: such as query.url: http://localhost:16686`,
		},
		"invalid-url-scheme.yaml": {
			`invalid-url-scheme.yaml:2: call.url must start with http:// or https://, got "grpc://localhost:8000"`,
			`hint: such as call.url: http://localhost:8000/`,
		},
		"invalid-yaml-tag.yaml": {
			`invalid-yaml-tag.yaml:1: service must not have a YAML tag, got !env`,
			`hint: put the value in quotes`,
		},
	}
}

func TestInvalidFiles(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob("testdata/invalid-*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	messages := invalidFiles()
	if got, want := len(paths), len(messages); got != want {
		t.Errorf("%d files in testdata, messages for %d", got, want)
	}
	for _, path := range paths {
		name := filepath.Base(path)
		t.Run(strings.TrimSuffix(name, ".yaml"), func(t *testing.T) {
			t.Parallel()
			_, err := config.Load(config.Source{Dir: "testdata", File: name})
			if diff := cmp.Diff(messages[name], said(err)); diff != "" {
				t.Errorf("Load(%s) says (-want +got):\n%s", name, diff)
			}
		})
	}
}
