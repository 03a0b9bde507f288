package storage

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/otdemo/otdemo/pkg/doctor/internal/identity"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
)

// The codes of what is found here.
const (
	CodeMemory      probe.Code = "storage-memory"
	CodeKind        probe.Code = "storage-kind"
	CodeOtherKind   probe.Code = "storage-other-kind"
	CodeKindUnknown probe.Code = "storage-kind-unknown"
)

// KindProbe reads Jaeger's storage type from its admin ports.
func KindProbe() probe.Probe {
	return probe.Probe{
		ID:       probe.IDStorageKind,
		Hop:      probe.HopStorage,
		Title:    "the storage that Jaeger uses is known",
		Advisory: true,
		Codes:    []probe.Code{CodeMemory, CodeKind, CodeOtherKind, CodeKindUnknown},
		Run:      runKind,
		// The counters are to be read before the canary, so nothing is waited for.
		RunsBeside: []string{probe.IDIdentity},
		Finalize:   finalizeKind,
	}
}

// finalizeKind discards the result if a Zipkin shows the traces: the ports then
// belong to another Jaeger.
func finalizeKind(env *probe.Env, f probe.Finding) probe.Finding {
	shown, _ := probe.Result[identity.Identity](env, probe.IDIdentity)
	if !shown.Zipkin {
		return f
	}
	env.Publish(nil)
	return probe.NotUsed("traces are read from %s, so Jaeger's storage does not matter", shown)
}

// AdminInfo is what Jaeger's admin ports report.
type AdminInfo struct {
	// Kind is the storage type, "" if it is unknown.
	Kind string
	// Counters are those before the canary, if they were read in time.
	Counters Counters
	// CountersFrom is host:port that has them.
	CountersFrom string
	source       string
}

var (
	// storageV1 is a key of Jaeger 1's expvars (plugin/storage/factory.go), the
	// value of which is 1.
	storageV1 = regexp.MustCompile(`"span-storage-type-([a-z0-9-]+)":\s*1\b`)
	// storageV2 is a label of the metrics of Jaeger 2, of the storages in use.
	storageV2 = regexp.MustCompile(`(?m)^jaeger_storage_[a-z_]+\{[^}]*\bkind="([a-z0-9-]+)"`)
)

func runKind(ctx context.Context, env *probe.Env) probe.Finding {
	host := identity.AdminHost(&env.Target)
	if host == "" {
		return probe.NotUsed("no configured port is a default one, so Jaeger's admin ports are unknown")
	}
	admin := ReadAdmin(ctx, env, host)
	env.Publish(admin)
	wants := env.Storage.Kind
	switch {
	case admin.Kind == "":
		return probe.Found(probe.StatusSkip, CodeKindUnknown, "Jaeger's storage type was not found on its ports 14269 and 8888").
			Hint("docker inspect -f '{{.Config.Env}} {{.Args}}' jaeger")
	case wants != "" && !env.Storage.Is(admin.Kind):
		return probe.Warn(CodeOtherKind, "Jaeger stores spans in %s, not in %s", admin.Kind, wants).
			Saw(admin.source).
			Hint(
				"SPAN_STORAGE_TYPE="+wants+" (Jaeger 1)",
				"docker run -v $PWD/config.yaml:/config.yaml jaegertracing/jaeger --config /config.yaml (Jaeger 2 ignores SPAN_STORAGE_TYPE)",
			)
	case admin.Kind == "memory":
		return probe.OK(CodeMemory, "Jaeger stores spans in memory: they are lost when it restarts").Saw(admin.source)
	default:
		return probe.OK(CodeKind, "Jaeger stores spans in %s", admin.Kind).Saw(admin.source)
	}
}

// ReadAdmin reads the admin ports of both generations at once. They are rarely
// open to others, and a firewall must not make a check slow.
func ReadAdmin(ctx context.Context, env *probe.Env, host string) AdminInfo {
	ctx, cancel := context.WithTimeout(ctx, probe.AdminTimeout)
	defer cancel()
	var vars, one, two *probe.Fetched
	var wg sync.WaitGroup
	wg.Go(func() { vars = fetchPort(ctx, env, host, "14269", "/debug/vars") })
	wg.Go(func() { one = fetchPort(ctx, env, host, "14269", "/metrics") })
	wg.Go(func() { two = fetchPort(ctx, env, host, "8888", "/metrics") })
	wg.Wait()
	admin := AdminInfo{Counters: readCounters(one.Body), CountersFrom: one.URL.Host}
	if len(admin.Counters) == 0 {
		admin.Counters, admin.CountersFrom = readCounters(two.Body), two.URL.Host
	}
	if m := storageV1.FindSubmatch(vars.Body); m != nil {
		admin.Kind, admin.source = string(m[1]), string(m[0])+" at "+probe.Bare(vars.URL)
		return admin
	}
	// A Jaeger 2 may have several; the one that is meant goes first.
	for _, m := range storageV2.FindAllSubmatch(two.Body, -1) {
		if kind := string(m[1]); admin.Kind == "" || env.Storage.Is(kind) {
			admin.Kind, admin.source = kind, `kind="`+kind+`" at `+probe.Bare(two.URL)
		}
	}
	return admin
}

// fetchPort gets a path of another port of host. It returns no body when it is not
// there.
func fetchPort(ctx context.Context, env *probe.Env, host, port, path string) *probe.Fetched {
	u := &url.URL{Scheme: "http", Host: net.JoinHostPort(host, port), Path: path}
	got, err := probe.Fetch(ctx, env, u, probe.MaxMetrics)
	if err != nil || got.Status != http.StatusOK {
		return &probe.Fetched{URL: u}
	}
	return got
}

// Counters are sums over the series of a metric, by meaning.
type Counters map[string]float64

// The meanings of the counters.
const (
	CountReceived = "spans of " + probe.CheckService + " received"
	CountAccepted = "spans received"
	CountDropped  = "spans dropped because a queue was full"
	CountRejected = "spans or bulks that the storage rejected"
)

// meaning returns what a metric counts, "" if it does not matter here. The
// names are those of Jaeger 1.42 to 2.20, without the _total that some of them
// add.
func meaning(name, labels string) string {
	ofCheck := strings.Contains(labels, `svc="`+probe.CheckService+`"`)
	switch strings.TrimSuffix(name, "_total") {
	case "jaeger_collector_spans_received", "jaeger_spans_received":
		if ofCheck {
			return CountReceived
		}
		return CountAccepted
	case "otelcol_receiver_accepted_spans":
		return CountAccepted
	case "jaeger_collector_spans_dropped", "jaeger_spans_dropped", "otelcol_exporter_enqueue_failed_spans":
		return CountDropped
	case "jaeger_bulk_index_errors", "jaeger_storage_bulk_index_errors", "otelcol_exporter_send_failed_spans":
		return CountRejected
	case "jaeger_collector_spans_saved_by_svc", "jaeger_spans_saved_by_svc":
		if strings.Contains(labels, `result="err"`) {
			return CountRejected
		}
	}
	return ""
}

// readCounters reads metrics in the text format of Prometheus. Jaeger's help texts
// and labels have no line breaks.
func readCounters(text []byte) Counters {
	sums := make(Counters)
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		end := strings.LastIndex(line, " ")
		if end < 0 || strings.HasPrefix(line, "#") {
			continue
		}
		name, labels, _ := strings.Cut(line[:end], "{")
		what := meaning(name, labels)
		if n, err := strconv.ParseFloat(line[end+1:], 64); err == nil && what != "" {
			sums[what] += n
		}
	}
	return sums
}
