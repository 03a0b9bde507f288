package tracer_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/tracer"
)

// BenchmarkHTTP is a span from StartSpan to the collector's response, for the tracing
// systems that send over HTTP.
func BenchmarkHTTP(b *testing.B) {
	for _, test := range []struct {
		tracer string
		status int
	}{
		{config.TracerJaeger, http.StatusAccepted},
		{config.TracerZipkin, http.StatusAccepted},
		{config.TracerOTel, http.StatusOK},
	} {
		b.Run(test.tracer, func(b *testing.B) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				w.WriteHeader(test.status)
			}))
			defer server.Close()
			cfg := config.Defaults()
			cfg.Service, cfg.Tracer = "shop", test.tracer
			cfg.Reporter.Collector.Endpoint = server.URL + "/spans"
			tr, err := tracer.New(cfg, tracer.Options{Block: true})
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				span := tr.StartSpan("HTTP GET")
				span.SetTag("http.url", "http://localhost:8000/gettime")
				span.SetTag("http.status_code", 200)
				span.Finish()
			}
			if err := tr.Close(context.Background()); err != nil {
				b.Fatal(err)
			}
			if s := tr.Stats(); s.Sent != s.Finished {
				b.Fatalf("got %+v, want all sent", s)
			}
		})
	}
}
