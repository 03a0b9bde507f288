package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/doctor"
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
		GroupID: groupMain,
		Args:    maxArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if opts.list {
				return listProbes(a.env.Stdout)
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

func listProbes(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, p := range doctor.Probes() {
		fmt.Fprintf(table, "%s\t%s\t%s\n", p.ID, p.Hop, p.Title)
	}
	return table.Flush()
}

func (a *app) check(ctx context.Context, loaded *config.Loaded, opts checkOptions) error {
	target := opts.target.target(a.env, loaded)
	var raw tape
	if opts.bundle != "" {
		target.Record = raw.record
	}
	report, streamed := a.examine(ctx, target, opts)
	if err := ctx.Err(); err != nil {
		return err
	}
	err := a.writeReport(report, opts.output.String(), streamed)
	if opts.bundle != "" {
		b := bundle{report: report, loaded: loaded, answers: raw.exchanges, now: a.env.Now()}
		err = errors.Join(err, b.write(ctx, a.env, opts.bundle))
	}
	if err != nil {
		return err
	}
	return checkExit(report.Verdict, opts.failOn.String() == "warning")
}

// examine runs the doctor, with --wait until it is satisfied. It reports whether
// the findings have been printed already, as they came.
func (a *app) examine(ctx context.Context, target doctor.Target, opts checkOptions) (report doctor.Report, streamed bool) {
	if opts.wait > 0 {
		var progress io.Writer
		if a.env.StderrTerminal {
			progress = a.env.Stderr
		}
		return untilWell(ctx, opts.wait, progress, func(ctx context.Context) doctor.Report {
			return doctor.Run(ctx, target, opts.Options)
		}), false
	}
	if opts.output.String() == "text" {
		opts.Observe = a.checkView().finding
	}
	return doctor.Run(ctx, target, opts.Options), opts.Observe != nil
}

func (a *app) checkView() *checkView {
	return &checkView{w: a.env.Stdout, color: a.colored()}
}

func (a *app) writeReport(report doctor.Report, form string, streamed bool) error {
	view := a.checkView()
	switch form {
	case "json":
		return writeJSON(a.env.Stdout, report)
	case "junit":
		return writeJUnit(a.env.Stdout, report)
	case "github":
		return writeGitHub(a.env.Stdout, report)
	case "short":
		view.short(report)
	default:
		if !streamed {
			for _, f := range report.Findings {
				view.finding(f)
			}
		}
		view.verdict(report)
	}
	return nil
}

// checkExit is the exit code of a verdict. Everything has been said by then.
func checkExit(v doctor.Verdict, warningsFail bool) error {
	switch {
	case v.Answer == doctor.AnswerNo, v.Warnings > 0 && warningsFail:
		return &exitError{code: exitNo}
	case v.Answer == doctor.AnswerUnknown:
		return &exitError{code: exitUnknown}
	}
	return nil
}
