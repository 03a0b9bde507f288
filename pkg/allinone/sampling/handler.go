package sampling

import (
	"encoding/json"
	"log/slog"
	"net/http"
)

// answer is Jaeger's SamplingStrategyResponse as its agent words it. The type is
// text: Jaeger 2.0 to 2.15 have 0 and 1, which jaeger-client-go cannot read.
type answer struct {
	StrategyType  string         `json:"strategyType"`
	Probabilistic *probabilistic `json:"probabilisticSampling,omitempty"`
	RateLimiting  *rateLimiting  `json:"rateLimitingSampling,omitempty"`
	Operations    *operations    `json:"operationSampling,omitempty"`
}

type probabilistic struct {
	SamplingRate float64 `json:"samplingRate"`
}

type rateLimiting struct {
	MaxTracesPerSecond int16 `json:"maxTracesPerSecond"`
}

type operations struct {
	Default      float64     `json:"defaultSamplingProbability"`
	LowerBound   float64     `json:"defaultLowerBoundTracesPerSecond"`
	PerOperation []operation `json:"perOperationStrategies"`
	UpperBound   float64     `json:"defaultUpperBoundTracesPerSecond"`
}

type operation struct {
	Operation     string        `json:"operation"`
	Probabilistic probabilistic `json:"probabilisticSampling"`
}

// unnamedOperations is the probability that Jaeger gives the operations that a
// strategy does not name, when it is not itself a probability.
const unnamedOperations = 0.001

// answerFor expresses const as a probability, since the protocol has no other
// word for it.
func answerFor(s Service) answer {
	out := answer{StrategyType: "PROBABILISTIC", Probabilistic: &probabilistic{s.Param}}
	unnamed := s.Param
	if s.Type == RateLimiting {
		out = answer{StrategyType: "RATE_LIMITING", RateLimiting: &rateLimiting{int16(s.Param)}}
		unnamed = unnamedOperations
	}
	if len(s.Operations) == 0 {
		return out
	}
	out.Operations = &operations{Default: unnamed}
	for _, op := range s.Operations {
		out.Operations.PerOperation = append(out.Operations.PerOperation,
			operation{Operation: op.Name, Probabilistic: probabilistic{op.Probability}})
	}
	return out
}

// Handler serves strategies, which must be valid, on /, /sampling, and on
// /api/sampling where Jaeger 1's collector has them, with the answers of Jaeger
// 1.62 to everything else.
func Handler(strategies Strategies, logger *slog.Logger) http.Handler {
	serve := func(w http.ResponseWriter, r *http.Request) {
		services := r.URL.Query()["service"]
		if len(services) != 1 {
			http.Error(w, "'service' parameter must be provided once", http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		body, err := json.Marshal(answerFor(strategies.For(services[0])))
		if err == nil {
			_, err = w.Write(body)
		}
		if err != nil {
			logger.Debug("sampling answer was not delivered", "error", err)
		}
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
