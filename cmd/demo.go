package cmd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/otdemo/otdemo/internal/hint"
	"github.com/otdemo/otdemo/internal/wait"
	"github.com/otdemo/otdemo/pkg/allinone"
	"github.com/otdemo/otdemo/pkg/client"
	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/load"
	"github.com/otdemo/otdemo/pkg/printable"
	"github.com/otdemo/otdemo/pkg/query"
	"github.com/otdemo/otdemo/pkg/report/run"
	"github.com/otdemo/otdemo/pkg/report/waterfall"
	"github.com/otdemo/otdemo/pkg/server"
	"github.com/otdemo/otdemo/pkg/trace"
	"github.com/otdemo/otdemo/pkg/tracer"
	"github.com/otdemo/otdemo/pkg/tracer/kind"
)

func newDemo(a *app) *cobra.Command {
	var stay bool
	var how announcement
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Run a traced call with an in-memory Jaeger and show its trace",
		Long: `Run an in-memory Jaeger, a traced server and one traced call in this process, on
free ports and over real sockets. Read the trace back, print it and account for its
spans.

--tracer selects the tracing library, which sends its spans as it would to its own
backend. Configuration files and environment variables are ignored.
` + exitCodesHelp("1 the call failed, or a span was lost", "3"),
		Example: `  otdemo demo
  otdemo demo --stay --open
  otdemo demo --tracer otel --propagation w3c`,
		GroupID: groupOther,
		Args:    maxArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if how.open && !stay {
				return usageError(hint.New(errors.New("--open needs --stay: without it, the page is gone when the command ends"), "use --stay --open"))
			}
			given := keyFlags(cmd.Flags())
			cfg, err := a.demoConfig(given)
			if err != nil {
				return err
			}
			return a.demo(cmd.Context(), &demoSystem{cfg: cfg, given: given}, stay, how)
		},
	}
	addKeyFlag(cmd.Flags(), "tracer", "tracer", "name")
	addKeyFlag(cmd.Flags(), "propagation", "propagation", "formats")
	cmd.Flags().BoolVar(&stay, "stay", false, "keep everything running until Ctrl-C")
	cmd.Flags().BoolVar(&how.open, "open", false, "open the trace in the browser; needs --stay")
	cmd.Flags().StringVar(&how.addrFile, "addr-file", "", "write the listening addresses to `file`, as JSON: name to host:port")
	return cmd
}

// demoSystem is what the demo runs: a Jaeger, a server and its tracer, and the tracer
// of the client.
type demoSystem struct {
	cfg config.Config
	// given are the tracer flags of the command line, which a call from another
	// process needs too.
	given        []config.Flag
	backend      *allinone.Backend
	reader       *query.Client
	http         *localServer
	server, call *tracer.Tracer
}

func (a *app) demo(ctx context.Context, s *demoSystem, stay bool, how announcement) error {
	memory := planMemory(0, a.env.MemoryLimit)
	memory.apply()
	logger := a.quietLogger(a.env.Stderr)
	var err error
	s.backend, err = allinone.Start(allinone.Options{MaxMemory: memory.spans, Logger: logger, Now: a.env.Now})
	if err != nil {
		return err
	}
	var page string
	if err = a.startDemo(ctx, s, logger); err == nil {
		page, err = a.demoCall(ctx, s)
	}
	switch {
	case err != nil:
	case stay:
		a.printNextCommands(s)
		addrs := s.backend.Addrs()
		addrs["http"] = s.http.addr
		if err = a.writeAddrFile(ctx, how.addrFile, addrs); err == nil {
			if how.open {
				a.openOrWarn(ctx, page)
			}
			<-ctx.Done()
		}
	default:
		fmt.Fprintln(a.env.Stdout, `      the page ends with this process; "otdemo demo --stay" keeps it running`)
	}
	return errors.Join(err, s.stop(ctx))
}

func (a *app) startDemo(ctx context.Context, s *demoSystem, logger *slog.Logger) error {
	err := useBackend(&s.cfg, s.backend.Addrs())
	if err != nil {
		return err
	}
	if s.reader, err = query.New(s.cfg.Query.URL, query.Options{}); err != nil {
		return err
	}
	if s.server, err = tracer.New(s.cfg, tracer.Options{Service: "otdemo-server", Logger: logger}); err != nil {
		return err
	}
	if s.call, err = tracer.New(s.cfg, tracer.Options{Service: "otdemo-client", Logger: logger}); err != nil {
		return err
	}
	s.http, err = a.startServer(ctx, server.NewHandler(server.Options{Tracer: s.server, Logger: logger, Now: a.env.Now}), logger)
	return err
}

// stop stops everything that was started, the senders of spans first.
func (s *demoSystem) stop(ctx context.Context) error {
	ctx, cancel := closing(ctx)
	defer cancel()
	var errs []error
	if s.http != nil {
		errs = append(errs, s.http.stop())
	}
	for _, tr := range []*tracer.Tracer{s.call, s.server} {
		if tr != nil {
			errs = append(errs, tr.Close(ctx))
		}
	}
	if s.reader != nil {
		s.reader.Close()
	}
	return errors.Join(append(errs, s.backend.Close(ctx))...)
}

// demoCall makes the call, prints its trace as it was read back, and the numbers of its
// spans. It returns the URL of the trace's page.
func (a *app) demoCall(ctx context.Context, s *demoSystem) (page string, err error) {
	ctx, cancel := context.WithTimeout(ctx, defaultCallTimeout)
	defer cancel()
	c := client.New(s.call, client.Options{Timeout: defaultCallTimeout})
	defer c.Close()
	result, response, err := load.Call(ctx, load.Options{Client: c, Tracer: s.call, Request: client.Request{URL: s.http.url("/")}})
	if err != nil {
		return "", err
	}
	out := a.env.Stdout
	fmt.Fprintf(out, "Received result: %s\n\n", printable.Text(strings.TrimSpace(string(response.Body))))

	// The server's span ends a moment after its response has arrived, but it has been
	// started by then, so the number of started spans is the one to wait for.
	made := s.call.Stats().Sampled + s.server.Stats().Sampled
	t, readErr := s.reader.WaitTrace(ctx, result.TraceID, func(t trace.Trace) bool {
		return int64(len(t.Spans)) >= made
	})
	if err := waterfall.Write(out, a.terminal(), &t); err != nil {
		return "", err
	}
	// A span over UDP is counted as sent when the time for a refusal is over, which is
	// later than it can be read back from a backend on the same machine.
	for s.call.Stats().Queued+s.server.Stats().Queued > 0 && wait.For(ctx, time.Millisecond) == nil {
	}
	page = s.reader.TraceURL(result.TraceID)
	called, served := s.call.Stats(), s.server.Stats()
	spans := run.SpansLine(called.Finished+served.Finished, called.Sent+served.Sent, int64(len(t.Spans)))
	fmt.Fprintf(out, "\n%s\npage: %s\n", spans, page)
	if readErr != nil {
		return page, fmt.Errorf("a span was lost: %w", readErr)
	}
	return page, nil
}

// demoFlushInterval is short because a person waits for the trace.
const demoFlushInterval = 20 * time.Millisecond

// demoConfig returns the defaults with the given flags. Files and environment variables
// are ignored, so that the demo works anywhere.
func (a *app) demoConfig(given []config.Flag) (config.Config, error) {
	// Without a name, ./config.yaml would be searched.
	loaded, err := loadSource(config.Source{File: os.DevNull, Flags: given})
	if err != nil {
		return config.Config{}, err
	}
	if loaded.Config.Tracer == config.TracerNoop {
		return config.Config{}, usageError(hint.New(errors.New("no trace to show: tracer noop makes no spans"), "leave out --tracer noop"))
	}
	a.warnAll(loaded.Warnings)
	return loaded.Config, nil
}

// useBackend points cfg at a backend with these addresses: the tracer at the receiver
// whose usual port is that of the tracer's default endpoint, or at the agent's.
func useBackend(cfg *config.Config, addrs map[string]string) error {
	cfg.Reporter.FlushInterval = demoFlushInterval
	cfg.Query.URL = "http://" + addrs[allinone.Query]
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

// printNextCommands prints commands for a second terminal, with the ports chosen.
func (a *app) printNextCommands(s *demoSystem) {
	var flags []string
	for _, f := range s.given {
		flags = append(flags, f.Name, f.Value)
	}
	if s.cfg.UsesCollector() {
		flags = append(flags, "--collector-endpoint", s.cfg.Reporter.Collector.Endpoint)
	} else {
		flags = append(flags, "--agent-port", strconv.Itoa(s.cfg.Reporter.Agent.Port))
	}
	flags = append(flags, "--query-url", s.reader.URL())
	fmt.Fprintf(a.env.Stdout, `
In another terminal:
  otdemo call %s --show %s
  otdemo check-jaeger %[2]s
Ctrl-C stops it.
`, s.http.url("/"), printable.Line(strings.Join(flags, " ")))
}
