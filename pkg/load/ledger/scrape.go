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

// metrics has the samples of a page by their metric's name. Histograms are there
// under the names of their parts.
type metrics map[string]model.Vector

// scrape reads a page of metrics in Prometheus's text form; nil if there is none.
func scrape(ctx context.Context, client *http.Client, url string) metrics {
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
	page := make(metrics)
	for _, sample := range samples {
		name := string(sample.Metric[model.MetricNameLabel])
		page[name] = append(page[name], sample)
	}
	return page
}

// sum adds up a metric over its labels; ok reports whether the page has it.
func (m metrics) sum(name string) (total float64, ok bool) {
	samples, ok := m[name]
	for _, s := range samples {
		total += float64(s.Value)
	}
	return total, ok
}

func (m metrics) byLabel(name, label string) map[string]int64 {
	values := make(map[string]int64)
	for _, s := range m[name] {
		values[string(s.Metric[model.LabelName(label)])] += int64(s.Value)
	}
	return values
}
