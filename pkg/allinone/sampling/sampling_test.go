package sampling

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	thrift "github.com/uber/jaeger-client-go/thrift-gen/sampling"
)

func TestParse(t *testing.T) {
	t.Parallel()
	tests := []struct {
		in      string
		want    Strategy
		wantErr string
	}{
		{in: "const:1", want: Strategy{Const, 1}},
		{in: "const:0", want: Strategy{Const, 0}},
		{in: "probabilistic:0.25", want: Strategy{Probabilistic, 0.25}},
		{in: "ratelimiting:10", want: Strategy{RateLimiting, 10}},
		{in: "const", wantErr: `must be TYPE:PARAM such as probabilistic:0.1, got "const"`},
		{in: "const:x", wantErr: `must be a number, got "x"`},
		{in: "const:0.5", wantErr: "must be 0 or 1, got 0.5"},
		{in: "probabilistic:100", wantErr: "must be between 0 and 1, got 100"},
		{in: "probabilistic:NaN", wantErr: "must be between 0 and 1, got NaN"},
		{in: "ratelimiting:0.5", wantErr: "must be a whole number between 0 and 32767, got 0.5"},
		{in: "ratelimiting:-1", wantErr: "must be a whole number between 0 and 32767, got -1"},
		{in: "remote:1", wantErr: `must be const, probabilistic or ratelimiting, got "remote"`},
	}
	for _, tt := range tests {
		t.Run(tt.in, func(t *testing.T) {
			t.Parallel()
			got, err := Parse(tt.in)
			if tt.wantErr != "" {
				if err == nil || !strings.Contains(err.Error(), tt.wantErr) {
					t.Fatalf("got error %v, want one with %q", err, tt.wantErr)
				}
				return
			}
			if err != nil || got != tt.want {
				t.Errorf("got %v, %v, want %v", got, err, tt.want)
			}
			if got.String() != tt.in {
				t.Errorf("got text %q, want %q", got, tt.in)
			}
		})
	}
}

func TestHandler(t *testing.T) {
	t.Parallel()
	half := Strategy{Probabilistic, 0.5}
	tests := []struct {
		name, method, target string
		strategy             Strategy
		wantStatus           int
		wantBody             string
	}{
		{"probabilistic", "GET", "/sampling?service=x", half, 200, `{"strategyType":"PROBABILISTIC","probabilisticSampling":{"samplingRate":0.5}}`},
		{"root path", "GET", "/?service=x", half, 200, `{"strategyType":"PROBABILISTIC","probabilisticSampling":{"samplingRate":0.5}}`},
		{"const", "GET", "/sampling?service=x", Strategy{Const, 0}, 200, `{"strategyType":"PROBABILISTIC","probabilisticSampling":{"samplingRate":0}}`},
		{"rate", "GET", "/sampling?service=x", Strategy{RateLimiting, 7}, 200, `{"strategyType":"RATE_LIMITING","rateLimitingSampling":{"maxTracesPerSecond":7}}`},
		{"no service", "GET", "/sampling", half, 400, "'service' parameter must be provided once\n"},
		{"two services", "GET", "/?service=x&service=y", half, 400, "'service' parameter must be provided once\n"},
		{"baggage", "GET", "/baggageRestrictions?service=x", half, 500, "collector error: baggage not implemented\n"},
		{"unknown path", "GET", "/nosuch?service=x", half, 404, "404 page not found\n"},
		{"post", "POST", "/sampling?service=x", half, 405, "Method Not Allowed\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := httptest.NewRecorder()
			r := httptest.NewRequestWithContext(t.Context(), tt.method, tt.target, http.NoBody)
			Handler(Same(tt.strategy)).ServeHTTP(w, r)
			if w.Code != tt.wantStatus || w.Body.String() != tt.wantBody {
				t.Errorf("got %d %q, want %d %q", w.Code, w.Body, tt.wantStatus, tt.wantBody)
			}
		})
	}
}

// jaeger-client-go reads the answer into this very type.
func TestAnswerIsReadByJaegerClient(t *testing.T) {
	t.Parallel()
	for _, strategy := range []Strategy{All(), {RateLimiting, 3}} {
		body, err := toJSON(response(Service{Strategy: strategy}))
		if err != nil {
			t.Fatal(err)
		}
		var got thrift.SamplingStrategyResponse
		if err := json.Unmarshal([]byte(body), &got); err != nil {
			t.Errorf("%s: %v", body, err)
		}
	}
}
