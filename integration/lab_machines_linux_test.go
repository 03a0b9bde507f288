package integration

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/otdemo/otdemo/integration/jaegers"
	"github.com/otdemo/otdemo/integration/lab"
	"github.com/otdemo/otdemo/integration/process"
)

// settings are how a Jaeger is started that is not as it comes.
type settings struct {
	args, env []string
}

// jaegerOn runs a Jaeger on the machine, at its own default ports, until the test
// ends. It returns when the ports are listened on, such as "tcp/16686".
func jaegerOn(t *testing.T, m *lab.Machine, r jaegers.Release, s settings, ports ...string) *process.Process {
	t.Helper()
	path, err := r.Path()
	if err != nil {
		t.Fatal(err)
	}
	// Its own traces would be among the services, and keep 2.13 from ending.
	return programOn(t, m, process.Command{
		Path: path, Args: s.args, Env: append([]string{"OTEL_TRACES_SAMPLER=always_off"}, s.env...),
	}, ports...)
}

// programOn is jaegerOn for any program, which it returns.
func programOn(t *testing.T, m *lab.Machine, c process.Command, ports ...string) *process.Process {
	t.Helper()
	c.Dir = t.TempDir()
	p := process.Start(t, m.Command(c))
	m.AwaitListeners(t, p.Done(), ports...)
	return p
}

// v1 starts 1.62 on a machine.
func v1(t *testing.T, m *lab.Machine, s settings) *process.Process {
	t.Helper()
	s.args = append(s.args, "--log-level=warn")
	return jaegerOn(t, m, jaegers.V162(), s,
		"udp/6831", "udp/6832", "udp/5775", "tcp/5778", "tcp/14268", "tcp/14269", "tcp/14250", "tcp/16686")
}

// v2 starts 2.13 on a machine, with the configuration that is built in.
func v2(t *testing.T, m *lab.Machine, s settings) *process.Process {
	t.Helper()
	s.args = append(s.args, "--set=service.telemetry.logs.level=warn")
	return jaegerOn(t, m, jaegers.V213(), s,
		"udp/6831", "udp/6832", "tcp/5778", "tcp/14268", "tcp/13133", "tcp/4318", "tcp/9411", "tcp/16686")
}

// jaeger162 makes a machine with a Jaeger 1.62 and with whoever asks it.
func jaeger162(args ...string) func(*testing.T) place {
	return func(t *testing.T) place {
		t.Helper()
		m := lab.NewMachine(t)
		v1(t, m, settings{args: args})
		return place{in: m.Command}
	}
}

// jaeger213 is jaeger162 for 2.13.
func jaeger213(t *testing.T) place {
	t.Helper()
	m := lab.NewMachine(t)
	v2(t, m, settings{})
	return place{in: m.Command}
}

func machineAlone(t *testing.T) place {
	t.Helper()
	return place{in: lab.NewMachine(t).Command}
}

func writeFile(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}
