package compose

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/otdemo/otdemo/internal/hint"
	"github.com/otdemo/otdemo/internal/shell"
	"github.com/otdemo/otdemo/pkg/doctor/internal/docker"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
)

// Probe reads a compose file for what keeps spans from arriving. It needs
// no engine.
func Probe() probe.Probe {
	return probe.Probe{
		ID:    probe.IDCompose,
		Hop:   probe.HopNetwork,
		Title: "the compose file lets spans reach Jaeger",
		After: []string{probe.IDHost, probe.IDUDP, probe.IDCollector, probe.IDQuery, probe.IDCanary},
		Codes: []probe.Code{
			codeNoFault, codeUnreadable, codeInvalid, codeNoJaeger, codeNotUDP,
			codePortMissing, codeNoUDP, codeStorageURL, codeStorageUnset, codeNotFollowed, codeNoHealthGate, codeV1Settings,
			codeReceiverMissing, codeLoopback, codeAgentLocalhost,
		},
		Run: run,
	}
}

func run(ctx context.Context, env *probe.Env) probe.Finding {
	name := env.Compose
	if name == "" {
		return probe.NotUsed("no compose file is set")
	}
	file, problem := readFile(&env.Target)
	if problem != nil {
		// The command line was validated before; the file has changed since.
		return *problem
	}
	services := indexOf(file.services)
	if len(services.jaegers) == 0 {
		if len(file.gaps) > 0 {
			return file.notFollowed(nil)
		}
		return probe.Found(probe.StatusUnknown, codeNoJaeger, "%s has no service with a Jaeger image, so nothing was checked; services: %s",
			name, file.names())
	}
	check := check{
		file:    file,
		index:   services,
		needs:   docker.Needs(ctx, env),
		isLocal: func(n docker.Need) bool { return probe.IsOwn(ctx, &env.Target, n.Addr) },
		readFile: func(source string) ([]byte, error) {
			if !filepath.IsAbs(source) {
				source = filepath.Join(filepath.Dir(name), source)
			}
			return env.ReadFile(source)
		},
	}
	faults, unsure := file.certain(check.run())
	if len(faults) == 0 && len(file.gaps) > 0 {
		return file.notFollowed(unsure)
	}
	if len(faults) == 0 {
		return probe.Found(probe.StatusOK, codeNoFault, "no fault found in service %s of %s", services.jaegers[0].name, name).
			Hint("docker compose -f " + shell.Quote(name) + " up -d")
	}
	return finding(faults).Saw(file.gapLines()...)
}

// finding is about the first fault; all others are evidence and hints.
func finding(faults []fault) probe.Finding {
	worst := &faults[0]
	f := probe.Found(worst.Status, worst.Code, "%s: %s", worst.position(), worst.Fact).AtHop(worst.Hop)
	if n := worst.need; n != nil && !n.Met() {
		f.Status = probe.StatusFail
		f = f.AsCauseOf(n.Probe)
	}
	for i := range faults {
		at := faults[i].position() + ": "
		f = f.Saw(at + faults[i].Fact).Saw(faults[i].Evidence...)
		for _, fix := range faults[i].Hints {
			f = f.Hint(at + fix)
		}
	}
	return f
}

// Validate returns an error with a hint if Compose names a file that cannot be
// read or is not a compose file.
func Validate(t probe.Target) error {
	t = t.WithDefaults()
	if t.Compose == "" {
		return nil
	}
	if _, problem := readFile(&t); problem != nil {
		return hint.New(errors.New(problem.Fact), problem.Hints[0])
	}
	return nil
}

// readFile reads the file that Compose names, or returns the finding for one that
// cannot be checked.
func readFile(t *probe.Target) (*file, *probe.Finding) {
	problem := func(code probe.Code, hint, format string, args ...any) *probe.Finding {
		f := probe.Found(probe.StatusUnknown, code, format, args...).Hint(hint)
		return &f
	}
	text, err := t.ReadFile(t.Compose)
	if err != nil {
		return nil, problem(codeUnreadable,
			"give the path of a compose file, relative to the working directory: --compose docker-compose.yaml",
			"cannot read the compose file %q: %s", t.Compose, reason(err))
	}
	var unread error
	file, err := parseFile(t.Compose, text, variables(t, &unread))
	switch {
	case err != nil && unread != nil:
		return nil, problem(codeUnreadable, "make .env a regular file of 1 MiB at most",
			"cannot read the file .env next to %s, which has variables: %v", t.Compose, unread)
	case err != nil && manifest.Match(text):
		return nil, problem(codeInvalid, "give the path of a compose file; Kubernetes manifests are not supported",
			"%s is not a compose file: %s", t.Compose, reason(err))
	case err != nil:
		return nil, problem(codeInvalid, "docker compose -f "+shell.Quote(t.Compose)+" config",
			"%s is not a compose file: %s", t.Compose, reason(err))
	}
	if unread != nil {
		file.addGap(1, scope{}, "the file has variables, and .env next to it cannot be read: "+unread.Error())
	}
	file.addOverride(t.ReadFile)
	return file, nil
}

// manifest is what every document of Kubernetes has.
var manifest = regexp.MustCompile(`(?m)^apiVersion:`)

func (f *file) names() string {
	names := make([]string, len(f.services))
	for i := range f.services {
		names[i] = f.services[i].name
	}
	return cmp.Or(probe.List(names), "none")
}

// variables returns the values of ${NAME}: from the environment, otherwise from
// the file .env next to the compose file. It sets unread when a value may be in a file
// .env that exists and cannot be read.
func variables(t *probe.Target, unread *error) func(string) (string, bool) {
	text, err := t.ReadFile(filepath.Join(filepath.Dir(t.Compose), ".env"))
	file := dotenv(text)
	return func(name string) (string, bool) {
		for _, kv := range t.Environ {
			if value, ok := strings.CutPrefix(kv, name+"="); ok {
				return value, true
			}
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			*unread = err
		}
		value, ok := file[name]
		return value, ok
	}
}
