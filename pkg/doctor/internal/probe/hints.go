package probe

import (
	"fmt"

	"github.com/otdemo/otdemo/pkg/config"
)

// Origin says where the value of key was written down.
func Origin(loaded *config.Loaded, key string) string { return OriginOf(loaded, key).String() }

// HintLogs is for what only Jaeger's log tells.
const HintLogs = "docker logs --tail 50 jaeger"

// HintAllInOne starts the backend that comes with otdemo.
const HintAllInOne = "otdemo all-in-one"

// HintStart says how to get a Jaeger on host, as far as that can be done from
// here.
func HintStart(host string) string {
	if IsLoopback(host) {
		return HintAllInOne
	}
	return fmt.Sprintf("start Jaeger on %s, or send spans elsewhere: --agent-host HOST", host)
}
