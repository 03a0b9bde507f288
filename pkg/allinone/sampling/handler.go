package sampling

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/gogo/protobuf/jsonpb"
	"github.com/gogo/protobuf/proto"
	"github.com/jaegertracing/jaeger-idl/proto-gen/api_v2"
)

// unnamedOperations is the probability that Jaeger gives the operations that a
// strategy does not name, when it is not itself a probability.
const unnamedOperations = 0.001

// response expresses const as a probability, since the protocol has no other
// word for it.
func response(s Service) *api_v2.SamplingStrategyResponse {
	out := &api_v2.SamplingStrategyResponse{ProbabilisticSampling: probability(s.Param)}
	unnamed := s.Param
	if s.Type == RateLimiting {
		out = &api_v2.SamplingStrategyResponse{
			StrategyType:         api_v2.SamplingStrategyType_RATE_LIMITING,
			RateLimitingSampling: &api_v2.RateLimitingSamplingStrategy{MaxTracesPerSecond: int32(s.Param)},
		}
		unnamed = unnamedOperations
	}
	if len(s.Operations) == 0 {
		return out
	}
	out.OperationSampling = &api_v2.PerOperationSamplingStrategies{DefaultSamplingProbability: unnamed}
	for _, op := range s.Operations {
		out.OperationSampling.PerOperationStrategies = append(out.OperationSampling.PerOperationStrategies,
			&api_v2.OperationSamplingStrategy{Operation: op.Name, ProbabilisticSampling: probability(op.Probability)})
	}
	return out
}

func probability(rate float64) *api_v2.ProbabilisticSamplingStrategy {
	return &api_v2.ProbabilisticSamplingStrategy{SamplingRate: rate}
}

// Protobuf returns the encoded SamplingStrategyResponse to an encoded
// SamplingStrategyParameters, which Jaeger's agents request over gRPC.
func (s *Strategies) Protobuf(params []byte) ([]byte, error) {
	var in api_v2.SamplingStrategyParameters
	if err := proto.Unmarshal(params, &in); err != nil {
		return nil, fmt.Errorf("read SamplingStrategyParameters: %w", err)
	}
	return proto.Marshal(response(s.For(in.ServiceName))) //nolint:wrapcheck // cannot fail
}

// toJSON words a response as Jaeger's agent does: with zeros, without what is not set.
// The type is text: Jaeger 2.0 to 2.15 have 0 and 1, which jaeger-client-go cannot read.
func toJSON(r *api_v2.SamplingStrategyResponse) (string, error) {
	text, err := (&jsonpb.Marshaler{EmitDefaults: true}).MarshalToString(r)
	unset := strings.NewReplacer(`,"probabilisticSampling":null`, "", `,"rateLimitingSampling":null`, "", `,"operationSampling":null`, "")
	return unset.Replace(text), err
}

// Handler serves strategies, which must be valid, on /, /sampling, and on
// /api/sampling where Jaeger 1's collector has them, with the answers of Jaeger
// 1.62 to everything else.
func Handler(strategies Strategies) http.Handler {
	serve := func(w http.ResponseWriter, r *http.Request) {
		services := r.URL.Query()["service"]
		if len(services) != 1 {
			http.Error(w, "'service' parameter must be provided once", http.StatusBadRequest)
			return
		}
		text, err := toJSON(response(strategies.For(services[0])))
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(text)) // the client may have left
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", serve)
	mux.HandleFunc("GET /sampling", serve)
	mux.HandleFunc("GET /api/sampling", serve)
	mux.HandleFunc("GET /baggageRestrictions", func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "collector error: baggage not implemented", http.StatusInternalServerError)
	})
	return mux
}
