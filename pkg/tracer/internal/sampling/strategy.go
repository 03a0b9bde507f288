package sampling

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/uber/jaeger-client-go/thrift-gen/sampling"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/plural"
	"github.com/otdemo/otdemo/pkg/tracer/internal/httpsend"
)

// Strategy is the response of a strategy server: how a service is to sample.
type Strategy struct {
	// Type is probabilistic, ratelimiting or per operation.
	Type string
	// Rate is the probability of a probabilistic strategy, or the default of one
	// per operation.
	Rate float64
	// TracesPerSecond is the limit of a ratelimiting strategy.
	TracesPerSecond int
	// Operations is the number of operations with a rate of their own.
	Operations int
	// ClientError is jaeger-client-go's own error for the same response; nil
	// if it can use it. It cannot read a strategyType that is a number, as from Jaeger
	// 2.0 to 2.15, and stays silent about it.
	ClientError error

	response *sampling.SamplingStrategyResponse
}

// String describes the strategy in a few words.
func (s Strategy) String() string {
	switch s.Type {
	case config.SamplerRateLimiting:
		return fmt.Sprintf("ratelimiting %d/s", s.TracesPerSecond)
	case typePerOperation:
		return fmt.Sprintf("per operation, default %v, %s", s.Rate, plural.Of(s.Operations, "operation", "operations"))
	default:
		return fmt.Sprintf("probabilistic %v", s.Rate)
	}
}

// typePerOperation is the Type that is no sampler's.
const typePerOperation = "per operation"

// ParseStrategy parses the JSON response of a strategy server, with strategyType as
// a name or as a number. It rejects what jaeger-client-go would ignore, clamp or
// crash on: no strategy at all, rates outside 0 to 1, operations without a rate.
func ParseStrategy(body []byte) (Strategy, error) {
	var answer struct {
		StrategyType json.RawMessage `json:"strategyType"`
		sampling.SamplingStrategyResponse
	}
	if httpsend.IsHTML("", excerpt(body)) {
		return Strategy{}, fmt.Errorf("the answer is a web page, not JSON: %q", excerpt(body))
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return Strategy{}, fmt.Errorf("the answer is not a strategy: %w: %q", err, excerpt(body))
	}
	// Samplers look at it no further: they go by the strategies that are there.
	switch string(answer.StrategyType) {
	case "", "null", "0", "1", `"PROBABILISTIC"`, `"RATE_LIMITING"`:
	default:
		return Strategy{}, fmt.Errorf("strategyType must be PROBABILISTIC or RATE_LIMITING, or must be 0 or 1, got %s", excerpt(answer.StrategyType))
	}
	s := Strategy{
		ClientError: json.Unmarshal(body, new(sampling.SamplingStrategyResponse)),
		response:    &answer.SamplingStrategyResponse,
	}
	return s, s.fill()
}

// fill sets the summary and checks it, in the order in which the client looks.
func (s *Strategy) fill() error {
	switch r := s.response; {
	case r.OperationSampling != nil:
		s.Type = typePerOperation
		s.Rate = r.OperationSampling.DefaultSamplingProbability
		s.Operations = len(r.OperationSampling.PerOperationStrategies)
		for _, o := range r.OperationSampling.PerOperationStrategies {
			if o == nil || o.ProbabilisticSampling == nil {
				return errors.New("an operation has no probabilisticSampling")
			}
			if err := checkRate(o.ProbabilisticSampling.SamplingRate); err != nil {
				return fmt.Errorf("operation %q: %w", o.Operation, err)
			}
		}
		return checkRate(s.Rate)
	case r.ProbabilisticSampling != nil:
		s.Type = config.SamplerProbabilistic
		s.Rate = r.ProbabilisticSampling.SamplingRate
		return checkRate(s.Rate)
	case r.RateLimitingSampling != nil:
		s.Type = config.SamplerRateLimiting
		s.TracesPerSecond = int(r.RateLimitingSampling.MaxTracesPerSecond)
		if s.TracesPerSecond < 0 {
			return fmt.Errorf("maxTracesPerSecond must not be negative, got %d", s.TracesPerSecond)
		}
		return nil
	default:
		return errors.New("the answer has no strategy: no probabilisticSampling, rateLimitingSampling or operationSampling")
	}
}

func checkRate(rate float64) error {
	if rate < 0 || rate > 1 {
		return fmt.Errorf("a sampling rate must be between 0 and 1, got %v", rate)
	}
	return nil
}

func excerpt(body []byte) string {
	const limit = 120
	s := httpsend.OneLine(body[:min(len(body), limit)])
	if len(body) > limit {
		s += "..."
	}
	return s
}
