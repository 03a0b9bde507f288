package sampling

import (
	"fmt"

	"github.com/gogo/protobuf/proto"
	"github.com/jaegertracing/jaeger-idl/proto-gen/api_v2"
)

// Protobuf returns the encoded SamplingStrategyResponse to an encoded
// SamplingStrategyParameters, which Jaeger's agents request over gRPC.
func (s *Strategies) Protobuf(params []byte) ([]byte, error) {
	var in api_v2.SamplingStrategyParameters
	if err := proto.Unmarshal(params, &in); err != nil {
		return nil, fmt.Errorf("read SamplingStrategyParameters: %w", err)
	}
	out, err := proto.Marshal(answerFor(s.For(in.ServiceName)).message())
	if err != nil {
		return nil, fmt.Errorf("write SamplingStrategyResponse: %w", err)
	}
	return out, nil
}

func (a answer) message() *api_v2.SamplingStrategyResponse {
	out := &api_v2.SamplingStrategyResponse{}
	if p := a.Probabilistic; p != nil {
		out.ProbabilisticSampling = p.message()
	}
	if r := a.RateLimiting; r != nil {
		out.StrategyType = api_v2.SamplingStrategyType_RATE_LIMITING
		out.RateLimitingSampling = &api_v2.RateLimitingSamplingStrategy{MaxTracesPerSecond: int32(r.MaxTracesPerSecond)}
	}
	if o := a.Operations; o != nil {
		out.OperationSampling = &api_v2.PerOperationSamplingStrategies{DefaultSamplingProbability: o.Default}
		for _, op := range o.PerOperation {
			out.OperationSampling.PerOperationStrategies = append(out.OperationSampling.PerOperationStrategies,
				&api_v2.OperationSamplingStrategy{Operation: op.Operation, ProbabilisticSampling: op.Probabilistic.message()})
		}
	}
	return out
}

func (p probabilistic) message() *api_v2.ProbabilisticSamplingStrategy {
	return &api_v2.ProbabilisticSamplingStrategy{SamplingRate: p.SamplingRate}
}
