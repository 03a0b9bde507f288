package allinone

// The names of the listeners, in Options.Ports, ListenError, Stats and
// Backend.Addrs.
const (
	AgentCompact  = "agent-compact"
	AgentBinary   = "agent-binary"
	AgentZipkin   = "agent-zipkin"
	CollectorHTTP = "collector-http"
	CollectorGRPC = "collector-grpc"
	Zipkin        = "zipkin"
	OTLPGRPC      = "otlp-grpc"
	OTLPHTTP      = "otlp-http"
	Appdash       = "appdash"
	Query         = "query"
	Sampling      = "sampling"
	Health        = "health"
	HealthV2      = "health-v2"
)

// Off in Options.Ports leaves a listener out.
const Off = -1

// Listener is one of the ports that a Backend listens on.
type Listener struct {
	Name string
	// Network is udp or tcp.
	Network string
	// Port is the one that Jaeger has for it, or Appdash.
	Port int
	// Spans says whether spans come in there.
	Spans bool
	// Purpose says what the port is for, as a phrase that begins with a verb.
	Purpose string
}

// Listeners returns every listener that a Backend can have. A further one takes a
// row here and a line in Backend.start.
func Listeners() []Listener {
	return []Listener{
		{AgentCompact, "udp", 6831, true, "take compact thrift over UDP, which Jaeger's clients send by default"},
		{AgentBinary, "udp", 6832, true, "take binary thrift over UDP"},
		{AgentZipkin, "udp", 5775, true, "take Zipkin's compact thrift over UDP"},
		{CollectorHTTP, "tcp", 14268, true, "take thrift over HTTP"},
		{Zipkin, "tcp", 9411, true, "take Zipkin's JSON and thrift over HTTP"},
		{CollectorGRPC, "tcp", 14250, true, "take spans over gRPC, as Jaeger's agents send them"},
		{OTLPGRPC, "tcp", 4317, true, "take OpenTelemetry's spans over gRPC"},
		{OTLPHTTP, "tcp", 4318, true, "take OpenTelemetry's spans over HTTP, as protobuf or JSON"},
		{Appdash, "tcp", 7701, true, "take Appdash's spans over TCP"},
		{Query, "tcp", 16686, false, "answer Jaeger's query API, and browsers"},
		{Sampling, "tcp", 5778, false, "serve sampling strategies"},
		{Health, "tcp", 14269, false, "tell Jaeger 1's health, and metrics"},
		{HealthV2, "tcp", 13133, false, "tell Jaeger 2's health"},
	}
}
