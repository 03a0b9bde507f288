package storage

import (
	"fmt"
	"slices"
	"sync"

	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
)

// FirstOf reaches all servers of a storage at once, which are of that kind in the
// plural, and publishes the first that responds. Jaeger starts if one does, so
// another that does not is a warning then.
func FirstOf[T any](env *probe.Env, kind string, servers []string, reach func(server string) (probe.Finding, *T)) probe.Finding {
	findings, reached := make([]probe.Finding, len(servers)), make([]*T, len(servers))
	var wg sync.WaitGroup
	for i, server := range servers {
		wg.Go(func() { findings[i], reached[i] = reach(server) })
	}
	wg.Wait()
	good := slices.IndexFunc(reached, func(server *T) bool { return server != nil })
	bad := slices.Index(reached, nil)
	if good < 0 {
		return findings[bad]
	}
	env.Publish(*reached[good])
	if bad < 0 {
		return findings[good]
	}
	f := findings[bad]
	f.Status = probe.StatusWarn
	f.Fact += fmt.Sprintf(" (another of the %d %s responds)", len(servers), kind)
	return f
}

// affectedProbes are the probes whose failure a broken storage may be the cause
// of: Jaeger exits at its start when it cannot reach its storage, and accepts
// spans that the storage then rejects.
func affectedProbes() []string {
	return []string{probe.IDUDP, probe.IDCollector, probe.IDQuery, probe.IDCanary}
}

// RelatedProbes are what Finalize judges by.
func RelatedProbes() []string { return append(affectedProbes(), probe.IDStorageKind) }

// Finalize returns a Probe.Finalize that judges what was found at the storage by
// what became of the canary. When it was read back the storage cannot be all wrong,
// whatever it looks like from here; and when something failed the storage may explain
// it. With the findings stopsJaeger a Jaeger exits at its start.
func Finalize(stopsJaeger []probe.Code) func(*probe.Env, probe.Finding) probe.Finding {
	return func(env *probe.Env, f probe.Finding) probe.Finding {
		if f.Status != probe.StatusFail {
			return f
		}
		if env.Passed(probe.IDCanary) {
			f.Status = probe.StatusWarn
			return f.Saw("a span was read back all the same: Jaeger reaches its storage by another path, or only other spans are affected")
		}
		if admin, ok := probe.Result[AdminInfo](env, probe.IDStorageKind); ok && admin.Kind != "" && !env.Storage.Is(admin.Kind) {
			f.Status = probe.StatusWarn
			return f.Saw("Jaeger stores spans in " + admin.Kind + " (" + admin.source + "), so this is not its storage")
		}
		for _, id := range affectedProbes() {
			if env.Failed(id) && explains(env.Code(id), slices.Contains(stopsJaeger, f.Code)) {
				return f.AsCauseOf(id)
			}
		}
		return f
	}
}

// explains reports whether a finding about the storage is the cause of that
// code. Jaeger does not start without a storage that responds, so nothing
// listens then; a storage that only works badly loses spans of a Jaeger that
// runs.
func explains(failure probe.Code, stopsJaeger bool) bool {
	switch failure {
	case probe.CodeCanaryLost, probe.CodeQueryError, probe.CodeCollectorError:
		return true
	case probe.CodeUDPRefused, probe.CodeCollectorRefused, probe.CodeQueryRefused:
		return stopsJaeger
	default:
		return false
	}
}
