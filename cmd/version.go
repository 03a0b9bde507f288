package cmd

import (
	"fmt"
	"runtime/debug"

	"github.com/spf13/cobra"
)

func newVersion(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the version and what it was built from",
		Long:    "Print the version, the commit and the Go release it was built from.\n" + exitCodesHelp(),
		Example: "  otdemo version",
		GroupID: groupOther,
		Args:    maxArgs(0),
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintln(a.env.Stdout, currentVersion())
			return err
		},
	}
}

// currentVersion is the line of the running program.
func currentVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{}
	}
	return versionLine(info)
}

// versionLine reads what the Go toolchain put into the binary.
func versionLine(info *debug.BuildInfo) string {
	version, commit, dirty := info.Main.Version, "", ""
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			commit = ", commit " + s.Value[:min(12, len(s.Value))]
		case "vcs.modified":
			if s.Value == "true" {
				dirty = " with changes"
			}
		}
	}
	if version == "" || version == "(devel)" {
		version = "development version"
	}
	return fmt.Sprintf("otdemo %s%s%s, %s", version, commit, dirty, info.GoVersion)
}
