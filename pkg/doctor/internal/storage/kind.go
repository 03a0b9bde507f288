package storage

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"sync"

	"github.com/otdemo/otdemo/pkg/doctor/internal/identity"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
)

// The codes of what is found here.
const (
	CodeStorageMemory  probe.Code = "storage-memory"
	CodeStorageKind    probe.Code = "storage-kind"
	CodeStorageOther   probe.Code = "storage-other-kind"
	CodeStorageUnknown probe.Code = "storage-kind-unknown"
)

// KindProbe asks Jaeger where it keeps spans.
func KindProbe() probe.Probe {
	return probe.Probe{
		ID:       probe.IDStorageKind,
		Hop:      probe.HopStorage,
		Title:    "it is known where Jaeger keeps spans",
		Advisory: true,
		Codes:    []probe.Code{CodeStorageMemory, CodeStorageKind, CodeStorageOther, CodeStorageUnknown},
		Run:      runStorageKind,
		// The counters are to be read before the canary, so nothing is waited for.
		RunsBeside: []string{probe.IDIdentity},
		Finalize:   settleStorageKind,
	}
}

// settleStorageKind forgets what a Jaeger beside the Zipkin has told that shows
// the traces.
func settleStorageKind(env *probe.Env, f probe.Finding) probe.Finding {
	shown, _ := probe.Result[identity.Identity](env, probe.IDIdentity)
	if !shown.Zipkin {
		return f
	}
	env.Publish(nil)
	return probe.NotUsed("%s shows the traces, and this is about Jaeger's storage", shown)
}

// JaegerInside is what Jaeger's own ports for its operators tell.
type JaegerInside struct {
	// kind is the name of the storage's kind, "" when it is not told.
	Kind string
	// counters are those before the canary, if they were read in time.
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

func runStorageKind(ctx context.Context, env *probe.Env) probe.Finding {
	host := identity.Neighbourhood(&env.Target)
	if host == "" {
		return probe.NotUsed("no port is the usual one, so those that tell are not known")
	}
	inside := LookInside(ctx, env, host)
	env.Publish(inside)
	wants := env.Storage.Kind
	switch {
	case inside.Kind == "":
		return probe.Found(probe.StatusSkip, CodeStorageUnknown, "Jaeger's ports 14269 and 8888 do not tell where it keeps spans").
			Hint("docker inspect -f '{{.Config.Env}} {{.Args}}' jaeger")
	case wants != "" && !env.Storage.Is(inside.Kind):
		return probe.Found(probe.StatusWarn, CodeStorageOther, "Jaeger keeps spans in %s, and not in %s", inside.Kind, wants).
			Saw(inside.source).
			Hint(
				"SPAN_STORAGE_TYPE="+wants+" (Jaeger 1)",
				"docker run -v $PWD/config.yaml:/config.yaml jaegertracing/jaeger --config /config.yaml (Jaeger 2 ignores SPAN_STORAGE_TYPE)",
			)
	case inside.Kind == "memory":
		return probe.Found(probe.StatusOK, CodeStorageMemory, "Jaeger keeps spans in memory: they are gone when it restarts").Saw(inside.source)
	default:
		return probe.Found(probe.StatusOK, CodeStorageKind, "Jaeger keeps spans in %s", inside.Kind).Saw(inside.source)
	}
}

// LookInside asks the ports of both generations at once. They are rarely open to
// others, and a firewall must not make a check slow.
func LookInside(ctx context.Context, env *probe.Env, host string) JaegerInside {
	ctx, cancel := context.WithTimeout(ctx, probe.NeighbourTimeout)
	defer cancel()
	var inside JaegerInside
	var vars, one, two *probe.Fetched
	var wg sync.WaitGroup
	wg.Go(func() { vars = beside(ctx, env, host, "14269", "/debug/vars") })
	wg.Go(func() { one = beside(ctx, env, host, "14269", "/metrics") })
	wg.Go(func() { two = beside(ctx, env, host, "8888", "/metrics") })
	wg.Wait()
	if vars != nil {
		if m := storageV1.FindSubmatch(vars.Body); m != nil {
			inside.Kind, inside.source = string(m[1]), string(m[0])+" at "+probe.Bare(vars.URL)
		}
	}
	if one != nil {
		inside.Counters, inside.CountersFrom = readCounters(one.Body), one.URL.Host
	}
	if two != nil && len(inside.Counters) == 0 {
		inside.Counters, inside.CountersFrom = readCounters(two.Body), two.URL.Host
	}
	if two != nil && inside.Kind == "" {
		// A Jaeger 2 may have several; the one that is meant goes first.
		for _, m := range storageV2.FindAllSubmatch(two.Body, -1) {
			if kind := string(m[1]); inside.Kind == "" || env.Storage.Is(kind) {
				inside.Kind, inside.source = kind, `kind="`+kind+`" at `+probe.Bare(two.URL)
			}
		}
	}
	return inside
}

// beside gets a path of another port of host, nil when it is not there.
func beside(ctx context.Context, env *probe.Env, host, port, path string) *probe.Fetched {
	u := &url.URL{Scheme: "http", Host: net.JoinHostPort(host, port), Path: path}
	got, err := probe.Fetch(ctx, env, u, probe.MaxMetrics)
	if err != nil || got.Status != http.StatusOK {
		return nil
	}
	return got
}
