package compose

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"

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
	file, err := readFile(&env.Target)
	if err != nil {
		// The command line was validated before; the file has changed since.
		return probe.Found(probe.StatusUnknown, err.code, "%s", err.text).Hint(err.hint)
	}
	if len(file.jaegers()) == 0 {
		if len(file.gaps) > 0 {
			return file.notFollowed(nil)
		}
		return probe.Found(probe.StatusUnknown, codeNoJaeger, "%s has no service with a Jaeger image, so nothing was checked; services: %s",
			name, file.names())
	}
	needs := docker.Needs(env)
	docker.Resolve(ctx, env, needs)
	check := check{
		file:    file,
		needs:   needs,
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
		return probe.Found(probe.StatusOK, codeNoFault, "no fault found in service %s of %s", file.jaegers()[0].name, name).
			Hint("docker compose -f " + docker.ShellQuote(name) + " up -d")
	}
	return finding(faults).Saw(file.gapLines()...)
}

// finding is about the first fault; all others are evidence and hints.
func finding(faults []fault) probe.Finding {
	worst := &faults[0]
	f := probe.Found(probe.StatusWarn, worst.code, "%s: %s", worst.position(), worst.fact).AtHop(worst.hop)
	if n := worst.need; n != nil && !n.Met() {
		f.Status = probe.StatusFail
		f = f.AsCauseOf(n.Probe)
	}
	for i := range faults {
		f = f.Saw(faults[i].position() + ": " + faults[i].fact).Hint(faults[i].position() + ": " + faults[i].fix)
		if faults[i].evidence != "" {
			f = f.Saw(faults[i].evidence)
		}
		if faults[i].otherFix != "" {
			f = f.Hint(faults[i].position() + ": or " + faults[i].otherFix)
		}
	}
	return f
}

// fileError is why a file cannot be checked.
type fileError struct {
	code       probe.Code
	text, hint string
}

func (e *fileError) Error() string { return e.text }

// Hint is what to do about it.
func (e *fileError) Hint() string { return e.hint }

// Validate returns an error with a hint if Compose names a file that cannot be
// read or is not a compose file.
func Validate(t probe.Target) error {
	t = t.WithDefaults()
	if t.Compose == "" {
		return nil
	}
	if _, err := readFile(&t); err != nil {
		return err
	}
	return nil
}

// readFile reads the file that Compose names.
func readFile(t *probe.Target) (*file, *fileError) {
	text, err := t.ReadFile(t.Compose)
	if err != nil {
		reason := err
		if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
			reason = pathErr.Err
		}
		return nil, &fileError{
			codeUnreadable, fmt.Sprintf("cannot read the compose file %q: %v", t.Compose, reason),
			"give the path of a compose file, relative to the working directory: --compose docker-compose.yaml",
		}
	}
	var unread error
	file, err := parseFile(t.Compose, text, variables(t, &unread))
	switch {
	case err != nil && unread != nil:
		return nil, &fileError{
			codeUnreadable, fmt.Sprintf("cannot read the file .env next to %s, which has variables: %v", t.Compose, unread),
			"make .env a regular file of 1 MiB at most",
		}
	case err != nil:
		e := &fileError{
			codeInvalid, fmt.Sprintf("%s is not a compose file: %s", t.Compose, strings.ReplaceAll(err.Error(), "\n", " ")),
			"docker compose -f " + docker.ShellQuote(t.Compose) + " config",
		}
		if manifest.Match(text) {
			e.hint = "give the path of a compose file; Kubernetes manifests are not supported"
		}
		return nil, e
	}
	if unread != nil {
		file.gaps = append(file.gaps, gap{
			line: 1, text: "the file has variables, and .env next to it cannot be read: " + unread.Error(), hint: resolveCommand("-f", t.Compose),
		})
	}
	file.addOverride(t.ReadFile)
	return file, nil
}

// manifest is what every document of Kubernetes has.
var manifest = regexp.MustCompile(`(?m)^apiVersion:`)

// names lists the services.
func (f *file) names() string {
	names := make([]string, len(f.services))
	for i := range f.services {
		names[i] = f.services[i].name
	}
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// variables returns the values of ${NAME}: from the environment, otherwise from
// the file .env next to the compose file. It sets unread when a value may be in a file
// .env that exists and cannot be read.
func variables(t *probe.Target, unread *error) func(string) (string, bool) {
	text, err := t.ReadFile(filepath.Join(filepath.Dir(t.Compose), ".env"))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		err = nil
	case err != nil:
		text = nil
	}
	file := dotenv(text)
	return func(name string) (string, bool) {
		for _, kv := range t.Environ {
			if value, ok := strings.CutPrefix(kv, name+"="); ok {
				return value, true
			}
		}
		if err != nil && name != "" {
			*unread = err
		}
		value, ok := file[name]
		return value, ok
	}
}
