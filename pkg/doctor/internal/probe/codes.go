package probe

// The codes that more than one package uses. The others are declared next to
// their probes.
const (
	CodeCanaryLost           Code = "canary-lost"
	CodeCanaryNotSent        Code = "canary-not-sent"
	CodeCollectorError       Code = "collector-error"
	CodeCollectorRefused     Code = "collector-refused"
	CodeCollectorTimeout     Code = "collector-timeout"
	CodeCollectorUnreachable Code = "collector-unreachable"
	CodeCollectorUnresolved  Code = "collector-unresolved"
	CodeHostUnresolved       Code = "agent-host-unresolved"
	CodeQueryAnswers         Code = "query-answers"
	CodeQueryError           Code = "query-error"
	CodeQueryRefused         Code = "query-refused"
	CodeQueryUnresolved      Code = "query-unresolved"
	CodeUDPRefused           Code = "udp-refused"
	CodeUDPUnreachable       Code = "udp-unreachable"
)
