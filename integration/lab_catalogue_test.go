package integration

// cause is one entry of the catalogue of causes: why spans do not show up in
// Jaeger, as gathered from its issues and its sources.
type cause struct {
	// id is its number: the stage, and the order of how often it turned up.
	id, words string
	// elsewhere says what shows it instead of this lab, or why it cannot be shown
	// on one Linux machine.
	elsewhere string
}

const (
	byDocker  = "the findings docker-* and compose-*: integration/docker_linux_test.go, with a real Docker engine"
	byThrough = "pkg/doctor/internal/through/probe_test.go, with applications that do this"
	byStorage = "the findings storage-*, es-* and cassandra-*, in pkg/doctor's tests of them"
	byLedger  = "the ledger: otdemo counts each span that it creates; a check from outside cannot see this"
	realES    = "it needs an Elasticsearch running for days; the finding's text covers it"
)

// catalogue returns all causes, in the order of a span's way.
func catalogue() []cause {
	return []cause{
		{"none", "Nothing is wrong", ""},
		{"S-01", "The sampler keeps nothing", ""},
		{"S-02", "The sampler keeps one trace in a thousand", ""},
		{"S-03", "A remote sampler sends its first request after a minute", "sampler-remote reports it; it is a delay, and otdemo's own sampler sends its request immediately"},
		{"S-04", "The sampling server returns no strategy", ""},
		{"S-05", "The strategy has a format that jaeger-client-go cannot read", ""},
		{"S-06", "The caller decided not to sample", ""},
		{"S-07", "A rate limit drops bursts", ""},
		{"S-08", "The server's strategy keeps nothing", ""},
		{"V-01", "This Jaeger no longer has a UDP port", ""},
		{"V-02", "A variable is ignored or misspelt", ""},
		{"V-03", "Jaeger 2 runs with the variables of Jaeger 1", byDocker},
		{"V-04", "Jaeger 2 listens on 127.0.0.1 only", ""},
		{"V-05", "The receiver is missing, or in no pipeline", ""},
		{"V-07", "A port conflict keeps Jaeger from starting", byDocker},
		{"V-08", "The published port is used inside the network", byDocker},
		{"V-09", "The sidecar's annotation is missing", "it needs Kubernetes; seen from the pod it is N-01"},
		{"N-01", "localhost is the container itself", ""},
		{"N-02", "The UDP port is not published, or another program uses it", ""},
		{"N-03", "The port is another of Jaeger's ports", ""},
		{"N-05", "A firewall is in between", ""},
		{"N-06", "On Kubernetes, the agent is on the node", "it needs Kubernetes; N-01 names status.hostIP among the causes"},
		{"N-07", "An old conntrack entry points to a removed container", "a check sends from a new port, which has no old entry; only the application's own socket is affected"},
		{"N-08", "The name does not resolve, or to somebody else", ""},
		{"N-10", "A mutual-TLS proxy is in between", ""},
		{"R-01", "Nothing listens, and the client reports success", ""},
		{"R-02", "The name now has another address", "TestNameMoves, with a server that keeps running while its Jaeger moves"},
		{"R-03", "Large datagrams get lost", ""},
		{"R-04", "macOS limits datagrams to 9216 bytes", "it needs a Mac; canary-large-not-sent has the sysctl"},
		{"R-05", "The client's queue is full", ""},
		{"R-06", "The collector's URL has no path", ""},
		{"R-07", "The collector's URL is a web page's", ""},
		{"R-08", "The collector's password is wrong", ""},
		{"A-01", "The agent cannot reach the collector", ""},
		{"A-02", "TLS on one side only", ""},
		{"A-03", "The collector is stuck", ""},
		{"A-05", "Datagrams are larger than the agent reads", ""},
		{"A-06", "The collector is down behind its gateway", ""},
		{"A-07", "The collector's URL is Zipkin's", ""},
		{"A-08", "The collector's URL is of another protocol", ""},
		{"P-01", "The context is not passed on", byThrough},
		{"P-02", "Two header formats", ""},
		{"I-01", "Buffered spans are lost at the end of a program", ""},
		{"I-02", "The parent is not stored", byThrough},
		{"I-03", "The global tracer does nothing", ""},
		{"I-04", "The tracer is disabled", ""},
		{"I-05", "The service has no name", ""},
		{"I-06", "A span is finished twice", "canary-duplicated, in pkg/doctor's tests of the canary"},
		{"I-07", "Clocks differ, and children start before their parents", "canary-warned and clock-differs, in pkg/doctor's tests of the canary and of the clock"},
		{"I-09", "A header cannot be read", byThrough},
		{"I-10", "The parent is of another tracer", byLedger},
		{"I-11", "The configuration is rejected, and the error is ignored", ""},
		{"Q-00", "The query API is at another address", ""},
		{"Q-01", "A clock is wrong, and the search covers another time", ""},
		{"Q-02", "Old traces are found by a search but not by id", realES},
		{"Q-03", "The search stops at its limit", "the search for the canary covers only its own time, so no limit hides it"},
		{"Q-05", "Ids of 64 and of 128 bits are mixed", "pkg/doctor's tests of the canary, with an id that is truncated"},
		{"Q-06", "Jaeger complains about its own tracing", "not a fault; query-answers explains that the listed services prove nothing"},
		{"Q-07", "The trace is not complete yet", "not a fault: the check waits; a storage that takes 2 s is above, where nothing is wrong"},
		{"ST-01", "The collector's queue is full", byStorage},
		{"ST-02", "The storage is in memory", byStorage},
		{"ST-05", "The tenant is missing", ""},
		{"ES-01", "Jaeger started before Elasticsearch", byDocker},
		{"ES-02", "Elasticsearch is expected on localhost", ""},
		{"ES-03", "Elasticsearch requires a password or TLS", byStorage},
		{"ES-04", "Elasticsearch's version is not supported", byStorage},
		{"ES-05", "An index was created without Jaeger's template", byStorage},
		{"ES-06", "The disk is full, and the index read-only", byStorage},
		{"ES-07", "Collector and query service use different index prefixes", byStorage},
		{"ES-09", "Found by id but not by a search", ""},
		{"ES-11", "Elasticsearch rejects writes", byStorage},
		{"ES-12", "A long search makes the request line too long", realES},
		{"ES-13", "The first trace after midnight is incomplete", realES},
		{"ES-15", "Elasticsearch does not start", byDocker},
		{"ES-16", "A proxy drops bodies of GET", byStorage},
		{"C-01", "The keyspace does not exist", byStorage},
		{"C-02", "The keyspace names another data center", byStorage},
		{"C-03", "Jaeger started before Cassandra", byDocker},
		{"C-04", "Traces expire after two days", byStorage},
	}
}
