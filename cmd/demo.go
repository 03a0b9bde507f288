package cmd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/spf13/cobra"

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
)

func newDemo(a *app) *cobra.Command {
	var opts demoOptions
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
			if opts.open && !opts.stay {
				return usageError(withHint(errors.New("--open needs --stay: without it, the page is gone when the command ends"), "use --stay --open"))
			}
			cfg, given, err := a.demoConfig(cmd.Flags())
			if err != nil {
				return err
			}
			return a.demo(cmd.Context(), &demoSystem{cfg: cfg, given: given}, opts)
		},
	}
	addKeyFlag(cmd.Flags(), "tracer", "tracer", "name")
	addKeyFlag(cmd.Flags(), "propagation", "propagation", "formats")
	cmd.Flags().BoolVar(&opts.stay, "stay", false, "keep everything running until Ctrl-C")
	cmd.Flags().BoolVar(&opts.open, "open", false, "open the trace in the browser; needs --stay")
	cmd.Flags().StringVar(&opts.addrFile, "addr-file", "", "write the listening addresses to `file`, as JSON: name to host:port")
	return cmd
}

// demoOptions are what the demo does after printing the trace.
type demoOptions struct {
	stay     bool
	open     bool
	addrFile string
}

// demoSystem is what the demo runs: a Jaeger, a server and its tracer, and the tracer
// of the client.
type demoSystem struct {
	cfg config.Config
	// given are the tracer flags of the command line, which a call from another
	// process needs too.
	given          []string
	backend        *allinone.Backend
	reader         *query.Client
	server, client *tracer.Tracer
	addr           string // of the server

	stopServer context.CancelFunc
	serverDone chan error
}

func (a *app) demo(ctx context.Context, s *demoSystem, opts demoOptions) error {
	if err := a.startDemo(ctx, s); err != nil {
		return err
	}
	page, err := a.demoCall(ctx, s)
	switch {
	case err != nil:
	case opts.stay:
		a.printNextCommands(s)
		if err = a.writeAddrFile(ctx, opts.addrFile, s.addrs()); err == nil {
			if opts.open {
				a.openOrWarn(ctx, page)
			}
			<-ctx.Done()
		}
	default:
		fmt.Fprintln(a.env.Stdout, `      the page ends with this process; "otdemo demo --stay" keeps it running`)
	}
	return errors.Join(err, s.stop(ctx))
}

// startDemo starts everything on free ports of the loopback address.
func (a *app) startDemo(ctx context.Context, s *demoSystem) error {
	logger := a.quietLogger(a.env.Stderr)
	memory := planMemory(0, a.env.MemoryLimit)
	memory.apply()
	var err error
	s.backend, err = allinone.Start(allinone.Options{
		MaxMemory: memory.spans,
		Logger:    logger,
		Now:       a.env.Now,
	})
	if err != nil {
		return err
	}
	s.serverDone, s.stopServer = make(chan error, 1), func() {}
	if err := a.startDemoServices(ctx, s, logger); err != nil {
		s.serverDone <- nil
		return errors.Join(err, s.stop(ctx))
	}
	return nil
}

// startDemoServices starts the server, both tracers and the reader of traces.
func (a *app) startDemoServices(ctx context.Context, s *demoSystem, logger *slog.Logger) error {
	err := s.useBackend()
	if err != nil {
		return err
	}
	if s.reader, err = query.New(s.cfg.Query.URL, query.Options{}); err != nil {
		return err
	}
	if s.server, err = tracer.New(s.cfg, tracer.Options{Service: "otdemo-server", Logger: logger}); err != nil {
		return err
	}
	if s.client, err = tracer.New(s.cfg, tracer.Options{Service: "otdemo-client", Logger: logger}); err != nil {
		return err
	}
	ln, err := a.listen(ctx, s.cfg.Serve)
	if err != nil {
		return err
	}
	s.addr = ln.Addr().String()
	ctx, s.stopServer = context.WithCancel(context.WithoutCancel(ctx))
	handler := server.NewHandler(server.Options{Tracer: s.server, Logger: logger, Now: a.env.Now})
	go func() { s.serverDone <- server.Run(ctx, ln, handler, logger) }()
	return nil
}

// url returns the URL that the demo calls.
func (s *demoSystem) url() string { return "http://" + s.addr + "/" }

// addrs returns all listening addresses by name.
func (s *demoSystem) addrs() map[string]string {
	addrs := s.backend.Addrs()
	addrs["http"] = s.addr
	return addrs
}

// stop stops everything that was started, the senders of spans first.
func (s *demoSystem) stop(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
	defer cancel()
	s.stopServer()
	errs := []error{<-s.serverDone}
	for _, tr := range []*tracer.Tracer{s.client, s.server} {
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
	c := client.New(s.client, client.Options{Timeout: defaultCallTimeout})
	defer c.Close()
	result, response, err := load.Call(ctx, load.Options{Client: c, Tracer: s.client, Request: client.Request{URL: s.url()}})
	if err != nil {
		return "", err
	}
	out := a.env.Stdout
	fmt.Fprintf(out, "Received result: %s\n\n", printable.Text(strings.TrimSpace(string(response.Body))))

	// The server's span ends a moment after its response has arrived, but it has been
	// started by then, so the number of started spans is the one to wait for.
	made := s.client.Stats().Sampled + s.server.Stats().Sampled
	t, readErr := s.reader.WaitTrace(ctx, result.TraceID, func(t trace.Trace) bool {
		return int64(len(t.Spans)) >= made
	})
	if err := waterfall.Write(out, a.terminal(), &t); err != nil {
		return "", err
	}
	s.awaitSent(ctx)
	page = s.reader.TraceURL(result.TraceID)
	fmt.Fprintf(out, "\n%s\npage: %s\n", s.spansLine(len(t.Spans)), page)
	if readErr != nil {
		return page, fmt.Errorf("a span was lost: %w", readErr)
	}
	return page, nil
}

// awaitSent waits until both tracers have counted each span as sent or lost. A span
// over UDP is counted as sent when the time for a refusal is over, which is later than
// it can be read back from a backend on the same machine.
func (s *demoSystem) awaitSent(ctx context.Context) {
	ticker := time.NewTicker(time.Millisecond)
	defer ticker.Stop()
	for s.client.Stats().Queued+s.server.Stats().Queued > 0 {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// spansLine returns the numbers of the demo's spans in a line.
func (s *demoSystem) spansLine(stored int) string {
	client, srv := s.client.Stats(), s.server.Stats()
	return run.SpansLine(client.Finished+srv.Finished, client.Sent+srv.Sent, int64(stored))
}
