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
		Short: "Find out whether this configuration's spans reach Jaeger, and if not, why",
		Long: `Prove, hop by hop, whether spans sent with this configuration reach Jaeger: a
canary span goes the configured way and is read back. Where it gets lost, name
the first broken hop and the line that mends it.

It changes nothing at Jaeger but for its canaries, of service otdemo-check.
docs/findings.md explains each finding.
` + exitCodesHelp("0 spans reach Jaeger", "1 spans do not reach Jaeger; with --fail-on warning: or something is odd"),
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
			if err := errors.Join(opts.Validate(), opts.target.check(a.env)); err != nil {
				return usageError(err)
			}
			if opts.Timeout <= 0 {
				return usageError(fmt.Errorf("--timeout must be more than 0, got %s", opts.Timeout))
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
	flags.DurationVar(&opts.Timeout, "timeout", opts.Timeout, "end the check after this `time`")
	flags.DurationVar(&opts.wait, "wait", 0, "try again until spans reach Jaeger, for this `time` at most")
	flags.StringSliceVar(&opts.Only, "only", nil, "run only these `probes` and what they need or look at; see --list")
	flags.StringSliceVar(&opts.Skip, "skip", nil, "leave these `probes` out; see --list")
	flags.BoolVar(&opts.list, "list", false, "list the probes and their claims")
	flags.StringVar(&opts.bundle, "bundle", "", "collect the report, the configuration and the raw answers in `file`, a .tgz for a bug report")
	flags.Var(&opts.failOn, "fail-on", "exit with 1 on an `error`, or on a warning too")
	flags.VarP(&opts.output, "output", "o", "print as `form` text, short, json, junit or github")
	return cmd
}

// loadService reads the configuration with the tracer of the service whose
// environment this is, unless a tracer is chosen.
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
// nil unless it has written the findings already, as they came.
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

// writeCheck writes the report in a form, or what a begun text lacks.
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
		return &exitError{code: exitNo}
	case v.Answer == doctor.AnswerUnknown:
		return &exitError{code: exitUnknown}
	}
	return nil
}
