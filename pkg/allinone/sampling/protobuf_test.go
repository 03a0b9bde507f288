package sampling

import (
	"testing"

	"github.com/gogo/protobuf/proto"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/jaegertracing/jaeger-idl/proto-gen/api_v2"
)

func TestProtobuf(t *testing.T) {
	t.Parallel()
	strategies, err := ParseFile([]byte(`{"service_strategies": [
		{"service": "shop", "type": "ratelimiting", "param": 5, "operation_strategies": [{"operation": "pay", "type": "probabilistic", "param": 0.5}]}
	], "default_strategy": {"type": "probabilistic", "param": 0.25}}`))
	if err != nil {
		t.Fatal(err)
	}
	rate := func(r float64) *api_v2.ProbabilisticSamplingStrategy {
		return &api_v2.ProbabilisticSamplingStrategy{SamplingRate: r}
	}
	for service, want := range map[string]*api_v2.SamplingStrategyResponse{
		"other": {ProbabilisticSampling: rate(0.25)},
		"shop": {
			StrategyType:         api_v2.SamplingStrategyType_RATE_LIMITING,
			RateLimitingSampling: &api_v2.RateLimitingSamplingStrategy{MaxTracesPerSecond: 5},
			OperationSampling: &api_v2.PerOperationSamplingStrategies{
				DefaultSamplingProbability: unnamedOperations,
				PerOperationStrategies:     []*api_v2.OperationSamplingStrategy{{Operation: "pay", ProbabilisticSampling: rate(0.5)}},
			},
		},
	} {
		params, err := proto.Marshal(&api_v2.SamplingStrategyParameters{ServiceName: service})
		if err != nil {
			t.Fatal(err)
		}
		reply, err := strategies.Protobuf(params)
		if err != nil {
			t.Fatal(err)
		}
		var got api_v2.SamplingStrategyResponse
		if err := proto.Unmarshal(reply, &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, &got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: response (-want +got):\n%s", service, diff)
		}
	}
	if _, err := strategies.Protobuf([]byte{0xff}); err == nil {
		t.Error("a broken request got a response")
	}
}
