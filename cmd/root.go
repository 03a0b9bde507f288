// Package cmd is the command line: it turns flags into options, calls a package that
// does the work, and picks a report for the result. Start at Main; each subcommand has
// a file of its own.
package cmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/otdemo/otdemo/internal/hint"
)

// Main runs one command line to its end and returns the exit code.
func Main(env *Env) int {
	ctx, stop := env.Interrupt(context.Background())
	defer stop()
	root := newRoot(env)
	err := root.ExecuteContext(ctx)
	if err != nil {
		printError(env.Stderr, err)
	}
	return exitCode(err)
}

// app holds what the commands of one run share.
type app struct {
	env                        *Env
	color, logLevel, logFormat textFlag
}

func newRoot(env *Env) *cobra.Command {
	a := &app{
		env:       env,
		color:     newEnumFlag("auto", "always", "never"),
		logLevel:  newEnumFlag("info", "debug", "warn", "error"),
		logFormat: newEnumFlag("text", "json"),
	}
	root := &cobra.Command{
		Use:   "otdemo",
		Short: "Generate traced traffic, send its spans to Jaeger and account for every one",
		Long: `otdemo generates traced traffic, sends its spans to Jaeger, reads them back and
accounts for every one. If spans are missing, it reports where they were lost
and how to fix it.

Start with "otdemo demo", which needs no other program.
` + exitCodesHelp(),
		Example: `  otdemo demo
  otdemo serve --port 8000
  otdemo call --show
  otdemo check-jaeger`,
		Args:          cobra.ArbitraryArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownCommand(cmd, args[0])
			}
			return cmd.Help()
		},
		SuggestionsMinimumDistance: 2,
	}
	root.SetArgs(env.Args)
	root.SetIn(env.Stdin)
	root.SetOut(env.Stdout)
	root.SetErr(env.Stderr)
	root.SetFlagErrorFunc(seeHelp)
	flags := root.PersistentFlags()
	flags.Var(&a.logLevel, "log-level", "minimum log `level`: debug, info, warn or error")
	flags.Var(&a.logFormat, "log-format", "log `format`: text or json")
	flags.Var(&a.color, "color", "`when` to colour the output: auto, always or never")

	root.AddGroup(
		&cobra.Group{ID: groupCore, Title: "Core commands:"},
		&cobra.Group{ID: groupOther, Title: "Other commands:"},
	)
	root.SetHelpCommandGroupID(groupOther)
	root.SetCompletionCommandGroupID(groupOther)
	root.AddCommand(
		newServe(a), newCall(a), newCheck(a),
		newCompare(a), newReport(a), newAllInOne(a), newDemo(a), newExplain(a), newConfig(a), newVersion(a),
	)
	return root
}

// The groups of the help's list of commands.
const (
	groupCore  = "core"
	groupOther = "other"
)

func unknownCommand(cmd *cobra.Command, name string) error {
	fix := "run otdemo --help for the list of commands"
	if near := cmd.SuggestionsFor(name); len(near) > 0 {
		fix = "did you mean " + strings.Join(near, " or ") + "?"
	}
	return usageError(hint.New(fmt.Errorf("unknown command %q", name), fix))
}

// maxArgs accepts up to n arguments. Its error names the first argument beyond them.
func maxArgs(n int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) <= n {
			return nil
		}
		return seeHelp(cmd, fmt.Errorf("unexpected argument %q", args[n]))
	}
}

// seeHelp returns the error of a flag that cannot be parsed.
func seeHelp(cmd *cobra.Command, err error) error {
	if invalid, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		flag := invalid.GetFlag()
		claim := map[string]string{
			"int": "must be a whole number", "int64": "must be a whole number", "float64": "must be a number",
			"duration": "must be a duration with a unit, such as 10s", "bool": "must be true or false",
		}[flag.Value.Type()]
		err = fmt.Errorf("--%s %s, got %q", flag.Name, cmp.Or(claim, invalid.Unwrap().Error()), invalid.GetValue())
	}
	return usageError(hint.New(err, "see "+cmd.CommandPath()+" --help"))
}

// exitWriteFailed is the line of exit code 1 in the help of commands that only print.
const exitWriteFailed = "1 the output could not be written"

// exitCodesHelp returns the end of a command's long help. Each line of own is
// "CODE meaning" and replaces the general meaning of that code; a line that is only a
// code leaves it out, because the command does not return it.
func exitCodesHelp(own ...string) string {
	lines := []string{
		"0 success",
		"1 a check failed, a call failed or spans were lost",
		"2 invalid usage or configuration; nothing was done",
		"3 inconclusive",
		"130 interrupted",
	}
	for _, line := range own {
		code, _, _ := strings.Cut(line, " ")
		i := slices.IndexFunc(lines, func(general string) bool { return strings.HasPrefix(general, code+" ") })
		lines[i] = line
	}
	shown := []string{"", "Exit codes:"}
	for _, line := range lines {
		if code, meaning, ok := strings.Cut(line, " "); ok {
			shown = append(shown, fmt.Sprintf("  %-4s %s", code, meaning))
		}
	}
	return strings.Join(shown, "\n")
}
