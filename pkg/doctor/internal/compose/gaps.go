package compose

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/otdemo/otdemo/internal/shell"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
)

// gap is what docker compose reads and the doctor does not: what depends on
// it is unknown.
type gap struct {
	scope
	line int
	text string
	// hint shows the whole.
	hint string
}

// scope is which faults a gap may make untrue.
type scope struct {
	// service is the only one that it concerns; empty is all of them.
	service string
	// only is the one fault; empty is any. What brings nothing but variables is
	// outranked by the file's own.
	only probe.Code
}

const notFollowedHere = ", which otdemo does not follow"

// addGap notes what docker compose reads with -f too.
func (f *file) addGap(line int, in scope, text string) {
	f.gaps = append(f.gaps, gap{in, line, text, resolveCommand("-f", f.path)})
}

func (f *file) addGaps(s *service, node *yaml.Node) {
	if from := field(node, "extends"); from != nil {
		in := scope{service: s.name}
		if s.Image.Name == "" || s.isJaeger() {
			// Its ports and its image may be anything.
			in.service = ""
		}
		f.addGap(from.Line, in, "service "+s.name+" uses extends"+notFollowedHere)
	}
	if from := field(node, "env_file"); from != nil {
		f.addGap(from.Line, scope{service: s.name, only: codeStorageUnset}, "service "+s.name+" uses env_file"+notFollowedHere)
	}
}

// addOverride records an override file that docker compose merges by itself, if
// the file has one of compose's default names.
func (f *file) addOverride(readFile func(string) ([]byte, error)) {
	dir, base := filepath.Split(f.path)
	if !slices.Contains([]string{"compose.yml", "compose.yaml", "docker-compose.yml", "docker-compose.yaml"}, base) {
		return
	}
	for _, name := range []string{"compose.override.yml", "compose.override.yaml", "docker-compose.override.yml", "docker-compose.override.yaml"} {
		// A file that cannot be read exists all the same.
		if _, err := readFile(filepath.Join(dir, name)); !errors.Is(err, fs.ErrNotExist) {
			// With -f, compose leaves such a file out.
			hint := resolveCommand("--project-directory", filepath.Dir(f.path))
			f.gaps = append(f.gaps, gap{line: 1, text: "docker compose up merges " + name + notFollowedHere, hint: hint})
		}
	}
}

func (f *file) certain(faults []fault) (sure, unsure []fault) {
	touched := make(map[scope]bool)
	for _, g := range f.gaps {
		touched[g.scope] = true
	}
	for _, fault := range faults {
		if touched[scope{}] || touched[scope{only: fault.Code}] ||
			touched[scope{service: fault.service}] || touched[scope{fault.service, fault.Code}] {
			unsure = append(unsure, fault)
		} else {
			sure = append(sure, fault)
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
		finding = finding.Saw("unless overridden there: " + unsure[i].position() + ": " + unsure[i].Fact)
	}
	return finding.Hint(f.gaps[0].hint)
}

func resolveCommand(flag, name string) string {
	return "docker compose " + flag + " " + shell.Quote(name) + " config > resolved.yaml && otdemo check-jaeger --compose resolved.yaml"
}

func (f *file) gapLines() []string {
	lines := make([]string, len(f.gaps))
	for i, g := range f.gaps {
		lines[i] = fmt.Sprintf("%s:%d: %s", f.path, g.line, g.text)
	}
	return lines
}
