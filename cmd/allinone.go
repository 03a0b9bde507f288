package cmd

import (
	"context"
	"errors"
	"fmt"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/otdemo/otdemo/pkg/allinone"
)

// The ports that Jaeger's all-in-one listens on.
const (
	defaultAgentPort    = 6831
	defaultQueryPort    = 16686
	defaultSamplingPort = 5778
)

func newAllInOne(a *app) *cobra.Command {
	var opts allinone.Options
	var addrFile string
	agent, query, sampling := portFlag(defaultAgentPort), portFlag(defaultQueryPort), portFlag(defaultSamplingPort)
	maxMemory := byteSize(allinone.DefaultMaxMemory)
	strategy := samplingFlag{allinone.Strategy{Type: "const", Param: 1}}
	cmd := &cobra.Command{
		Use:   "all-in-one",
		Short: "Run an in-memory Jaeger that needs nothing else",
		Long: `Run a small in-memory Jaeger: it takes spans over UDP, keeps them within a bound
of memory, answers Jaeger's query API, and serves sampling strategies. Traces are
gone when it ends. What was lost on the way to it is on /api/loss.

It listens on this machine only, unless --host says otherwise.
` + exitCodesHelp("0 it was told to stop, and did", "1 it could not listen"),
		Example: `  otdemo all-in-one
  otdemo all-in-one --max-memory 1GiB --sampling probabilistic:0.1
  otdemo all-in-one --agent-port 0 --query-port 0 --sampling-port 0 --addr-file addrs.json`,
		GroupID: groupServing,
		Args:    maxArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			opts.AgentPort, opts.QueryPort, opts.SamplingPort = int(agent), int(query), int(sampling)
			opts.MaxMemory = int64(maxMemory)
			opts.Sampling = strategy.Strategy
			opts.Logger = a.logger(a.env.Stderr)
			opts.Now = a.env.Now
			return a.allInOne(cmd.Context(), opts, addrFile)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&opts.Host, "host", "127.0.0.1", "listen on this `address`; 0.0.0.0 lets other machines in")
	flags.Var(&agent, "agent-port", "take compact thrift over UDP on this `port`; 0 picks one")
	flags.Var(&query, "query-port", "answer Jaeger's query API on this `port`; 0 picks one")
	flags.Var(&sampling, "sampling-port", "serve sampling strategies on this `port`; 0 picks one")
	flags.Var(&maxMemory, "max-memory", "keep traces within this `size`, and evict the oldest beyond it")
	flags.Var(&strategy, "sampling", "tell every client this `strategy`: const:1, probabilistic:0.1 or ratelimiting:5")
	flags.StringVar(&addrFile, "addr-file", "", "write the addresses listened on to `file`, as JSON: name to host:port")
	return cmd
}

func (a *app) allInOne(ctx context.Context, opts allinone.Options, addrFile string) error {
	backend, err := allinone.Start(opts)
	if err != nil {
		return listenErrors(err)
	}
	addrs := backend.Addrs()
	err = writeAddrFile(addrFile, addrs)
	if err == nil {
		opts.Logger.Info("listening", "page", "http://"+addrs[allinone.Query]+"/",
			"agent_udp", addrs[allinone.AgentCompact], "sampling", "http://"+addrs[allinone.Sampling]+"/sampling")
		<-ctx.Done()
	}
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
	defer cancel()
	return errors.Join(err, backend.Close(closing))
}

// listenErrors gives each port that could not be had the hint that names its
// flag. Whatever else keeps a backend from starting is the caller's mistake.
func listenErrors(err error) error {
	var errs []error
	for _, e := range split(err) {
		var taken *allinone.ListenError
		if !errors.As(e, &taken) {
			return usageError(err)
		}
		if !errors.Is(e, syscall.EADDRINUSE) {
			errs = append(errs, withHint(e, "choose another address with --host, or another port"))
			continue
		}
		flag := map[string]string{
			allinone.AgentCompact: "--agent-port",
			allinone.Query:        "--query-port",
			allinone.Sampling:     "--sampling-port",
		}[taken.Name]
		errs = append(errs, withHint(e, fmt.Sprintf("choose another port with %s, or %s 0 for any free one", flag, flag)))
	}
	return errors.Join(errs...)
}
