package integration

import (
	"testing"

	"github.com/otdemo/otdemo/integration/lab"
	"github.com/otdemo/otdemo/integration/process"
)

// throughEnvironments look through an application at how it reports. Each has a Jaeger of
// its own, because all these applications are of the same service.
func throughEnvironments() []environment {
	through := func(cause, how, hop, code, hint string) []faultCase {
		return []faultCase{{
			cause: cause, how: how, flags: []string{"--through", "http://127.0.0.1:8000/gettime"},
			exit: 1, hop: hop, code: code, hint: hint,
		}}
	}
	// formats is P-02: the application reads one format of headers, and callers
	// write another.
	formats := func(reads, writes string) []faultCase {
		mismatch := through("P-02", "an application with --propagation "+reads+", and callers with "+writes,
			"delivery", "through-format-mismatch", "--propagation "+reads)
		mismatch[0].flags = append(mismatch[0].flags, "--propagation", writes)
		return append(mismatch, joined("an application with --propagation "+reads+", and callers with it", "--propagation", reads))
	}
	return []environment{
		{"an application", application(), []faultCase{joined("an application that joins its caller's trace")}},
		{"an application that reads b3", application("--propagation", "b3"), formats("b3", "jaeger")},
		{"an application that reads w3c", application("--propagation", "w3c"), formats("w3c", "b3")},
		{"an application that reads uber-trace-id", application("--propagation", "jaeger"), formats("jaeger", "w3c")},
		{
			"an application without a tracer", application("--tracer", "noop"),
			through("I-03", "an application with the no-op tracer", "delivery", "through-not-reported", "with the environment of the application"),
		},
		{
			"an application that sends elsewhere", application("--agent-port", "6830"),
			through("R-01", "an application whose agent's port is closed", "delivery", "through-not-reported", "with the environment of the application"),
		},
		{
			"an application that keeps nothing", application("--sampler-type", "const", "--sampler-param", "0"),
			through("S-06", "an application that leaves sampling to its callers, and callers that do not sample", "sampling", "through-sampler-drops", "JAEGER_SAMPLER_TYPE=const"),
		},
	}
}

// joined is an application that joins its caller's trace.
func joined(how string, flags ...string) faultCase {
	joins := well(how, append([]string{"--through", "http://127.0.0.1:8000/gettime"}, flags...)...)
	joins.code = "through-joined"
	return joins
}

// application is a server with these flags beside a Jaeger 1.62.
func application(flags ...string) func(*testing.T) place {
	return func(t *testing.T) place {
		t.Helper()
		m := lab.NewMachine(t)
		v1(t, m, settings{})
		programOn(t, m, process.Command{Path: otdemoPath, Args: append([]string{"serve"}, flags...)}, "tcp/8000")
		return place{in: m.Command}
	}
}
