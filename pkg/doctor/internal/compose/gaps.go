package compose

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/otdemo/otdemo/pkg/doctor/internal/docker"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
)

// gap is what docker compose reads and the doctor does not: what depends on
// it is unknown.
type gap struct {
	line int
	text string
	// service is the only one that it concerns; empty is all of them.
	service string
	// only is the one fault that it may make untrue; empty is any. What brings
	// nothing but variables is outranked by the file's own.
	only probe.Code
	// hint shows the whole.
	hint string
}

const notFollowedHere = ", which otdemo does not follow"

// addGaps notes what a service has from elsewhere.
func (f *file) addGaps(s *service, node *yaml.Node) {
	if from := field(node, "extends"); from != nil {
		gap := gap{line: from.Line, text: "service " + s.name + " uses extends" + notFollowedHere, service: s.name, hint: resolveCommand("-f", f.path)}
		if s.image == "" || s.isJaeger() {
			// Its ports and its image may be anything.
			gap.service = ""
		}
		f.gaps = append(f.gaps, gap)
	}
	if from := field(node, "env_file"); from != nil {
		f.gaps = append(f.gaps, gap{line: from.Line, text: "service " + s.name + " uses env_file" + notFollowedHere, service: s.name, only: codeStorageUnset, hint: resolveCommand("-f", f.path)})
	}
}

// addOverride records an override file that docker compose merges by itself, if
// the file has one of compose's default names.
func (f *file) addOverride(readFile func(string) ([]byte, error)) {
	base := filepath.Base(f.path)
	if !slices.Contains([]string{"compose.yml", "compose.yaml", "docker-compose.yml", "docker-compose.yaml"}, base) {
		return
	}
	for _, name := range []string{"compose.override", "docker-compose.override"} {
		for _, ext := range []string{".yml", ".yaml"} {
			beside := filepath.Join(filepath.Dir(f.path), name+ext)
			// A file that cannot be read exists all the same.
			if _, err := readFile(beside); !errors.Is(err, fs.ErrNotExist) {
				f.gaps = append(f.gaps, gap{
					line: 1, text: "docker compose up merges " + name + ext + notFollowedHere,
					// With -f, compose leaves such a file out.
					hint: resolveCommand("--project-directory", filepath.Dir(f.path)),
				})
			}
		}
	}
}

// affects reports whether the gap may make the fault untrue.
func (g *gap) affects(fault *fault) bool {
	return (g.only == "" || g.only == fault.code) && (g.service == "" || g.service == fault.service)
}

// certain returns the faults that no gap touches, and the others.
func (f *file) certain(faults []fault) (sure, unsure []fault) {
	of := make(map[string][]gap)
	for _, g := range f.gaps {
		if have := of[g.service]; !slices.ContainsFunc(have, func(h gap) bool { return h.only == g.only }) {
			of[g.service] = append(have, g)
		}
	}
	for i := range faults {
		affects := func(g gap) bool { return g.affects(&faults[i]) }
		if slices.ContainsFunc(of[""], affects) || slices.ContainsFunc(of[faults[i].service], affects) {
			unsure = append(unsure, faults[i])
		} else {
			sure = append(sure, faults[i])
		}
	}
	return sure, unsure
}

// notFollowed is the finding for a file of which the doctor does not see all. The
// hint shows it the rest.
func (f *file) notFollowed(unsure []fault) probe.Finding {
	finding := probe.Found(probe.StatusUnknown, codeNotFollowed, "%s:%d: %s: unknown whether the file lets spans reach Jaeger",
		f.path, f.gaps[0].line, f.gaps[0].text).Saw(f.gapLines()...)
	for i := range unsure {
		finding = finding.Saw("unless overridden there: " + unsure[i].position() + ": " + unsure[i].fact)
	}
	return finding.Hint(f.gaps[0].hint)
}

// resolveCommand is the line that makes one file of all that compose reads.
func resolveCommand(flag, name string) string {
	return "docker compose " + flag + " " + docker.ShellQuote(name) + " config > resolved.yaml && otdemo check-jaeger --compose resolved.yaml"
}

func (f *file) gapLines() []string {
	lines := make([]string, len(f.gaps))
	for i, g := range f.gaps {
		lines[i] = fmt.Sprintf("%s:%d: %s", f.path, g.line, g.text)
	}
	return lines
}
