package cmd

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/otdemo/otdemo/docs"
	"github.com/otdemo/otdemo/internal/hint"
	"github.com/otdemo/otdemo/pkg/config"
)

func newExplain(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "explain [ID | WORDS]",
		Short: "Explain a finding of check-jaeger: its meaning, evidence and fix",
		Long: `Explain a finding of check-jaeger: what it means, how it was found, how to fix it,
and what else it could be. Without an ID, list the IDs of all findings. With any
other words, such as a line of Jaeger's log, list the findings that mention them.

The texts are those of docs/findings.md; no network is needed.
` + exitCodesHelp(exitWriteFailed, "2 no finding matches", "3"),
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
				fix := `"otdemo explain" lists all findings`
				if near := config.Nearest(words, names); near != "" {
					fix = "did you mean " + near + "?"
				}
				return usageError(hint.New(fmt.Errorf("no finding matches %q", words), fix))
			}
			_, err := fmt.Fprintf(a.env.Stdout, "%s\n\nmore: otdemo explain ID; docs/storage.md lists the causes of storage errors\n",
				strings.Join(found, "\n"))
			return err
		},
	}
}

// findingsWith returns the findings whose text contains line. If none does, it drops
// the beginning of the line up to the next colon and searches again: a log line wraps
// one error in another, and its beginning has hosts and times that no text has.
func findingsWith(document, line string) []string {
	// "EOF" is worth searching for, an exit code is not.
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

// normalized returns text in lower case, without line breaks, quotes and backquotes.
func normalized(text string) string {
	text = strings.NewReplacer("`", "", `"`, "").Replace(strings.Trim(text, " {}\n"))
	return strings.ToLower(strings.Join(strings.Fields(text), " "))
}

// sectionNames returns the ids of the findings of document: its second-level headings
// without spaces.
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

// section returns the text from the heading "## name" to the next heading of the same
// level.
func section(document, name string) (string, bool) {
	_, rest, ok := strings.Cut("\n"+document, "\n## "+name+"\n")
	if !ok || strings.Contains(name, " ") {
		return "", false
	}
	text, _, _ := strings.Cut(rest, "\n## ")
	return name + "\n\n" + strings.TrimSpace(text), true
}
