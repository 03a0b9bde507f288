package sampling

import (
	"encoding/json"
	"log/slog"
	"net/http"
)

// answer is Jaeger's SamplingStrategyResponse as its agent words it. The type is
// text: Jaeger 2.0 to 2.15 say 0 and 1, which jaeger-client-go cannot read.
type answer struct {
	StrategyType  string         `json:"strategyType"`
	Probabilistic *probabilistic `json:"probabilisticSampling,omitempty"`
	RateLimiting  *rateLimiting  `json:"rateLimitingSampling,omitempty"`
}

type probabilistic struct {
	SamplingRate float64 `json:"samplingRate"`
}

type rateLimiting struct {
	MaxTracesPerSecond int16 `json:"maxTracesPerSecond"`
}

// answerFor expresses const as a probability, since the protocol has no other
// word for it.
func answerFor(s Strategy) answer {
	if s.Type == RateLimiting {
		return answer{StrategyType: "RATE_LIMITING", RateLimiting: &rateLimiting{int16(s.Param)}}
	}
	return answer{StrategyType: "PROBABILISTIC", Probabilistic: &probabilistic{s.Param}}
}

// Handler serves strategy, which must be valid, to every service on / and
// /sampling, with the answers of Jaeger 1.62 to everything else.
func Handler(strategy Strategy, logger *slog.Logger) http.Handler {
	serve := func(w http.ResponseWriter, r *http.Request) {
		if len(r.URL.Query()["service"]) != 1 {
			http.Error(w, "'service' parameter must be provided once", http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		body, err := json.Marshal(answerFor(strategy))
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
	mux.HandleFunc("GET /baggageRestrictions", func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "collector error: baggage not implemented", http.StatusInternalServerError)
	})
	return mux
}
