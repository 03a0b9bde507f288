package cmd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/otdemo/otdemo/pkg/allinone"
	"github.com/otdemo/otdemo/pkg/allinone/sampling"
)

func newAllInOne(a *app) *cobra.Command {
	var opts allinone.Options
	var addrFile string
	var ports *listenerPorts
	maxMemory := byteSize(planMemory(0, a.env.MemoryLimit).spans)
	strategy := samplingFlag{sampling.Strategy{Type: "const", Param: 1}}
	var strategies, proxyQuery string
	var open bool
	cmd := &cobra.Command{
		Use:   "all-in-one",
		Short: "Run an in-memory Jaeger",
		Long: `Run a small in-memory Jaeger: it receives spans on every port of Jaeger's
all-in-one, keeps them within a memory limit, and serves Jaeger's query API and
sampling strategies. Traces are gone when it ends. Spans that were lost on the way
to it are counted on /api/loss, and logged when it ends.

It listens on this machine only, unless --host is set. A port is a number, 0 for
any free one, or off.

With --proxy-query it serves the page only, for the traces of a Jaeger elsewhere: it
receives and stores nothing, and passes the page's requests to that Jaeger.
` + exitCodesHelp("0 stopped by a signal", "1 cannot listen on a port", "3"),
		Example: `  otdemo all-in-one
  otdemo all-in-one --max-memory 1GiB --sampling probabilistic:0.1
  otdemo all-in-one --otlp-grpc-port off --sampling-strategies strategies.json
  otdemo all-in-one --free-ports --addr-file addrs.json --open
  otdemo all-in-one --proxy-query http://localhost:16686 --query-port 16687`,
		GroupID: groupOther,
		Args:    maxArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			opts.Ports = ports.options()
			if open && opts.Ports[allinone.Query] == allinone.Off {
				return usageError(errors.New("--open requires the page, which --query-port off disables"))
			}
			if cmd.Flags().Changed("proxy-query") {
				target, err := proxyTarget(cmd.Flags(), proxyQuery, opts.Ports[allinone.Query])
				if err != nil {
					return usageError(err)
				}
				return a.proxyQuery(cmd.Context(), allinone.ProxyOptions{
					Target: target, Host: opts.Host, Port: opts.Ports[allinone.Query], Logger: a.logger(a.env.Stderr),
				}, announcement{addrFile, open})
			}
			if strategies != "" && cmd.Flags().Changed("sampling") {
				return usageError(errors.New("--sampling and --sampling-strategies cannot be combined: set default_strategy in the file"))
			}
			var err error
			if opts.Sampling, err = a.samplingOf(cmd.Context(), strategy, strategies); err != nil {
				return usageError(err)
			}
			opts.Logger = a.logger(a.env.Stderr)
			opts.Now = a.env.Now
			memory := planMemory(int64(maxMemory), a.env.MemoryLimit)
			opts.MaxMemory = memory.spans
			memory.apply()
			memory.log(opts.Logger)
			return a.allInOne(cmd.Context(), opts, announcement{addrFile, open})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&opts.Host, "host", "127.0.0.1", "listen on this `address`; 0.0.0.0 accepts connections from other machines")
	ports = portFlags(flags)
	flags.Var(&maxMemory, "max-memory", "keep traces within this `size` of memory, and evict the oldest beyond it; the default is at most a quarter of a container's memory")
	flags.Var(&strategy, "sampling", "serve this sampling `strategy` to every client: const:1, probabilistic:0.1 or ratelimiting:5")
	flags.StringVar(&strategies, "sampling-strategies", "", "serve each client the sampling strategy of its service in `file`, in Jaeger's format")
	flags.StringVar(&opts.UIDir, "ui-dir", "", "serve the built Jaeger UI in `directory` on the query port instead of otdemo's own page")
	flags.StringVar(&proxyQuery, "proxy-query", "", "serve the page only, for the traces of the Jaeger whose query API is at `URL`")
	flags.BoolVar(&open, "open", false, "open the page in the browser")
	flags.StringVar(&addrFile, "addr-file", "", "write the listening addresses to `file`, as JSON: name to host:port")
	return cmd
}

func (a *app) allInOne(ctx context.Context, opts allinone.Options, how announcement) error {
	backend, err := allinone.Start(opts)
	if err != nil {
		return listenErrors(err)
	}
	err = a.announce(ctx, opts.Logger, backend.Addrs(), how)
	if err == nil {
		<-ctx.Done()
	}
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
	defer cancel()
	return errors.Join(err, backend.Close(closing))
}

// announcement is how a server publishes its addresses.
type announcement struct {
	addrFile string
	open     bool
}

// announce publishes the addresses of a backend.
func (a *app) announce(ctx context.Context, logger *slog.Logger, addrs map[string]string, how announcement) error {
	if err := a.writeAddrFile(ctx, how.addrFile, addrs); err != nil {
		return err
	}
	logger.Info("listening", addrLine(addrs)...)
	if how.open {
		a.openOrWarn(ctx, pageURL(addrs[allinone.Query]))
	}
	return nil
}

// addrLine returns the addresses as attributes of a log line: the page, then every
// listener in the order of the help.
func addrLine(addrs map[string]string) []any {
	var line []any
	if addr, ok := addrs[allinone.Query]; ok {
		line = append(line, "page", pageURL(addr))
	}
	for _, l := range allinone.Listeners() {
		if addr, ok := addrs[l.Name]; ok {
			line = append(line, strings.ReplaceAll(l.Name, "-", "_"), addr)
		}
	}
	return line
}

// samplingOf returns the strategies in file, or the same one for all services if file
// is empty.
func (a *app) samplingOf(ctx context.Context, same samplingFlag, file string) (sampling.Strategies, error) {
	if file == "" {
		return sampling.Same(same.Strategy), nil
	}
	content, err := a.env.readFile(ctx, file, maxSettings)
	if err != nil {
		return sampling.Strategies{}, fmt.Errorf("sampling-strategies: %w", err)
	}
	strategies, err := sampling.ParseFile(content)
	var faults []error
	for _, e := range split(err) {
		if e != nil {
			faults = append(faults, fmt.Errorf("sampling-strategies: %s: %w", file, e))
		}
	}
	return strategies, errors.Join(faults...)
}

// manyPorts is the number of ports in use from which they share one hint: most likely
// another Jaeger listens on all of them.
const manyPorts = 3

// listenErrors adds a hint with the port's flag to the error of each port. All other
// errors of starting a backend are usage errors.
func listenErrors(err error) error {
	all := split(err)
	var errs []error
	for _, e := range all {
		var taken *allinone.ListenError
		switch {
		case !errors.As(e, &taken):
			return usageError(err)
		case !errors.Is(e, syscall.EADDRINUSE):
			e = withHint(e, "choose another address with --host, or another port")
		case len(all) < manyPorts:
			e = withHint(e, portHint(taken.Name))
		case len(errs) == len(all)-1:
			e = withHint(e, "stop the program that listens on them, or use free ports with --free-ports")
		}
		errs = append(errs, e)
	}
	return errors.Join(errs...)
}
