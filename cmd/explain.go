package cmd

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/otdemo/otdemo/docs"
	"github.com/otdemo/otdemo/pkg/config"
)

func newExplain(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "explain [ID]",
		Short: "Explain a finding of check-jaeger: its meaning, evidence and fix",
		Long: `Explain a finding of check-jaeger: what it means, how it was found out, what mends
it, and what else it could be. Without an ID, list all of them.

The texts are docs/findings.md, and need no network.
` + exitCodesHelp(),
		Example: `  otdemo explain udp-refused
  otdemo explain`,
		GroupID: groupServing,
		Args:    maxArgs(1),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return sectionNames(docs.Findings()), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			names := sectionNames(docs.Findings())
			if len(args) == 0 {
				_, err := fmt.Fprintln(a.env.Stdout, strings.Join(names, "\n"))
				return err
			}
			text, ok := section(docs.Findings(), args[0])
			if !ok {
				return usageError(unknownFinding(args[0], names))
			}
			_, err := fmt.Fprintln(a.env.Stdout, text)
			return err
		},
	}
}

func unknownFinding(id string, known []string) error {
	hint := `"otdemo explain" lists all`
	if near := config.Nearest(id, known); near != "" {
		hint = "did you mean " + near + "?"
	}
	return withHint(fmt.Errorf("no finding has the id %q", id), hint)
}

// sectionNames returns the findings of document: its headings of the second
// level that are ids, which have no spaces.
func sectionNames(document string) []string {
	var names []string
	for line := range strings.Lines(document) {
		name, ok := strings.CutPrefix(strings.TrimSpace(line), "## ")
		if ok && !strings.Contains(name, " ") {
			names = append(names, name)
		}
	}
	return names
}

// section returns the text from the heading "## name" to the next heading of its
// level.
func section(document, name string) (string, bool) {
	_, rest, ok := strings.Cut("\n"+document, "\n## "+name+"\n")
	if !ok || strings.Contains(name, " ") {
		return "", false
	}
	text, _, _ := strings.Cut(rest, "\n## ")
	return name + "\n\n" + strings.TrimSpace(text), true
}
