package doctor

import "slices"

func (v version) known() bool { return v != version{} }

// endOfV1 is when Jaeger 1 ceased to be maintained, with 1.76.
const endOfV1 = "2025-12-31"

// generation is a run of releases whose all-in-one listens alike by default.
type generation struct {
	// from is the first release; the last is the one before the next generation.
	from version
	// udp are the ports that take spans, tcp those of everything else.
	udp, tcp []int
	// loopback: all but the UI listens on 127.0.0.1 only, unless
	// JAEGER_LISTEN_HOST says otherwise, as it does in the image.
	loopback bool
	// numericStrategy: port 5778 answers with strategies that jaeger-client-go
	// cannot read.
	numericStrategy bool
	// collectorSampling: port 14268 has /api/sampling.
	collectorSampling bool
}

// generations returns all generations, oldest first. Source: what 1.42, 1.62 and
// 2.13 listened on when they were run, and for the others the EXPOSE lines and
// all-in-one.yaml of their tags. 1.46 switched OTLP on (jaeger#4494), 1.63
// removed the agent (jaeger#6081), 2.1 had no UDP until 2.2 (jaeger#6413), and
// 2.16 writes strategies in words (jaeger#8014).
func generations() []generation {
	thrift := []int{portZipkin, portCompact, portBinary}
	two := []int{4317, 4318, 5778, 5779, 8888, 9411, 13133, 14250, 14268, 16685, 16686}
	return []generation{
		{
			from: versionAt(1, 0), udp: thrift, collectorSampling: true,
			tcp: []int{5778, 14250, 14268, 14269, 16685, 16686},
		},
		{
			from: versionAt(1, 46), udp: thrift, collectorSampling: true,
			tcp: []int{4317, 4318, 5778, 14250, 14268, 14269, 16685, 16686},
		},
		{
			from: versionAt(1, 63), collectorSampling: true,
			tcp: []int{4317, 4318, 14250, 14268, 14269, 16685, 16686},
		},
		{from: versionAt(2, 0), udp: []int{portCompact, portBinary}, tcp: two, loopback: true, numericStrategy: true},
		{from: versionAt(2, 1), tcp: two, loopback: true, numericStrategy: true},
		{from: versionAt(2, 2), udp: []int{portCompact, portBinary}, tcp: two, loopback: true, numericStrategy: true},
		{from: versionAt(2, 16), udp: []int{portCompact, portBinary}, tcp: two, loopback: true},
	}
}

// generation returns the one that v belongs to.
func (v version) generation() (generation, bool) {
	for _, g := range slices.Backward(generations()) {
		if v.atLeast(g.from.major, g.from.minor) {
			return g, true
		}
	}
	return generation{}, false
}
