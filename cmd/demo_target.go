package cmd

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/otdemo/otdemo/pkg/allinone"
	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/printable"
	"github.com/otdemo/otdemo/pkg/tracer/kind"
)

// demoFlushInterval is short because a person waits for the trace.
const demoFlushInterval = 20 * time.Millisecond

// demoConfig returns the defaults with the given flags, and those flags as they were
// typed. Files and environment variables are ignored, so that the demo works anywhere.
func (a *app) demoConfig(flags *pflag.FlagSet) (config.Config, []string, error) {
	src := config.Source{File: os.DevNull} // else ./config.yaml is looked for
	var given []string
	flags.Visit(func(f *pflag.Flag) {
		if kf, ok := f.Value.(*keyFlag); ok {
			src.Flags = append(src.Flags, config.Flag{Name: "--" + f.Name, Key: kf.key, Value: kf.text})
			given = append(given, "--"+f.Name, kf.text)
		}
	})
	if len(src.Flags) == 0 {
		return config.Defaults(), nil, nil
	}
	loaded, err := config.Load(src)
	if err != nil {
		return config.Config{}, nil, usageError(err)
	}
	if loaded.Config.Tracer == config.TracerNoop {
		return config.Config{}, nil, usageError(withHint(errors.New("no trace to show: tracer noop makes no spans"),
			"leave out --tracer noop"))
	}
	a.warn(loaded.Warnings)
	return loaded.Config, given, nil
}

// useBackend points the configuration at the backend: the tracer at the receiver whose
// usual port is that of the tracer's default endpoint, or at the agent's.
func (s *demoSystem) useBackend() error {
	addrs := s.backend.Addrs()
	cfg := &s.cfg
	cfg.Reporter.FlushInterval = demoFlushInterval
	cfg.Query.URL = "http://" + addrs[allinone.Query]
	cfg.Serve.Port = 0
	k := kind.Of(cfg.Tracer)
	endpoint, err := url.Parse(k.CollectorURL)
	if err != nil {
		return err
	}
	for _, l := range allinone.Listeners() {
		if endpoint.Port() == strconv.Itoa(l.Port) {
			endpoint.Host = addrs[l.Name]
			cfg.Reporter.Collector.Endpoint = endpoint.String()
			return nil
		}
	}
	host, port, err := net.SplitHostPort(addrs[allinone.AgentCompact])
	if err != nil {
		return err
	}
	cfg.Reporter.Agent.Host = host
	cfg.Reporter.Agent.Port, err = strconv.Atoi(port)
	return err
}

// flags returns the flags with which another process sends its spans here and reads
// them back.
func (s *demoSystem) flags() string {
	to := []string{"--agent-port", strconv.Itoa(s.cfg.Reporter.Agent.Port)}
	if s.cfg.UsesCollector() {
		to = []string{"--collector-endpoint", s.cfg.Reporter.Collector.Endpoint}
	}
	all := append(append(slices.Clip(s.given), to...), "--query-url", s.reader.URL())
	return strings.Join(all, " ")
}

// printNextCommands prints commands for a second terminal, with the ports chosen.
func (a *app) printNextCommands(s *demoSystem) {
	fmt.Fprintf(a.env.Stdout, `
In another terminal:
  otdemo call %s --show %s
  otdemo check-jaeger %[2]s
Ctrl-C stops it.
`, s.url(), printable.Line(s.flags()))
}
