package cmd

import (
	"context"
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
	output choice
	failOn choice
	list   bool
}

func newCheck(a *app) *cobra.Command {
	opts := checkOptions{
		Options: doctor.Options{Timeout: 10 * time.Second},
		output:  newChoice("text", "short", "json"),
		failOn:  newChoice("error", "warning"),
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
  otdemo check-jaeger -o json`,
		GroupID: groupMain,
		Args:    maxArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if opts.list {
				return listProbes(a.env.Stdout)
			}
			if err := opts.Validate(); err != nil {
				return usageError(err)
			}
			if opts.Timeout <= 0 {
				return usageError(fmt.Errorf("--timeout must be more than 0, got %s", opts.Timeout))
			}
			loaded, err := a.load(cmd)
			if err != nil {
				return err
			}
			return a.check(cmd.Context(), loaded, opts)
		},
	}
	flags := cmd.Flags()
	addTracerFlags(flags)
	flags.DurationVar(&opts.Timeout, "timeout", opts.Timeout, "end the check after this `time`")
	flags.StringSliceVar(&opts.Only, "only", nil, "run only these `probes` and what they need; see --list")
	flags.StringSliceVar(&opts.Skip, "skip", nil, "leave these `probes` out; see --list")
	flags.BoolVar(&opts.list, "list", false, "list the probes and their claims")
	flags.Var(&opts.failOn, "fail-on", "exit with 1 on an `error`, or on a warning too")
	flags.VarP(&opts.output, "output", "o", "print as `form` text, short or json")
	return cmd
}

func listProbes(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, p := range doctor.Probes() {
		fmt.Fprintf(table, "%s\t%s\t%s\n", p.ID, p.Hop, p.Title)
	}
	return table.Flush()
}

func (a *app) check(ctx context.Context, loaded *config.Loaded, opts checkOptions) error {
	target := doctor.Target{
		Loaded:  loaded,
		Service: "otdemo-client",
		Environ: a.env.Environ,
	}
	view := &checkView{w: a.env.Stdout, color: a.colored()}
	if opts.output.String() == "text" {
		opts.Observe = view.finding
	}
	report := doctor.Run(ctx, target, opts.Options)
	if err := ctx.Err(); err != nil {
		return err
	}
	switch opts.output.String() {
	case "json":
		if err := writeJSON(a.env.Stdout, report); err != nil {
			return err
		}
	case "short":
		view.short(report)
	default:
		view.verdict(report)
	}
	return checkExit(report.Verdict, opts.failOn.String() == "warning")
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
