package send

// The ports at which backends receive spans by default, as in URLs.
const (
	PortOTLPGRPC   = "4317"
	PortOTLPHTTP   = "4318"
	PortZipkinHTTP = "9411"
	portAppdash    = "7701"
)
