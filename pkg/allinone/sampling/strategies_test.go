package sampling

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	thrift "github.com/uber/jaeger-client-go/thrift-gen/sampling"
)

// A file as Jaeger's documentation has it.
const file = `{
  "default_strategy": {"type": "probabilistic", "param": 0.5, "operation_strategies": [
    {"operation": "/health", "type": "probabilistic", "param": 0},
    {"operation": "/metrics", "type": "probabilistic", "param": 0.1}
  ]},
  "service_strategies": [
    {"service": "shop", "type": "probabilistic", "param": 0.8, "operation_strategies": [
      {"operation": "/health", "type": "probabilistic", "param": 0.2}
    ]},
    {"service": "till", "type": "ratelimiting", "param": 5},
    {"service": "desk", "type": "probabilistic", "param": 1}
  ]
}`

// The answers to it, as Jaeger 1.62 gives them.
func TestFileIsServed(t *testing.T) {
	t.Parallel()
	strategies, err := ParseFile([]byte(file))
	if err != nil {
		t.Fatal(err)
	}
	if err := strategies.Validate(); err != nil {
		t.Errorf("validate: %v", err)
	}
	handler := Handler(strategies)
	tests := []struct{ service, want string }{
		{"shop", `{"strategyType":"PROBABILISTIC","probabilisticSampling":{"samplingRate":0.8},"operationSampling":` +
			`{"defaultSamplingProbability":0.8,"defaultLowerBoundTracesPerSecond":0,"perOperationStrategies":[` +
			`{"operation":"/health","probabilisticSampling":{"samplingRate":0.2}},` +
			`{"operation":"/metrics","probabilisticSampling":{"samplingRate":0.1}}],"defaultUpperBoundTracesPerSecond":0}}`},
		{"till", `{"strategyType":"RATE_LIMITING","rateLimitingSampling":{"maxTracesPerSecond":5}}`},
		{"desk", `{"strategyType":"PROBABILISTIC","probabilisticSampling":{"samplingRate":1},"operationSampling":` +
			`{"defaultSamplingProbability":1,"defaultLowerBoundTracesPerSecond":0,"perOperationStrategies":[` +
			`{"operation":"/health","probabilisticSampling":{"samplingRate":0}},` +
			`{"operation":"/metrics","probabilisticSampling":{"samplingRate":0.1}}],"defaultUpperBoundTracesPerSecond":0}}`},
		{"other", `{"strategyType":"PROBABILISTIC","probabilisticSampling":{"samplingRate":0.5},"operationSampling":` +
			`{"defaultSamplingProbability":0.5,"defaultLowerBoundTracesPerSecond":0,"perOperationStrategies":[` +
			`{"operation":"/health","probabilisticSampling":{"samplingRate":0}},` +
			`{"operation":"/metrics","probabilisticSampling":{"samplingRate":0.1}}],"defaultUpperBoundTracesPerSecond":0}}`},
	}
	for _, tt := range tests {
		t.Run(tt.service, func(t *testing.T) {
			t.Parallel()
			w := httptest.NewRecorder()
			r := httptest.NewRequestWithContext(t.Context(), "GET", "/sampling?service="+tt.service, http.NoBody)
			handler.ServeHTTP(w, r)
			if diff := cmp.Diff(tt.want, w.Body.String()); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
			var read thrift.SamplingStrategyResponse
			if err := json.Unmarshal(w.Body.Bytes(), &read); err != nil {
				t.Errorf("jaeger-client-go cannot read it: %v", err)
			}
		})
	}
}

func TestParseFileWithoutDefault(t *testing.T) {
	t.Parallel()
	got, err := ParseFile([]byte(`{"service_strategies": [{"service": "a", "type": "ratelimiting", "param": 1}]}`))
	if err != nil {
		t.Fatal(err)
	}
	want := Strategies{
		Default:  Service{Strategy: Strategy{Probabilistic, 1}},
		Services: map[string]Service{"a": {Strategy: Strategy{RateLimiting, 1}}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("strategies (-want +got):\n%s", diff)
	}
}

func TestParseFileFaults(t *testing.T) {
	t.Parallel()
	service := func(fields string) string { return `{"service_strategies": [{` + fields + `}]}` }
	operation := func(fields string) string {
		return `{"default_strategy": {"type": "probabilistic", "param": 1, "operation_strategies": [{` + fields + `}]}}`
	}
	tests := []struct{ name, file, want string }{
		{"no JSON", "type: x", "line 1: invalid character"},
		{"cut short", "{\n\n", "line 3: unexpected EOF"},
		{"unknown key", "{\n\"default\": {}}", `line 2: json: unknown field "default"`},
		{"wrong kind", "{\n\"service_strategies\":\n{}}", "line 3: json: cannot unmarshal object"},
		{"two documents", "{}\n{}", "line 2: something follows the strategies"},
		{"no type", service(`"service": "a", "param": 1`), `service_strategies[0].type must be probabilistic or ratelimiting, got ""`},
		{"const", service(`"service": "a", "type": "const", "param": 1`), `service_strategies[0].type must be probabilistic or ratelimiting, got "const"`},
		{"no param", service(`"service": "a", "type": "probabilistic"`), "service_strategies[0].param must be set"},
		{"percent", service(`"service": "a", "type": "probabilistic", "param": 50`), "service_strategies[0].param: sampling parameter of probabilistic must be between 0 and 1, got 50"},
		{"no service", service(`"type": "probabilistic", "param": 1`), "service_strategies[0].service must name a service"},
		{
			"twice", service(`"service": "a", "type": "probabilistic", "param": 1}, {"service": "a", "type": "probabilistic", "param": 0`),
			`service_strategies[1].service "a" has a strategy already`,
		},
		{"default with service", `{"default_strategy": {"service": "a", "type": "probabilistic", "param": 1}}`, `default_strategy must not name a service, got "a"`},
		{"operation limited", operation(`"operation": "o", "type": "ratelimiting", "param": 1`), `operation_strategies[0].type must be probabilistic, the only one that an operation can have, got "ratelimiting"`},
		{"operation without name", operation(`"type": "probabilistic", "param": 1`), "default_strategy.operation_strategies[0].operation must name an operation"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := ParseFile([]byte(tt.file))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got error  %v\nwant one with %s", err, tt.want)
			}
		})
	}
}
