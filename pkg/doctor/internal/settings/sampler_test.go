package settings

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probetest"
)

func TestSampler(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		kind   string
		param  float64
		status probe.Status
		code   probe.Code
		fact   string
		hint   string
	}{
		"const 1":             {"const", 1, probe.StatusOK, codeSamplerKeepsAll, "const 1 keeps every trace", ""},
		"const 0":             {"const", 0, probe.StatusFail, codeSamplerKeepsNothing, "const 0 keeps no trace", hintKeepAll},
		"probabilistic 0":     {"probabilistic", 0, probe.StatusFail, codeSamplerKeepsNothing, "probability 0 keeps no trace", hintKeepAll},
		"probabilistic 0.001": {"probabilistic", 0.001, probe.StatusWarn, codeSamplerKeepsFew, "probability 0.001 keeps one trace in 1000", hintKeepAll},
		"probabilistic 1e-9":  {"probabilistic", 1e-9, probe.StatusWarn, codeSamplerKeepsFew, "probability 1e-09 keeps one trace in 1e+09", hintKeepAll},
		"probabilistic 0.25":  {"probabilistic", 0.25, probe.StatusOK, codeSamplerKeepsSome, "probability 0.25 keeps one trace in 4", ""},
		"probabilistic 1":     {"probabilistic", 1, probe.StatusOK, codeSamplerKeepsAll, "probability 1 keeps every trace", ""},
		"ratelimiting 0":      {"ratelimiting", 0, probe.StatusFail, codeSamplerKeepsNothing, "ratelimiting 0 keeps only the first trace", hintKeepAll},
		"ratelimiting 2":      {"ratelimiting", 2, probe.StatusOK, codeSamplerKeepsSome, "ratelimiting keeps up to 2 traces a second", ""},
		"ratelimiting 1":      {"ratelimiting", 1, probe.StatusOK, codeSamplerKeepsSome, "ratelimiting keeps up to 1 trace a second", ""},
		"remote 0":            {"remote", 0, probe.StatusOK, codeSamplerRemote, "remote: keeps no trace until the server at sampler.endpoint responds", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			loaded := probetest.Load(t)
			loaded.Config.Sampler = config.Sampler{Type: tt.kind, Param: tt.param}
			f, _ := probetest.Examine(t, SamplerProbe(), probetest.Outside(loaded), nil)
			probetest.Expect(t, f, tt.status, tt.code, tt.fact, tt.hint)
		})
	}
}

func TestSamplerShowsItsOrigin(t *testing.T) {
	t.Parallel()
	f, _ := probetest.Examine(t, SamplerProbe(), probetest.Outside(probetest.Load(t, "sampler.param", "0")), nil)
	if diff := cmp.Diff([]string{"sampler.type = const (default), sampler.param = 0 (--flag)"}, f.Evidence); diff != "" {
		t.Errorf("evidence (-want +got):\n%s", diff)
	}
}
