package cmd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/otdemo/otdemo/internal/hint"
	"github.com/otdemo/otdemo/pkg/allinone"
	"github.com/otdemo/otdemo/pkg/allinone/sampling"
	"github.com/otdemo/otdemo/pkg/query"
)

func newAllInOne(a *app) *cobra.Command {
	var opts allinone.Options
	var ports func() map[string]int
	var how announcement
	var strategies, proxyQuery string
	strategy := sampling.Strategy{Type: "const", Param: 1}
	maxMemory := planMemory(0, a.env.MemoryLimit).spans
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
			opts.Ports, opts.Logger, opts.Now = ports(), a.logger(), a.env.Now
			if how.open && opts.Ports[allinone.Query] == allinone.Off {
				return usageError(errors.New("--open requires the page, which --query-port off disables"))
			}
			if cmd.Flags().Changed("proxy-query") {
				target, err := proxyTarget(cmd.Flags(), proxyQuery, opts.Ports[allinone.Query])
				if err != nil {
					return usageError(err)
				}
				return a.proxyQuery(cmd.Context(), allinone.ProxyOptions{
					Target: target, Host: opts.Host, Port: opts.Ports[allinone.Query], Logger: opts.Logger,
				}, how)
			}
			opts.Sampling = sampling.Same(strategy)
			if strategies != "" {
				if cmd.Flags().Changed("sampling") {
					return usageError(errors.New("--sampling and --sampling-strategies cannot be combined: set default_strategy in the file"))
				}
				var err error
				if opts.Sampling, err = a.readStrategies(cmd.Context(), strategies); err != nil {
					return usageError(err)
				}
			}
			memory := planMemory(maxMemory, a.env.MemoryLimit)
			opts.MaxMemory = memory.spans
			memory.apply()
			memory.log(opts.Logger)
			jaeger, err := allinone.Start(opts)
			if err != nil {
				return listenErrors(err)
			}
			return a.runBackend(cmd.Context(), opts.Logger, jaeger, how)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&opts.Host, "host", "127.0.0.1", "listen on this `address`; 0.0.0.0 accepts connections from other machines")
	ports = portFlags(flags)
	setMemory := func(text string) (err error) {
		maxMemory, err = parseSize(text)
		return err
	}
	flags.Var(&textFlag{formatSize(maxMemory), "size", setMemory}, "max-memory", "keep traces within this `size` of memory, and evict the oldest beyond it; the default is at most a quarter of a container's memory")
	setStrategy := func(text string) (err error) {
		strategy, err = sampling.Parse(text)
		return err
	}
	flags.Var(&textFlag{strategy.String(), "strategy", setStrategy}, "sampling", "serve this sampling `strategy` to every client: const:1, probabilistic:0.1 or ratelimiting:5")
	flags.StringVar(&strategies, "sampling-strategies", "", "serve each client the sampling strategy of its service in `file`, in Jaeger's format")
	flags.StringVar(&opts.UIDir, "ui-dir", "", "serve the built Jaeger UI in `directory` on the query port instead of otdemo's own page")
	flags.StringVar(&proxyQuery, "proxy-query", "", "serve the page only, for the traces of the Jaeger whose query API is at `URL`")
	flags.BoolVar(&how.open, "open", false, "open the page in the browser")
	flags.StringVar(&how.addrFile, "addr-file", "", "write the listening addresses to `file`, as JSON: name to host:port")
	return cmd
}

// announcement is how a server publishes its addresses.
type announcement struct {
	addrFile string
	open     bool
}

// backend is the embedded Jaeger, or its page for another one.
type backend interface {
	Addrs() map[string]string
	Close(ctx context.Context) error
}

// runBackend publishes the addresses of a backend, and closes it when ctx ends.
func (a *app) runBackend(ctx context.Context, logger *slog.Logger, b backend, how announcement) error {
	addrs := b.Addrs()
	err := a.writeAddrFile(ctx, how.addrFile, addrs)
	if err == nil {
		logger.Info("listening", addrLine(addrs)...)
		if how.open {
			a.openOrWarn(ctx, pageURL(addrs[allinone.Query]))
		}
		<-ctx.Done()
	}
	ctx, cancel := closing(ctx)
	defer cancel()
	return errors.Join(err, b.Close(ctx))
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

// readStrategies reads sampling strategies from a file, and returns all its errors,
// joined.
func (a *app) readStrategies(ctx context.Context, file string) (sampling.Strategies, error) {
	content, err := a.env.readFile(ctx, file, maxSettings)
	if err != nil {
		return sampling.Strategies{}, fmt.Errorf("sampling-strategies: %w", err)
	}
	strategies, err := sampling.ParseFile(content)
	if err == nil {
		return strategies, nil
	}
	var faults []error
	for _, e := range split(err) {
		faults = append(faults, fmt.Errorf("sampling-strategies: %s: %w", file, e))
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
			e = hint.New(e, "choose another address with --host, or another port")
		case len(all) < manyPorts:
			e = hint.New(e, fmt.Sprintf("choose another port with --%s, or --%[1]s 0 for any free port, or --%[1]s off to disable it",
				portFlagName(taken.Name)))
		case len(errs) == len(all)-1:
			e = hint.New(e, "stop the program that listens on them, or use free ports with --free-ports")
		}
		errs = append(errs, e)
	}
	return errors.Join(errs...)
}

// portFlags registers a flag for each port that a backend listens on. The returned
// function returns the ports for allinone.Options.
func portFlags(flags *pflag.FlagSet) func() map[string]int {
	ports := make(map[string]int)
	for _, l := range allinone.Listeners() {
		ports[l.Name] = l.Port
		set := func(text string) error {
			if strings.EqualFold(text, "off") {
				ports[l.Name] = allinone.Off
				return nil
			}
			n, err := strconv.ParseUint(text, 10, 16)
			if err != nil {
				return errors.New("must be a port, 0 to 65535, or off")
			}
			ports[l.Name] = int(n)
			return nil
		}
		flags.Var(&textFlag{strconv.Itoa(l.Port), "port", set}, portFlagName(l.Name), l.Purpose+", on this `port`")
	}
	free := flags.Bool("free-ports", false, "use a free port for each listener whose port flag is not given")
	return func() map[string]int {
		for name := range ports {
			if *free && !flags.Changed(portFlagName(name)) {
				ports[name] = 0
			}
		}
		return ports
	}
}

// portFlagName returns the name of a listener's port flag. For compact thrift over UDP
// it is the flag that all commands have.
func portFlagName(listener string) string {
	if listener == allinone.AgentCompact {
		return "agent-port"
	}
	return listener + "-port"
}

// proxyTarget returns the URL of --proxy-query, or all errors of the flags, joined.
func proxyTarget(flags *pflag.FlagSet, raw string, port int) (*url.URL, error) {
	combinable := []string{"proxy-query", "host", "query-port", "free-ports", "addr-file", "open", "log-level", "log-format", "color"}
	var faults []error
	flags.Visit(func(f *pflag.Flag) {
		if !slices.Contains(combinable, f.Name) {
			faults = append(faults, fmt.Errorf("--%s and --proxy-query cannot be combined: there is no receiver and no store with --proxy-query", f.Name))
		}
	})
	if port == allinone.Off {
		faults = append(faults, errors.New("--proxy-query requires the page, which --query-port off disables"))
	}
	// Only to validate the URL.
	if _, err := query.New(raw, query.Options{}); err != nil {
		err = fmt.Errorf("--proxy-query: %w", err)
		if wrong, ok := errors.AsType[*query.URLError](err); ok {
			err = hint.New(err, "--proxy-query "+wrong.Suggestion)
		}
		faults = append(faults, err)
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	return url.Parse(raw)
}

func (a *app) proxyQuery(ctx context.Context, opts allinone.ProxyOptions, how announcement) error {
	proxy, err := allinone.StartProxy(opts) //nolint:contextcheck // it serves until it is closed
	if errors.Is(err, syscall.EADDRINUSE) {
		return hint.New(err, "that Jaeger may use this port: choose another one with --query-port 16687, or --query-port 0 for any free port")
	}
	if err != nil {
		return listenErrors(err)
	}
	return a.runBackend(ctx, opts.Logger, proxy, how)
}

// openerGrace is how long the program that opens a browser may run. If it runs longer,
// it is the browser itself.
const openerGrace = 5 * time.Second

// openBrowser shows a page in the user's browser. It returns when the system's opener
// has passed it on, or has become the browser.
func (a *app) openBrowser(ctx context.Context, page string) error {
	opener := []string{"xdg-open", page}
	switch a.env.OS {
	case "darwin":
		opener = []string{"open", page}
	case "windows":
		opener = []string{"rundll32", "url.dll,FileProtocolHandler", page}
	}
	// Neither the end of this program nor of ctx ends the browser.
	cmd := exec.CommandContext(context.WithoutCancel(ctx), opener[0], opener[1:]...)
	cmd.Env = a.env.Environ
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("open the browser: %w", err)
	}
	// The channel has room, so that this ends with the browser.
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	ctx, cancel := context.WithTimeout(ctx, openerGrace)
	defer cancel()
	select {
	case err := <-ended:
		if err != nil {
			return fmt.Errorf("open the browser: %s: %w", opener[0], err)
		}
		return nil
	case <-ctx.Done():
		return nil
	}
}

// openOrWarn opens a page, or prints a warning with its URL when that fails.
func (a *app) openOrWarn(ctx context.Context, page string) {
	if err := a.openBrowser(ctx, page); err != nil {
		a.warn(err.Error(), "open "+page+" yourself")
	}
}

// pageURL returns the URL of the page of a server that listens on addr, for a browser
// on this machine.
func pageURL(addr string) string {
	if at, err := netip.ParseAddrPort(addr); err == nil && at.Addr().IsUnspecified() {
		_, port, _ := net.SplitHostPort(addr) // it has just been parsed
		addr = net.JoinHostPort("localhost", port)
	}
	return "http://" + addr + "/"
}
