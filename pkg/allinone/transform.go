package allinone

import (
	"errors"
	"net/http"

	"github.com/otdemo/otdemo/pkg/allinone/ingest"
	"github.com/otdemo/otdemo/pkg/allinone/otlp"
	"github.com/otdemo/otdemo/pkg/trace"
)

// decodeOTLP reads a file with OTLP's JSON for the query API, which only shows it.
// Spans that cannot be shown are an error: nobody would miss them.
func decodeOTLP(body []byte) ([]trace.Span, error) {
	message, err := otlp.FromJSON(body)
	if err != nil {
		return nil, err
	}
	request, err := otlp.Decode(message)
	if err != nil {
		return nil, err
	}
	if request.Invalid > 0 {
		return nil, errors.New(otlp.InvalidText(request.Invalid))
	}
	var spans []trace.Span
	for i := range request.Batches {
		spans = append(spans, request.Batches[i].Spans...)
	}
	return spans, nil
}

// readFile reads a file that is to be shown within the limits of uploads.
func readFile(uploads *ingest.Uploads, r *http.Request) (content []byte, release func(), status int, err error) {
	in, err := uploads.Take(r.Body)
	if err != nil {
		status = ingest.StatusOf(ingest.ReasonOf(err))
		if status == http.StatusRequestEntityTooLarge {
			status = http.StatusBadRequest // as Jaeger answers to any file that it cannot read
		}
		return nil, nil, status, err
	}
	return in.Bytes, in.Close, http.StatusOK, nil
}
