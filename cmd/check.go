package cmd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/otdemo/otdemo/internal/hint"
	"github.com/otdemo/otdemo/internal/wait"
	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/doctor"
	"github.com/otdemo/otdemo/pkg/report/check"
	"github.com/otdemo/otdemo/pkg/report/terminal"
)

type checkOptions struct {
	doctor.Options
	output, failOn textFlag
	list           bool
	wait           time.Duration
	bundle         string
	target         doctor.Target
}

func newCheck(a *app) *cobra.Command {
	opts := &checkOptions{
		Options: doctor.Options{Timeout: 10 * time.Second},
		output:  newEnumFlag("text", "short", "json", "junit", "github"),
		failOn:  newEnumFlag("error", "warning"),
		target:  doctor.Target{Service: "otdemo-client", UserAgent: "otdemo", Environ: a.env.Environ},
	}
	cmd := &cobra.Command{
		Use:   "check-jaeger",
		Short: "Check whether spans sent with this configuration reach Jaeger, and if not, why",
		Long: `Check hop by hop whether spans sent with this configuration reach Jaeger: send a
canary span and read it back. If it is lost, report the first broken hop and how
to fix it.

The check only adds its canary spans to Jaeger, with service name otdemo-check.
"otdemo explain" explains each finding.
` + exitCodesHelp("0 spans reach Jaeger", "1 spans do not reach Jaeger; with --fail-on warning, also on a warning",
			"3 inconclusive: nothing failed, but no span was read back"),
		Example: `  otdemo check-jaeger
  otdemo check-jaeger --agent-host jaeger.example.com --query-url http://jaeger.example.com:16686
  otdemo check-jaeger --collector-endpoint http://localhost:14268/api/traces
  otdemo check-jaeger --tracer otel --collector-endpoint grpc://localhost:4317
  otdemo check-jaeger --compose docker-compose.yaml
  otdemo check-jaeger --through http://localhost:8000/
  otdemo check-jaeger --storage elasticsearch --es-url http://localhost:9200
  otdemo check-jaeger --wait 60s -o junit
  otdemo check-jaeger -o json`,
		GroupID: groupCore,
		Args:    maxArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if opts.list {
				return check.WriteProbes(a.env.Stdout, doctor.Probes())
			}
			if opts.Timeout <= 0 {
				return usageError(fmt.Errorf("--timeout must be more than 0, got %s", opts.Timeout))
			}
			reading, cancel := context.WithTimeout(cmd.Context(), opts.Timeout)
			defer cancel()
			if err := errors.Join(opts.Validate(), checkTarget(reading, a.env, &opts.target)); err != nil {
				return usageError(err)
			}
			if opts.wait < 0 {
				return usageError(fmt.Errorf("--wait must not be negative, got %s", opts.wait))
			}
			// Unless a tracer is chosen, it is the one that the service with this
			// environment uses.
			src := a.source(cmd)
			src.TracerOfEnviron = true
			loaded, err := loadSource(src)
			if err != nil {
				return err
			}
			return a.check(cmd.Context(), loaded, opts)
		},
	}
	flags := cmd.Flags()
	addTracerFlags(flags)
	registerTarget(flags, &opts.target)
	flags.DurationVar(&opts.Timeout, "timeout", opts.Timeout, "stop the check after this `duration`, such as 30s")
	flags.DurationVar(&opts.wait, "wait", 0, "repeat the check until spans reach Jaeger, for at most this `duration`, such as 60s")
	flags.StringSliceVar(&opts.Only, "only", nil, "run only these `probes` and the probes whose results they use; see --list")
	flags.StringSliceVar(&opts.Skip, "skip", nil, "skip these `probes`; see --list")
	flags.BoolVar(&opts.list, "list", false, "list the probes and what each one checks")
	flags.StringVar(&opts.bundle, "bundle", "", "write the report, the configuration and the raw responses to `file`, a .tgz archive for a bug report")
	flags.Var(&opts.failOn, "fail-on", "lowest `severity` that ends in exit code 1: error or warning")
	flags.VarP(&opts.output, "output", "o", "output `format`: text, short, json, junit or github")
	return cmd
}

// registerTarget registers the flags for what to check in addition to the configured
// path.
func registerTarget(flags *pflag.FlagSet, t *doctor.Target) {
	flags.BoolVar(&t.Thorough, "all", false, "check every port and ingest path, even if nothing is wrong")
	flags.StringVar(&t.Through, "through", "", "send requests to the application at this `url` and check which spans it reports")
	flags.StringVar(&t.Compose, "compose", "", "check this compose `file`; needs no Docker engine")

	s := &t.Storage
	flags.StringVar(&s.Kind, "storage", "", "also check Jaeger's storage, of this `kind`: elasticsearch, opensearch or cassandra")
	flags.StringSliceVar(&s.ESURLs, "es-url", nil, "`urls` of Elasticsearch or OpenSearch, as in Jaeger's configuration")
	flags.StringVar(&s.IndexPrefix, "es-index-prefix", "", "`prefix` of Jaeger's index names")
	flags.StringSliceVar(&s.CassandraHosts, "cassandra-hosts", nil, "Cassandra `hosts`, with :port unless it is 9042")
	flags.StringVar(&s.Keyspace, "cassandra-keyspace", "", "Jaeger's `keyspace` (default: the one that Jaeger's scripts created)")
	flags.StringVar(&s.Datacenter, "cassandra-dc", "", "Jaeger's local `datacenter` (default: that of the node that responds)")
	flags.BoolVar(&s.TLS, "storage-tls", false, "connect to Cassandra with TLS; for Elasticsearch, use an https URL")
	flags.StringVar(&s.User, "storage-user", "", "`user` name that Jaeger uses for its storage")
	flags.StringVar(&s.Password, "storage-password", "", "`password` of that user; @FILE reads it from a file")
	flags.StringVar(&s.CACert, "storage-ca", "", "trust the certificate authorities in this PEM `file` for the storage")
	flags.BoolVar(&s.Insecure, "storage-insecure", false, "accept any certificate from the storage")
}

// checkTarget validates the flags and the files that they name. It also reads the
// password from its file.
func checkTarget(ctx context.Context, env *Env, t *doctor.Target) error {
	if name, ok := strings.CutPrefix(t.Storage.Password, "@"); ok {
		content, err := env.readFile(ctx, name, maxSettings)
		if err != nil {
			return fmt.Errorf("--storage-password: %w", err)
		}
		t.Storage.Password = strings.TrimRight(string(content), "\r\n")
	}
	var unreadable error
	if _, err := t.Storage.TLSConfig(func(name string) ([]byte, error) { return config.ReadFile(env.path(name)) }); err != nil {
		unreadable = hint.New(fmt.Errorf("--storage-ca: %w", err), "name a file with certificates in PEM form")
	}
	if t.Compose != "" {
		t.Compose = env.path(t.Compose)
	}
	return errors.Join(t.Storage.Validate(), unreadable, doctor.ValidateCompose(*t))
}

func (a *app) check(ctx context.Context, loaded *config.Loaded, opts *checkOptions) error {
	target := opts.target
	target.Loaded = loaded
	var recording sync.Mutex
	var exchanges []doctor.Exchange
	if opts.bundle != "" {
		target.Record = func(x doctor.Exchange) {
			recording.Lock()
			defer recording.Unlock()
			exchanges = append(exchanges, x)
		}
	}
	report, begun := a.runCheck(ctx, target, opts)
	if err := ctx.Err(); err != nil {
		if tried := report.Verdict.Text; opts.wait > 0 && tried != "" {
			return &exitError{code: exitInterrupted, err: errors.New("interrupted; the last try: " + tried)}
		}
		return err
	}
	err := a.writeCheck(report, opts.output.text, begun)
	if opts.bundle != "" {
		b := &check.Bundle{Version: currentVersion(), Report: report, Config: loaded, Exchanges: exchanges, Now: a.env.Now()}
		err = errors.Join(err, a.writeBundle(ctx, b, opts.bundle))
	}
	if err != nil {
		return err
	}
	return checkExit(report.Verdict, opts.failOn.text == "warning")
}

// runCheck runs the probes, with --wait until spans reach Jaeger. The returned text is
// nil unless it has written the findings already, one at a time.
func (a *app) runCheck(ctx context.Context, target doctor.Target, opts *checkOptions) (doctor.Report, *check.Text) {
	if opts.wait > 0 {
		progress := terminal.NewLine(a.env.Stderr, a.env.Width, a.env.StderrTerminal)
		return repeatCheck(ctx, opts.wait, progress, func(ctx context.Context) doctor.Report {
			return doctor.Run(ctx, target, opts.Options)
		}), nil
	}
	var begun *check.Text
	if opts.output.text == "text" {
		begun = check.NewText(a.env.Stdout, a.terminal())
		opts.Observe = begun.Finding
	}
	return doctor.Run(ctx, target, opts.Options), begun
}

// writeCheck writes the report as form, or completes a text that was begun.
func (a *app) writeCheck(report doctor.Report, form string, begun *check.Text) error {
	writers := map[string]func(io.Writer, doctor.Report) error{
		"json": check.WriteJSON, "junit": check.WriteJUnit, "github": check.WriteGitHub, "short": check.WriteShort,
	}
	switch write := writers[form]; {
	case write != nil:
		return write(a.env.Stdout, report)
	case begun != nil:
		return begun.Verdict(report)
	default:
		return check.NewText(a.env.Stdout, a.terminal()).Report(report)
	}
}

// checkExit returns the exit code of a verdict, which has been printed already.
func checkExit(v doctor.Verdict, warningsFail bool) error {
	switch {
	case v.Answer == doctor.AnswerNo, v.Warnings > 0 && warningsFail:
		return &exitError{code: exitFailed}
	case v.Answer == doctor.AnswerUnknown:
		return &exitError{code: exitUnknown}
	}
	return nil
}

// writeBundle writes the archive at path, readable by its owner only, since responses
// may hold private data.
func (a *app) writeBundle(ctx context.Context, b *check.Bundle, path string) error {
	var archive bytes.Buffer
	err := b.Write(&archive)
	if err == nil {
		err = a.env.writeFile(ctx, path, archive.Bytes(), 0o600)
	}
	if err != nil {
		return fmt.Errorf("bundle: %w", err)
	}
	return nil
}

// The pause between two attempts of --wait: short at first, for a Jaeger that starts
// within a second, and longer later, because each attempt leaves canaries behind.
const (
	firstRetryPause = 250 * time.Millisecond
	maxRetryPause   = 5 * time.Second
)

// repeatCheck repeats run until spans reach Jaeger, limit has passed, or ctx ends, and
// returns the last report that ctx did not cut short. It does not repeat a check that fails because of the
// configuration. Progress shows the time left.
func repeatCheck(ctx context.Context, limit time.Duration, progress *terminal.Line, run func(context.Context) doctor.Report) doctor.Report {
	defer progress.Clear()
	deadline := time.Now().Add(limit)
	pause := firstRetryPause
	var report doctor.Report
	for {
		latest := run(ctx)
		if ctx.Err() != nil {
			return report
		}
		report = latest
		v := report.Verdict
		left := time.Until(deadline)
		if v.OK || v.FirstBrokenHop == doctor.HopConfig || left <= pause {
			return report
		}
		progress.Show(check.Waiting(left, v))
		if wait.For(ctx, pause) != nil {
			return report
		}
		pause = min(2*pause, maxRetryPause)
	}
}
