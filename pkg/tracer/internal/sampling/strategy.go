package sampling

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/uber/jaeger-client-go/thrift-gen/sampling"

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
	// Numeric is true if strategyType was a number, as from Jaeger 2.0 to 2.15.
	Numeric bool
	// ClientError is jaeger-client-go's own error for the same response; nil
	// if it can use it. It cannot read numbers, and stays silent about it.
	ClientError error

	response *sampling.SamplingStrategyResponse
}

// String describes the strategy in a few words.
func (s Strategy) String() string {
	switch s.Type {
	case typeRateLimiting:
		return fmt.Sprintf("ratelimiting %d/s", s.TracesPerSecond)
	case typePerOperation:
		return fmt.Sprintf("per operation, default %v, %s", s.Rate, plural.Of(s.Operations, "operation", "operations"))
	default:
		return fmt.Sprintf("probabilistic %v", s.Rate)
	}
}

// The values of Strategy.Type.
const (
	typeProbabilistic = "probabilistic"
	typeRateLimiting  = "ratelimiting"
	typePerOperation  = "per operation"
)

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
	response := &answer.SamplingStrategyResponse
	kind, numeric, err := strategyType(answer.StrategyType)
	if err != nil {
		return Strategy{}, err
	}
	response.StrategyType = kind
	s := Strategy{
		Numeric:     numeric,
		ClientError: json.Unmarshal(body, new(sampling.SamplingStrategyResponse)),
		response:    response,
	}
	return s, s.fill()
}

// strategyType reads the enum, which the client does not look at any further: it
// goes by the strategies that are there.
func strategyType(raw json.RawMessage) (kind sampling.SamplingStrategyType, numeric bool, err error) {
	if len(raw) == 0 || bytes.Equal(raw, []byte("null")) {
		return 0, false, nil
	}
	if n, err := strconv.Atoi(string(raw)); err == nil {
		if n != 0 && n != 1 {
			return 0, true, fmt.Errorf("strategyType must be 0 or 1, got %d", n)
		}
		return sampling.SamplingStrategyType(n), true, nil
	}
	if err := json.Unmarshal(raw, &kind); err != nil {
		return 0, false, fmt.Errorf("strategyType must be PROBABILISTIC or RATE_LIMITING, got %s", excerpt(raw))
	}
	return kind, false, nil
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
		s.Type = typeProbabilistic
		s.Rate = r.ProbabilisticSampling.SamplingRate
		return checkRate(s.Rate)
	case r.RateLimitingSampling != nil:
		s.Type = typeRateLimiting
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

// excerpt returns the first bytes of an answer, for an error.
func excerpt(body []byte) string {
	const limit = 120
	s := httpsend.OneLine(body[:min(len(body), limit)])
	if len(body) > limit {
		s += "..."
	}
	return s
}
