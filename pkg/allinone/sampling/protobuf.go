package sampling

import (
	"fmt"

	"github.com/otdemo/otdemo/pkg/allinone/internal/pb"
)

// The fields of SamplingStrategyParameters, of SamplingStrategyResponse and of
// what that holds (sampling.proto in jaeger-idl).
const (
	paramsService = 1

	answerType          = 1
	answerProbabilistic = 2
	answerRateLimiting  = 3
	answerOperations    = 4

	probabilisticRate    = 1
	rateLimitingTraces   = 1
	operationsDefault    = 1
	operationsPer        = 3
	operationName        = 1
	operationProbability = 2

	typeRateLimiting = 1
)

// Protobuf answers a SamplingStrategyParameters with a SamplingStrategyResponse,
// which is how Jaeger's agents ask over gRPC.
func (s *Strategies) Protobuf(params []byte) ([]byte, error) {
	service := ""
	m := pb.Read(params)
	for m.Next() {
		if m.Number == paramsService {
			service = m.String()
		}
	}
	if err := m.Err(); err != nil {
		return nil, fmt.Errorf("read SamplingStrategyParameters: %w", err)
	}
	answer := answerFor(s.For(service))
	return answer.protobuf(), nil
}

func (a *answer) protobuf() []byte {
	var b []byte
	if p := a.Probabilistic; p != nil {
		b = pb.AppendBytes(b, answerProbabilistic, p.protobuf())
	}
	if r := a.RateLimiting; r != nil {
		b = pb.AppendUint(b, answerType, typeRateLimiting)
		b = pb.AppendBytes(b, answerRateLimiting, pb.AppendUint(nil, rateLimitingTraces, uint64(r.MaxTracesPerSecond)))
	}
	if o := a.Operations; o != nil {
		inner := pb.AppendDouble(nil, operationsDefault, o.Default)
		for _, op := range o.PerOperation {
			one := pb.AppendBytes(nil, operationName, op.Operation)
			one = pb.AppendBytes(one, operationProbability, op.Probabilistic.protobuf())
			inner = pb.AppendBytes(inner, operationsPer, one)
		}
		b = pb.AppendBytes(b, answerOperations, inner)
	}
	return b
}

func (p *probabilistic) protobuf() []byte {
	return pb.AppendDouble(nil, probabilisticRate, p.SamplingRate)
}
