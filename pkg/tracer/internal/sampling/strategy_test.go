package sampling

import "testing"

func TestParseStrategy(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		body   string
		text   string
		client bool // jaeger-client-go can use it
	}{
		{`{"strategyType":"PROBABILISTIC","probabilisticSampling":{"samplingRate":0.001}}`, "probabilistic 0.001", true},
		{`{"strategyType":0,"probabilisticSampling":{"samplingRate":1}}`, "probabilistic 1", false},
		{`{"strategyType":null,"probabilisticSampling":{"samplingRate":1}}`, "probabilistic 1", true},
		{`{"probabilisticSampling":{"samplingRate":0}}`, "probabilistic 0", true},
		{`{"strategyType":1,"rateLimitingSampling":{"maxTracesPerSecond":3}}`, "ratelimiting 3/s", false},
		{
			`{"strategyType":"PROBABILISTIC","probabilisticSampling":{"samplingRate":1},"operationSampling":` +
				`{"defaultSamplingProbability":0.2,"perOperationStrategies":[{"operation":"a","probabilisticSampling":{"samplingRate":1}}]}}`,
			"per operation, default 0.2, 1 operation", true,
		},
	} {
		s, err := ParseStrategy([]byte(test.body))
		if err != nil {
			t.Errorf("%s: %v", test.body, err)
			continue
		}
		if s.String() != test.text || (s.ClientError == nil) != test.client {
			t.Errorf("%s: got %q, client error %v", test.body, s, s.ClientError)
		}
	}
}

// FuzzParseStrategy: no answer makes the sampler panic.
func FuzzParseStrategy(f *testing.F) {
	f.Add([]byte(`{"strategyType":0,"probabilisticSampling":{"samplingRate":1}}`))
	f.Add([]byte(`{"operationSampling":{"perOperationStrategies":[null]}}`))
	f.Add([]byte("<html>"))
	f.Fuzz(func(t *testing.T, body []byte) {
		s, err := ParseStrategy(body)
		if err == nil && (s.response == nil || s.Rate < 0 || s.Rate > 1) {
			t.Errorf("accepted %q as %+v", body, s)
		}
	})
}
