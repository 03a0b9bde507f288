package cmd

import (
	"errors"
	"os"

	"github.com/spf13/cobra"

	"github.com/otdemo/otdemo/internal/hint"
	"github.com/otdemo/otdemo/pkg/report/run"
)

func newReport(a *app) *cobra.Command {
	output := newEnumFlag("text", "json", "html")
	cmd := &cobra.Command{
		Use:   "report FILE",
		Short: "Print the report of a load run again from its results file",
		Long: `Print the report of a load run from the file that "otdemo call --results" wrote: the
report that call printed at the end of the run, with its ledger. Only the file is
read, so the report is the same at any time and on any machine. If the run was
killed, the report covers the results that were written.

docs/call.md defines each number and the format of the file.
` + exitCodesHelp("0 the report was printed, whatever its result", exitWriteFailed,
			"2 invalid usage, or the file is not a results file", "3"),
		Example: `  otdemo report run.ndjson
  otdemo report run.ndjson -o html`,
		GroupID: groupOther,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError(hint.New(errors.New("no results file given"), `"otdemo call -n 1000 --results FILE" writes one`))
			}
			return maxArgs(1)(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			// A pipe may never send anything.
			report, err := interruptible(cmd.Context(), func() (*run.Report, error) {
				file, err := os.Open(a.env.path(args[0]))
				if err != nil {
					return nil, err
				}
				defer file.Close()
				return run.Read(file, args[0])
			})
			if err != nil {
				return usageError(err)
			}
			return a.writeRun(report, output.text)
		},
	}
	cmd.Flags().VarP(&output, "output", "o", "output `format`: text, json or html")
	return cmd
}

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
