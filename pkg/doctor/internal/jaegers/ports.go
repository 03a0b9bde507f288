package jaegers

// Jaeger's UDP ports. The Go client sends what 6831 expects.
const (
	PortCompact = 6831
	PortBinary  = 6832
	PortZipkin  = 5775
)
