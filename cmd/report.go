package cmd

import (
	"errors"
	"os"

	"github.com/spf13/cobra"

	"github.com/otdemo/otdemo/pkg/report/run"
)

func newReport(a *app) *cobra.Command {
	output := newEnumFlag("text", "json", "html")
	cmd := &cobra.Command{
		Use:   "report FILE",
		Short: "Report on a load run again, from the results that it wrote",
		Long: `Report on a load run from the file that "otdemo call --results" wrote, as call did
when the run was over, ledger included. It asks nobody, so it tells the same
wherever and whenever it runs. A file whose run was killed is reported on as far as
it goes.

docs/call.md tells what each number means, and the form of the file.
` + exitCodesHelp("0 the report was printed, whatever it says", "2 usage is wrong, or the file is none of ours"),
		Example: `  otdemo report run.ndjson
  otdemo report run.ndjson -o html`,
		GroupID: groupOther,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError(withHint(errors.New("no results file is named"), "otdemo call -n 1000 --results FILE writes one"))
			}
			return maxArgs(1)(cmd, args)
		},
		RunE: func(_ *cobra.Command, args []string) error {
			report, err := a.readRun(args[0])
			if err != nil {
				return usageError(err)
			}
			return a.writeRun(report, output.String())
		},
	}
	cmd.Flags().VarP(&output, "output", "o", "print as `form` text, json or html")
	return cmd
}

// readRun reads a results file.
func (a *app) readRun(name string) (*run.Report, error) {
	file, err := os.Open(a.env.path(name))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return run.Read(file, name)
}

// writeRun writes a report to stdout as form text, json or html.
func (a *app) writeRun(r *run.Report, form string) error {
	switch form {
	case "json":
		return run.WriteJSON(a.env.Stdout, r)
	case "html":
		return run.WriteHTML(a.env.Stdout, r)
	default:
		return run.WriteText(a.env.Stdout, a.terminal(), r)
	}
}
