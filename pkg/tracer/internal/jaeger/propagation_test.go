package jaeger

import (
	"testing"

	"github.com/uber/jaeger-client-go"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/tracer/internal/propagation"
)

// Its own format alone is the library's business.
func TestOwnFormatNeedsNoOptions(t *testing.T) {
	t.Parallel()
	for _, names := range [][]string{{config.PropagationJaeger}, {config.PropagationW3C}} {
		f, err := propagation.New(names, nil)
		if err != nil {
			t.Fatal(err)
		}
		options := propagationOptions("shop", f, jaeger.NewNullMetrics(), jaeger.NewConstSampler(true))
		if native := names[0] == config.PropagationJaeger; native != (len(options) == 0) {
			t.Errorf("%s: got %d options", names, len(options))
		}
	}
}
