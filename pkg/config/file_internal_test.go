package config

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A file system that does not respond stops nothing, and a slow one is waited for.
func TestReadThatHangs(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		takes time.Duration
		want  string
	}{
		{readTimeout - time.Millisecond, ""},
		{time.Hour, "read f: not read within 5s"},
	} {
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			data, err := within(readTimeout, "f", func() ([]byte, error) {
				<-time.After(test.takes)
				return []byte("x"), nil
			})
			if test.want == "" && (err != nil || string(data) != "x") || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("after %s: got %q, %v, want the error %q", test.takes, data, err, test.want)
			}
			if waited := time.Since(start); waited > readTimeout {
				t.Errorf("waited %s", waited)
			}
			<-time.After(test.takes) // the read that was left to itself ends
		})
	}
}
