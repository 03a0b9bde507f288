package integration

import (
	"encoding/json"
	"testing"
	"time"
)

// TestDeadHostTakesOneTimeout asks a host that drops every packet. The probes
// wait side by side, so that the check takes as long as one of them.
func TestDeadHostTakesOneTimeout(t *testing.T) {
	t.Parallel()
	at := firewalled(rule{"-A", "INPUT", "-j", "DROP"})(t)
	// What a probe may take, as pkg/doctor has it.
	const one = 3 * time.Second
	tests := []struct {
		name  string
		flags []string
		less  time.Duration
	}{
		{"udp", toJaeger(), 2 * one},
		{"http", overHTTP(), 2 * one},
		{"udp in less time", append(toJaeger(), "--timeout", "1s"), one / 2},
		{"http in less time", append(overHTTP(), "--timeout", "1s"), one / 2},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := at.check(t, nil, test.flags...)
			var r labReport
			if err := json.Unmarshal([]byte(got.Stdout), &r); err != nil {
				t.Fatalf("check-jaeger printed %q: %v", got.Stdout, err)
			}
			if got.Code == 0 {
				t.Errorf("got exit code 0 for a host that is dead\n%s", r)
			}
			elapsed := time.Duration(r.ElapsedMS * float64(time.Millisecond))
			if elapsed >= test.less {
				t.Errorf("took %s, want less than %s\n%s", elapsed, test.less, r)
			}
		})
	}
}
