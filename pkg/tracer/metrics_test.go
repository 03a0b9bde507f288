package tracer_test

import (
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/uber/jaeger-lib/metrics"

	"github.com/otdemo/otdemo/pkg/tracer/internal/testkit"
)

// counters is a metrics factory whose counters a test can read by name and tags.
type counters struct {
	prefix string
	tags   map[string]string
	root   *counters

	mu     sync.Mutex
	counts map[string]*testkit.Counter
}

func (c *counters) base() *counters {
	if c.root != nil {
		return c.root
	}
	return c
}

func (c *counters) all(tags map[string]string) map[string]string {
	all := maps.Clone(c.tags)
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, tags)
	return all
}

func (c *counters) count(name string) int64 {
	base := c.base()
	base.mu.Lock()
	defer base.mu.Unlock()
	if n, ok := base.counts[name]; ok {
		return n.Load()
	}
	return -1
}

// Counter returns the counter "prefix.name tag=value ...", tags sorted.
func (c *counters) Counter(o metrics.Options) metrics.Counter {
	tags := c.all(o.Tags)
	name := c.prefix + o.Name
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		name += " " + key + "=" + tags[key]
	}
	base := c.base()
	base.mu.Lock()
	defer base.mu.Unlock()
	if base.counts[name] == nil {
		base.counts[name] = &testkit.Counter{}
	}
	return base.counts[name]
}

func (c *counters) Timer(metrics.TimerOptions) metrics.Timer { return metrics.NullTimer }

func (c *counters) Gauge(metrics.Options) metrics.Gauge { return metrics.NullGauge }

func (c *counters) Histogram(metrics.HistogramOptions) metrics.Histogram {
	return metrics.NullHistogram
}

func (c *counters) Namespace(o metrics.NSOptions) metrics.Factory {
	return &counters{
		prefix: c.prefix + strings.TrimSuffix(o.Name, ".") + ".",
		tags:   c.all(o.Tags),
		root:   c.base(),
	}
}
