package ledger

import (
	"context"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

const (
	// scrapeTimeout bounds reading one page of metrics: a service that is busy with
	// the run still responds, a host that drops packets must not delay the ledger.
	scrapeTimeout = 3 * time.Second
	// maxScrape is far above the size of any of the pages.
	maxScrape = 8 << 20
)

func newScraper() *http.Client {
	dialer := &net.Dialer{Timeout: scrapeTimeout}
	return &http.Client{
		Timeout:   scrapeTimeout,
		Transport: &http.Transport{DialContext: dialer.DialContext},
		// The target of a redirect has other counters, if any.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// scrape reads a page of metrics in Prometheus's text form; nil if there is none. The
// samples of histograms have the names of their parts.
func scrape(ctx context.Context, client *http.Client, url string) model.Vector {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return nil
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(io.LimitReader(resp.Body, maxScrape))
	if err != nil {
		return nil
	}
	samples, err := expfmt.ExtractSamples(&expfmt.DecodeOptions{}, slices.Collect(maps.Values(families))...)
	if err != nil {
		return nil
	}
	return samples
}
