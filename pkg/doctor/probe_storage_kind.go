package doctor

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"sync"
)

const idStorageKind = "storage-kind"

const (
	codeStorageMemory  Code = "storage-memory"
	codeStorageKind    Code = "storage-kind"
	codeStorageOther   Code = "storage-other-kind"
	codeStorageUnknown Code = "storage-kind-unknown"
)

// storageKind asks Jaeger where it keeps spans.
func storageKind() Probe {
	return Probe{
		ID:    idStorageKind,
		Hop:   HopStorage,
		Title: "it is known where Jaeger keeps spans",
		Aside: true,
		Codes: []Code{codeStorageMemory, codeStorageKind, codeStorageOther, codeStorageUnknown},
		Run:   runStorageKind,
		// The counters are to be read before the canary, so nothing is waited for.
		Beside: []string{idIdentity},
		Settle: settleStorageKind,
	}
}

// settleStorageKind forgets what a Jaeger beside the Zipkin has told that shows
// the traces.
func settleStorageKind(env *Env, f Finding) Finding {
	shown, _ := fact[identity](env, idIdentity)
	if !shown.zipkin {
		return f
	}
	env.learn(nil)
	return notUsed("%s shows the traces, and this is about Jaeger's storage", shown)
}

// jaegerInside is what Jaeger's own ports for its operators tell.
type jaegerInside struct {
	// kind is the name of the storage's kind, "" when it is not told.
	kind string
	// counters are those before the canary, if they were read in time.
	counters counters
	// countersFrom is host:port that has them.
	countersFrom string
	source       string
}

var (
	// storageV1 is a key of Jaeger 1's expvars (plugin/storage/factory.go), the
	// value of which is 1.
	storageV1 = regexp.MustCompile(`"span-storage-type-([a-z0-9-]+)":\s*1\b`)
	// storageV2 is a label of the metrics of Jaeger 2, of the storages in use.
	storageV2 = regexp.MustCompile(`(?m)^jaeger_storage_[a-z_]+\{[^}]*\bkind="([a-z0-9-]+)"`)
)

func runStorageKind(ctx context.Context, env *Env) Finding {
	host := neighbourhood(&env.Target)
	if host == "" {
		return notUsed("no port is the usual one, so those that tell are not known")
	}
	inside := lookInside(ctx, env, host)
	env.learn(inside)
	wants := env.Storage.Kind
	switch {
	case inside.kind == "":
		return found(StatusSkip, codeStorageUnknown, "Jaeger's ports 14269 and 8888 do not tell where it keeps spans").
			hint("docker inspect -f '{{.Config.Env}} {{.Args}}' jaeger")
	case wants != "" && !env.Storage.is(inside.kind):
		return found(StatusWarn, codeStorageOther, "Jaeger keeps spans in %s, and not in %s", inside.kind, wants).
			saw(inside.source).
			hint(
				"SPAN_STORAGE_TYPE="+wants+" (Jaeger 1)",
				"docker run -v $PWD/config.yaml:/config.yaml jaegertracing/jaeger --config /config.yaml (Jaeger 2 ignores SPAN_STORAGE_TYPE)",
			)
	case inside.kind == "memory":
		return found(StatusOK, codeStorageMemory, "Jaeger keeps spans in memory: they are gone when it restarts").saw(inside.source)
	default:
		return found(StatusOK, codeStorageKind, "Jaeger keeps spans in %s", inside.kind).saw(inside.source)
	}
}

// is reports whether Jaeger's name of a kind means this one. Jaeger's two names
// for Elasticsearch and OpenSearch lead to the same client.
func (s Storage) is(kind string) bool {
	return s.Kind == kind || s.searches() && Storage{Kind: kind}.searches()
}

// lookInside asks the ports of both generations at once. They are rarely open to
// others, and a firewall must not make a check slow.
func lookInside(ctx context.Context, env *Env, host string) jaegerInside {
	ctx, cancel := context.WithTimeout(ctx, neighbourTimeout)
	defer cancel()
	var inside jaegerInside
	var vars, one, two *fetched
	var wg sync.WaitGroup
	wg.Go(func() { vars = beside(ctx, env, host, "14269", "/debug/vars") })
	wg.Go(func() { one = beside(ctx, env, host, "14269", "/metrics") })
	wg.Go(func() { two = beside(ctx, env, host, "8888", "/metrics") })
	wg.Wait()
	if vars != nil {
		if m := storageV1.FindSubmatch(vars.body); m != nil {
			inside.kind, inside.source = string(m[1]), string(m[0])+" at "+bare(vars.url)
		}
	}
	if one != nil {
		inside.counters, inside.countersFrom = readCounters(one.body), one.url.Host
	}
	if two != nil && len(inside.counters) == 0 {
		inside.counters, inside.countersFrom = readCounters(two.body), two.url.Host
	}
	if two != nil && inside.kind == "" {
		// A Jaeger 2 may have several; the one that is meant goes first.
		for _, m := range storageV2.FindAllSubmatch(two.body, -1) {
			if kind := string(m[1]); inside.kind == "" || env.Storage.is(kind) {
				inside.kind, inside.source = kind, `kind="`+kind+`" at `+bare(two.url)
			}
		}
	}
	return inside
}

// beside gets a path of another port of host, nil when it is not there.
func beside(ctx context.Context, env *Env, host, port, path string) *fetched {
	u := &url.URL{Scheme: "http", Host: net.JoinHostPort(host, port), Path: path}
	got, err := fetch(ctx, env, u, maxMetrics)
	if err != nil || got.status != http.StatusOK {
		return nil
	}
	return got
}
