package storage

import (
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
)

// beforeStorage are the probes whose failure a broken storage may be the cause
// of: Jaeger exits at its start when it cannot reach its storage, and accepts
// spans that the storage then rejects.
func beforeStorage() []string {
	return []string{probe.IDUDP, probe.IDCollector, probe.IDQuery, probe.IDCanary}
}

// AboutStorage are what SettleStorage judges by.
func AboutStorage() []string { return append(beforeStorage(), probe.IDStorageKind) }

// SettleStorage returns a Probe.Finalize that judges what was found at the storage by
// what became of the canary. When it was read back the storage cannot be all wrong,
// whatever it looks like from here; and when something failed the storage may explain
// it. stopsJaeger reports whether a Jaeger that finds this exits at its start.
func SettleStorage(stopsJaeger func(probe.Code) bool) func(*probe.Env, probe.Finding) probe.Finding {
	return func(env *probe.Env, f probe.Finding) probe.Finding { return settle(env, f, stopsJaeger) }
}

func settle(env *probe.Env, f probe.Finding, stopsJaeger func(probe.Code) bool) probe.Finding {
	if f.Status != probe.StatusFail {
		return f
	}
	if env.Passed(probe.IDCanary) {
		f.Status = probe.StatusWarn
		return f.Saw("and yet a span came back from Jaeger: it reaches its storage in another way, or other spans are concerned")
	}
	if inside, ok := probe.Result[JaegerInside](env, probe.IDStorageKind); ok && inside.Kind != "" && !env.Storage.Is(inside.Kind) {
		f.Status = probe.StatusWarn
		return f.Saw("and Jaeger keeps spans in " + inside.Kind + " (" + inside.source + "), so this is not its storage")
	}
	for _, id := range beforeStorage() {
		if env.Failed(id) && explains(env.Code(id), stopsJaeger(f.Code)) {
			return f.AsCauseOf(id)
		}
	}
	return f
}

// explains reports whether a finding about the storage is the cause of that code.
// Jaeger does not start without a storage that answers, so nothing listens then; a
// storage that is only ill loses spans of a Jaeger that runs.
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
