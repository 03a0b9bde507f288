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
		Use:   "explain [ID | WORDS]",
		Short: "Explain a finding of check-jaeger: its meaning, evidence and fix",
		Long: `Explain a finding of check-jaeger: what it means, how it was found out, what mends
it, and what else it could be. Without an ID, list all of them. Words that are no
ID, such as a line of Jaeger's log, list the findings that speak of them.

The texts are docs/findings.md, and need no network.
` + exitCodesHelp(),
		Example: `  otdemo explain udp-refused
  otdemo explain
  otdemo explain no Elasticsearch node available`,
		GroupID: groupOther,
		Args:    cobra.ArbitraryArgs,
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return sectionNames(docs.Findings()), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			names := sectionNames(docs.Findings())
			if len(args) == 0 {
				_, err := fmt.Fprintln(a.env.Stdout, strings.Join(names, "\n"))
				return err
			}
			words := strings.Join(args, " ")
			if text, ok := section(docs.Findings(), words); ok {
				_, err := fmt.Fprintln(a.env.Stdout, text)
				return err
			}
			found := findingsWith(docs.Findings(), words)
			if len(found) == 0 {
				return usageError(unknownFinding(words, names))
			}
			_, err := fmt.Fprintf(a.env.Stdout, "%s\n\nmore: otdemo explain ID; docs/storage.md has each cause of a line about the storage\n",
				strings.Join(found, "\n"))
			return err
		},
	}
}

// findingsWith returns the findings whose text contains the line. Of a line of a log,
// which wraps one error in another, it searches the longest end that a text contains:
// the beginning has hosts and times that no text has.
func findingsWith(document, line string) []string {
	// "EOF" is a message, and an exit code is none.
	const shortest = 3
	for rest, more := normalized(line), true; more && len(rest) >= shortest; _, rest, more = strings.Cut(rest, ": ") {
		var names []string
		for _, name := range sectionNames(document) {
			if text, _ := section(document, name); strings.Contains(normalized(text), rest) {
				names = append(names, name)
			}
		}
		if len(names) > 0 {
			return names
		}
	}
	return nil
}

// normalized returns text without case, line breaks, quotes and the marks of code.
func normalized(text string) string {
	text = strings.NewReplacer("`", "", `"`, "").Replace(strings.Trim(text, " {}\n"))
	return strings.ToLower(strings.Join(strings.Fields(text), " "))
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
