package cmd

import (
	"fmt"
	"slices"
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
			ids, _ := findings()
			return ids, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			ids, texts := findings()
			words := strings.Join(args, " ")
			text, known := texts[words]
			found := findingsWith(ids, texts, words)
			switch {
			case len(args) == 0:
				text = strings.Join(ids, "\n")
			case known:
			case len(found) > 0:
				text = strings.Join(found, "\n") + "\n\nmore: otdemo explain ID; docs/storage.md lists the causes of storage errors"
			default:
				fix := `"otdemo explain" lists all findings`
				if near := config.Nearest(words, ids); near != "" {
					fix = "did you mean " + near + "?"
				}
				return usageError(hint.New(fmt.Errorf("no finding matches %q", words), fix))
			}
			_, err := fmt.Fprintln(a.env.Stdout, text)
			return err
		},
	}
}

// findings returns the ids of all findings and their texts: the second-level sections of
// docs/findings.md whose heading is one word.
func findings() (ids []string, texts map[string]string) {
	texts = map[string]string{}
	for _, section := range strings.Split(docs.Findings(), "\n## ")[1:] {
		id, text, _ := strings.Cut(section, "\n")
		if !strings.Contains(id, " ") {
			ids = append(ids, id)
			texts[id] = id + "\n\n" + strings.TrimSpace(text)
		}
	}
	return ids, texts
}

// findingsWith returns the findings whose text contains line. If none does, it drops
// the beginning of the line up to the next colon and searches again: a log line wraps
// one error in another, and its beginning has hosts and times that no text has.
func findingsWith(ids []string, texts map[string]string, line string) []string {
	// "EOF" is worth searching for, an exit code is not.
	const shortest = 3
	for rest, more := normalized(line), true; more && len(rest) >= shortest; _, rest, more = strings.Cut(rest, ": ") {
		found := slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return !strings.Contains(normalized(texts[id]), rest) })
		if len(found) > 0 {
			return found
		}
	}
	return nil
}

// normalized returns text in lower case, without line breaks, quotes and backquotes.
func normalized(text string) string {
	text = strings.NewReplacer("`", "", `"`, "").Replace(strings.Trim(text, " {}\n"))
	return strings.ToLower(strings.Join(strings.Fields(text), " "))
}
