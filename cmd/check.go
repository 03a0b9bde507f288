package cmd

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/doctor"
	"github.com/otdemo/otdemo/pkg/report/check"
	"github.com/otdemo/otdemo/pkg/report/terminal"
)

type checkOptions struct {
	doctor.Options
	output enumFlag
	failOn enumFlag
	target targetFlags
	list   bool
	wait   time.Duration
	bundle string
}

func newCheck(a *app) *cobra.Command {
	opts := checkOptions{
		Options: doctor.Options{Timeout: 10 * time.Second},
		output:  newEnumFlag("text", "short", "json", "junit", "github"),
		failOn:  newEnumFlag("error", "warning"),
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
			if err := errors.Join(opts.Validate(), opts.target.check(reading, a.env)); err != nil {
				return usageError(err)
			}
			if opts.wait < 0 {
				return usageError(fmt.Errorf("--wait must not be negative, got %s", opts.wait))
			}
			loaded, err := a.loadService(cmd)
			if err != nil {
				return err
			}
			return a.check(cmd.Context(), loaded, opts)
		},
	}
	flags := cmd.Flags()
	addTracerFlags(flags)
	opts.target.register(flags)
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

// loadService loads the configuration. Unless a tracer is chosen, it is the one that
// the service with this environment uses.
func (a *app) loadService(cmd *cobra.Command) (*config.Loaded, error) {
	src, err := a.source(cmd)
	if err != nil {
		return nil, err
	}
	src.TracerOfEnviron = true
	return loadSource(src)
}

func (a *app) check(ctx context.Context, loaded *config.Loaded, opts checkOptions) error {
	target := opts.target.target(a.env, loaded)
	var recorded exchangeRecorder
	if opts.bundle != "" {
		target.Record = recorded.add
	}
	report, begun := a.runCheck(ctx, target, opts)
	if err := ctx.Err(); err != nil {
		if tried := report.Verdict.Text; opts.wait > 0 && tried != "" {
			return &interruptedError{"interrupted; the last try: " + tried}
		}
		return err
	}
	err := a.writeCheck(report, opts.output.String(), begun)
	if opts.bundle != "" {
		b := &check.Bundle{Version: currentVersion(), Report: report, Config: loaded, Exchanges: recorded.exchanges, Now: a.env.Now()}
		err = errors.Join(err, a.writeBundle(ctx, b, opts.bundle))
	}
	if err != nil {
		return err
	}
	return checkExit(report.Verdict, opts.failOn.String() == "warning")
}

// runCheck runs the probes, with --wait until spans reach Jaeger. The returned text is
// nil unless it has written the findings already, one at a time.
func (a *app) runCheck(ctx context.Context, target doctor.Target, opts checkOptions) (doctor.Report, *check.Text) {
	if opts.wait > 0 {
		progress := terminal.NewLine(a.env.Stderr, a.env.Width, a.env.StderrTerminal)
		return repeatCheck(ctx, opts.wait, progress, func(ctx context.Context) doctor.Report {
			return doctor.Run(ctx, target, opts.Options)
		}), nil
	}
	var begun *check.Text
	if opts.output.String() == "text" {
		begun = check.NewText(a.env.Stdout, a.terminal())
		opts.Observe = begun.Finding
	}
	return doctor.Run(ctx, target, opts.Options), begun
}

// writeCheck writes the report as form, or completes a text that was begun.
func (a *app) writeCheck(report doctor.Report, form string, begun *check.Text) error {
	switch form {
	case "json":
		return check.WriteJSON(a.env.Stdout, report)
	case "junit":
		return check.WriteJUnit(a.env.Stdout, report)
	case "github":
		return check.WriteGitHub(a.env.Stdout, report)
	case "short":
		return check.WriteShort(a.env.Stdout, report)
	}
	if begun != nil {
		return begun.Verdict(report)
	}
	return check.NewText(a.env.Stdout, a.terminal()).Report(report)
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
