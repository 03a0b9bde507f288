package elasticsearch

import (
	"testing"

	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probetest"
	"github.com/otdemo/otdemo/pkg/doctor/internal/storage"
)

// A storage that Jaeger does not use cannot be the cause.
func TestStorageOfAnotherKind(t *testing.T) {
	t.Parallel()
	p := Probe()
	for kind, want := range map[string]probe.Status{"memory": probe.StatusWarn, probe.StorageElasticsearch: probe.StatusFail, "": probe.StatusFail} {
		target := probetest.Outside(probetest.Load(t))
		target.Storage.Kind = probe.StorageElasticsearch
		env := &probe.Env{Target: target, Probe: &p, Earlier: map[string]*probe.Outcome{
			probe.IDStorageKind: {Published: storage.AdminInfo{Kind: kind}},
			probe.IDCanary:      {Finding: probe.Finding{Status: probe.StatusFail, Code: probe.CodeCanaryLost}},
		}}
		f := storage.Finalize(stopsJaeger())(env, probe.Found(probe.StatusFail, CodeRefused, "refused"))
		if explains := f.Explains == probe.IDCanary; f.Status != want || explains != (want == probe.StatusFail) {
			t.Errorf("Jaeger stores spans in %q: got %s, explains %q, want %s", kind, f.Status, f.Explains, want)
		}
	}
}
