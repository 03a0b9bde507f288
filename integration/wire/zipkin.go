package wire

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/openzipkin/zipkin-go/model"
)

// ReadZipkin reads the spans of a trace from the Zipkin at url, none while it has
// none.
func ReadZipkin(ctx context.Context, url, traceID string) ([]model.SpanModel, error) {
	var spans []model.SpanModel
	err := askZipkin(ctx, url+"/api/v2/trace/"+traceID, &spans)
	return spans, err
}

// ZipkinTraces reads all spans that the Zipkin at url has, of 10000 traces at most.
func ZipkinTraces(ctx context.Context, url string) ([]model.SpanModel, error) {
	var traces [][]model.SpanModel
	if err := askZipkin(ctx, url+"/api/v2/traces?limit=10000", &traces); err != nil {
		return nil, err
	}
	var all []model.SpanModel
	for _, spans := range traces {
		all = append(all, spans...)
	}
	return all, nil
}

// askZipkin leaves into as it is when Zipkin has not found what was asked for.
func askZipkin(ctx context.Context, url string, into any) error {
	status, body, err := get(ctx, newClient(), url)
	switch {
	case err != nil:
		return err
	case status == http.StatusNotFound:
		return nil
	case status != http.StatusOK:
		return fmt.Errorf("read %s: status %d: %s", url, status, body)
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("read %s: %w", url, err)
	}
	return nil
}
