package sampling

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// The types of strategies, named as jaeger-client-go names its samplers.
const (
	Const         = "const"
	Probabilistic = "probabilistic"
	RateLimiting  = "ratelimiting"
)

// Strategy is how a tracer samples.
type Strategy struct {
	Type string
	// Param is 0 or 1 for const, 0..1 for probabilistic, and whole traces per
	// second for ratelimiting.
	Param float64
}

// All keeps every trace.
func All() Strategy { return Strategy{Type: Probabilistic, Param: 1} }

// Parse reads TYPE:PARAM, for example probabilistic:0.1.
func Parse(s string) (Strategy, error) {
	kind, param, found := strings.Cut(s, ":")
	if !found {
		return Strategy{}, fmt.Errorf("sampling strategy must be TYPE:PARAM such as probabilistic:0.1, got %q", s)
	}
	n, err := strconv.ParseFloat(param, 64)
	if err != nil {
		return Strategy{}, fmt.Errorf("sampling strategy %q: its parameter must be a number, got %q", s, param)
	}
	strategy := Strategy{Type: kind, Param: n}
	return strategy, strategy.Validate()
}

// Validate returns an error if the strategy is invalid.
func (s Strategy) Validate() error {
	switch s.Type {
	case Const:
		if s.Param != 0 && s.Param != 1 {
			return fmt.Errorf("sampling parameter of %s must be 0 or 1, got %v", s.Type, s.Param)
		}
	case Probabilistic:
		if !(s.Param >= 0 && s.Param <= 1) {
			return fmt.Errorf("sampling parameter of %s must be between 0 and 1, got %v", s.Type, s.Param)
		}
	case RateLimiting:
		// The protocol has 16 bits for it.
		if s.Param != math.Trunc(s.Param) || s.Param < 0 || s.Param > math.MaxInt16 {
			return fmt.Errorf("sampling parameter of %s must be a whole number between 0 and %d, got %v", s.Type, math.MaxInt16, s.Param)
		}
	default:
		return fmt.Errorf("sampling type must be %s, %s or %s, got %q", Const, Probabilistic, RateLimiting, s.Type)
	}
	return nil
}

// String returns TYPE:PARAM, which Parse reads.
func (s Strategy) String() string { return s.Type + ":" + strconv.FormatFloat(s.Param, 'g', -1, 64) }
