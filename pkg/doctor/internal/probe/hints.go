package probe

import (
	"fmt"

	"github.com/otdemo/otdemo/pkg/config"
)

// Origin returns where the value of key was set.
func Origin(loaded *config.Loaded, key string) string { return OriginOf(loaded, key).String() }

// HintLogs is for causes that are only in Jaeger's log.
const HintLogs = "docker logs --tail 50 jaeger"

// HintAllInOne starts the backend that comes with otdemo.
const HintAllInOne = "otdemo all-in-one"

// HintStart returns how to start a Jaeger on host, as far as that is possible
// from here.
func HintStart(host string) string {
	if IsLoopback(host) {
		return HintAllInOne
	}
	return fmt.Sprintf("start Jaeger on %s, or send spans elsewhere: --agent-host HOST", host)
}
