package cmd

import (
	"fmt"
	"runtime/debug"

	"github.com/spf13/cobra"
)

func newVersion(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the version, commit and Go release",
		Long:    "Print the version, the commit and the Go release that otdemo was built with.\n" + exitCodesHelp(exitWriteFailed, "3"),
		Example: "  otdemo version",
		GroupID: groupOther,
		Args:    maxArgs(0),
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintln(a.env.Stdout, currentVersion())
			return err
		},
	}
}

func currentVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{}
	}
	return versionLine(info)
}

func versionLine(info *debug.BuildInfo) string {
	version, commit, dirty := info.Main.Version, "", ""
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			commit = ", commit " + s.Value[:min(12, len(s.Value))]
		case "vcs.modified":
			if s.Value == "true" {
				dirty = " (modified)"
			}
		}
	}
	if version == "" || version == "(devel)" {
		version = "development version"
	}
	return fmt.Sprintf("otdemo %s%s%s, %s", version, commit, dirty, info.GoVersion)
}
