package sampling

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/gogo/protobuf/jsonpb"
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
	var out api_v2.SamplingStrategyResponse
	text, err := json.Marshal(answerFor(s.For(in.ServiceName)))
	if err == nil {
		err = jsonpb.Unmarshal(bytes.NewReader(text), &out)
	}
	if err != nil {
		return nil, fmt.Errorf("write SamplingStrategyResponse: %w", err)
	}
	return proto.Marshal(&out) //nolint:wrapcheck // cannot fail
}
