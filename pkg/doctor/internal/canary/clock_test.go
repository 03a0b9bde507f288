package canary

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probetest"
)

// clockServer responds with a clock that is ahead of this one.
func clockServer(t *testing.T, ahead time.Duration, age time.Duration) string {
	t.Helper()
	return probetest.Serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Date", time.Now().Add(ahead-age).UTC().Format(http.TimeFormat))
		if age > 0 {
			w.Header().Set("Age", strconv.Itoa(int(age.Seconds())))
		}
	}).URL
}

func TestClock(t *testing.T) {
	t.Parallel()
	noDate := probetest.Serve(t, func(w http.ResponseWriter, _ *http.Request) { w.Header()["Date"] = nil }).URL
	tests := map[string]struct {
		query  string
		status probe.Status
		code   probe.Code
		// In these, HOST stands for the URL's host:port, SKEW for a duration.
		start string
		end   string
	}{
		"agrees":          {clockServer(t, 0, 0), probe.StatusOK, codeClockAgrees, "clocks agree within 5s", ""},
		"is a bit ahead":  {clockServer(t, -3*time.Second, 0), probe.StatusOK, codeClockAgrees, "clocks agree within 5s", ""},
		"is a bit behind": {clockServer(t, 4*time.Second, 0), probe.StatusOK, codeClockAgrees, "clocks agree within 5s", ""},
		"is ahead": {
			clockServer(t, -time.Hour, 0), probe.StatusWarn, codeClockDiffers, "this machine's clock is 59m5", "ahead of that of HOST",
		},
		"is behind": {
			clockServer(t, time.Hour, 0), probe.StatusWarn, codeClockDiffers, "this machine's clock is 59m5", "behind that of HOST",
		},
		"a cache answers": {clockServer(t, 0, time.Hour), probe.StatusOK, codeClockAgrees, "clocks agree within 5s", ""},
		"no date":         {noDate, probe.StatusUnknown, codeClockUnknown, "no Date header received; cannot compare clocks", ""},
		"no answer":       {"http://" + probetest.ClosedAddr(t), probe.StatusUnknown, codeClockUnknown, "no Date header received; cannot compare clocks", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, _ := probetest.Examine(t, ClockProbe(), probetest.Outside(probetest.Load(t, "query.url", tt.query)), nil)
			if f.Status != tt.status || f.Code != tt.code {
				t.Errorf("got %s %s %q, want %s %s", f.Status, f.Code, f.Fact, tt.status, tt.code)
			}
			// Whole seconds leave the last one open: an hour shows as 59m59s or 1h0m0s.
			fact := strings.NewReplacer("1h0m0s", "59m59s", probetest.Hostport(tt.query), "HOST").Replace(f.Fact)
			if !strings.HasPrefix(fact, tt.start) || !strings.HasSuffix(fact, tt.end) {
				t.Errorf("got %q, want %q...%q", f.Fact, tt.start, tt.end)
			}
		})
	}
}

// The worst of all hosts counts.
func TestClockOfTheCollector(t *testing.T) {
	t.Parallel()
	collector := clockServer(t, -time.Minute, 0)
	f, env := probetest.Examine(t, ClockProbe(), probetest.Outside(probetest.Load(t,
		"query.url", clockServer(t, 0, 0), "reporter.collector.endpoint", collector+"/api/traces")), nil)
	if f.Code != codeClockDiffers || !strings.HasSuffix(f.Fact, "ahead of that of "+probetest.Hostport(collector)) || len(f.Evidence) != 2 {
		t.Errorf("got %s %q %q, want that of the collector", f.Code, f.Fact, f.Evidence)
	}
	if skew := env.Published.(clockSkew); skew.least < 58*time.Second || skew.most > time.Minute+2*time.Second {
		t.Errorf("learned %+v, want about a minute", skew)
	}
}
