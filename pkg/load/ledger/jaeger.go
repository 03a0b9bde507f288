package ledger

import (
	"context"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/prometheus/common/model"
)

// readJaeger reads Jaeger's counters of losses on the host of its query API, by name
// and URL. The map is empty if none of the ports responds.
func readJaeger(ctx context.Context, client *http.Client, queryURL string) map[string]int64 {
	u, err := url.Parse(queryURL)
	if err != nil || u.Hostname() == "" {
		return nil
	}
	var mu sync.Mutex
	var wg sync.WaitGroup
	found := make(map[string]int64)
	// Collector and all-in-one of Jaeger 1, its agent, and Jaeger 2.
	for _, port := range []string{"14269", "14271", "8888"} {
		wg.Go(func() {
			address := "http://" + net.JoinHostPort(u.Hostname(), port) + "/metrics"
			page := scrape(ctx, client, address)
			mu.Lock()
			defer mu.Unlock()
			for _, sample := range page {
				if name := string(sample.Metric[model.MetricNameLabel]); isLossCounter(name) {
					found[name+" at "+address] += int64(sample.Value)
				}
			}
		})
	}
	wg.Wait()
	return found
}

// isLossCounter reports whether a counter counts losses, by the words in its name,
// which differ between versions of Jaeger.
func isLossCounter(name string) bool {
	if !strings.HasSuffix(name, "_total") ||
		!strings.HasPrefix(name, "jaeger_") && !strings.HasPrefix(name, "otelcol_") {
		return false
	}
	return slices.ContainsFunc([]string{"drop", "refused", "reject", "fail", "error"}, func(word string) bool {
		return strings.Contains(name, word)
	})
}

func increased(before, after map[string]int64) (found evidence) {
	for _, name := range slices.Sorted(maps.Keys(after)) {
		n := after[name] - before[name]
		found.add(n, "Jaeger's counter %s increased by %d", name, n)
	}
	return found
}
