package probe

import (
	"fmt"
	"strings"
	"time"

	"github.com/otdemo/otdemo/pkg/config"

	"github.com/otdemo/otdemo/internal/hosts"
)

// HintLogs is for causes that are only in Jaeger's log.
const HintLogs = "docker logs --tail 50 jaeger"

// HintAllInOne starts the backend that comes with otdemo.
const HintAllInOne = "otdemo all-in-one"

// HintStart returns how to start a Jaeger on host, as far as that is possible
// from here.
func HintStart(host string) string {
	if hosts.IsLoopback(host) {
		return HintAllInOne
	}
	return fmt.Sprintf("start Jaeger on %s, or send spans elsewhere: --agent-host HOST", host)
}

// Origin returns where the value of key was set.
func Origin(loaded *config.Loaded, key string) string { return OriginOf(loaded, key).String() }

// OriginOf is where the value of a known key is from.
func OriginOf(loaded *config.Loaded, key string) config.Origin {
	for _, v := range loaded.Values {
		if v.Key == key {
			return v.Origin
		}
	}
	return config.Origin{}
}

// List joins names and leaves out most of many.
func List(names []string) string {
	const few = 3
	if len(names) <= few {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:few], ", "), len(names)-few)
}

// First returns the first line, or "".
func First(lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	return lines[0]
}

// RoundTime keeps three digits or so.
func RoundTime(d time.Duration) time.Duration {
	if d < 10*time.Millisecond {
		return d.Round(100 * time.Microsecond)
	}
	return d.Round(time.Millisecond)
}
