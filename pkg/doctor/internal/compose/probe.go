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
			codeComposeWell, codeComposeUnreadable, codeComposeInvalid, codeComposeNoJaeger, codeComposeNotUDP,
			codeComposePort, codeComposeNoUDP, codeComposeStorageURL, codeComposeStorageUnset, codeComposeNotFollowed, codeComposeNoGate, codeComposeV1Settings,
			codeComposeReceiver, codeComposeLoopback, codeComposeAgent,
		},
		Run: runCompose,
	}
}

func runCompose(ctx context.Context, env *probe.Env) probe.Finding {
	name := env.Compose
	if name == "" {
		return probe.NotUsed("no compose file was named")
	}
	file, err := readComposeFile(&env.Target)
	if err != nil {
		// Who runs the check was told before; the file has changed since.
		return probe.Found(probe.StatusUnknown, err.code, "%s", err.text).Hint(err.hint)
	}
	if len(file.jaegers()) == 0 {
		if len(file.gaps) > 0 {
			return file.notFollowed(nil)
		}
		return probe.Found(probe.StatusUnknown, codeComposeNoJaeger, "%s has no service with an image of Jaeger, so nothing of it was checked; its services are %s",
			name, file.names())
	}
	needs := docker.JaegerNeeds(env)
	docker.Resolve(ctx, env, needs)
	check := composeCheck{
		composeFile: file,
		needs:       needs,
		isHere:      func(n docker.Need) bool { return probe.IsOwn(ctx, &env.Target, n.Addr) },
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
		return probe.Found(probe.StatusOK, codeComposeWell, "nothing is wrong with %s in %s", file.jaegers()[0].name, name).
			Hint("docker compose -f " + docker.ShellQuote(name) + " up -d")
	}
	return composeFinding(faults).Saw(file.gapLines()...)
}

// composeFinding is about the first fault; all others are evidence and hints.
func composeFinding(faults []composeFault) probe.Finding {
	worst := &faults[0]
	f := probe.Found(probe.StatusWarn, worst.code, "%s: %s", worst.At(), worst.fact).AtHop(worst.hop)
	if n := worst.need; n != nil && !n.Met() {
		f.Status = probe.StatusFail
		f = f.AsCauseOf(n.Probe)
	}
	for i := range faults {
		f = f.Saw(faults[i].At() + ": " + faults[i].fact).Hint(faults[i].At() + ": " + faults[i].mend)
		if faults[i].saw != "" {
			f = f.Saw(faults[i].saw)
		}
		if faults[i].more != "" {
			f = f.Hint(faults[i].At() + ": or " + faults[i].more)
		}
	}
	return f
}

// composeFileError says why a file cannot be checked.
type composeFileError struct {
	code       probe.Code
	text, hint string
}

func (e *composeFileError) Error() string { return e.text }

// Hint is what to do about it.
func (e *composeFileError) Hint() string { return e.hint }

// ValidateCompose returns an error with a hint if Compose names what cannot be read
// or is no compose file.
func ValidateCompose(t probe.Target) error {
	t = t.WithDefaults()
	if t.Compose == "" {
		return nil
	}
	if _, err := readComposeFile(&t); err != nil {
		return err
	}
	return nil
}

// readComposeFile reads the file that Compose names.
func readComposeFile(t *probe.Target) (*composeFile, *composeFileError) {
	text, err := t.ReadFile(t.Compose)
	if err != nil {
		reason := err
		if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
			reason = pathErr.Err
		}
		return nil, &composeFileError{
			codeComposeUnreadable, fmt.Sprintf("cannot read the compose file %q: %v", t.Compose, reason),
			"name a compose file, relative to the working directory: --compose docker-compose.yaml",
		}
	}
	file, err := parseCompose(t.Compose, text, composeVars(t))
	if err != nil {
		e := &composeFileError{
			codeComposeInvalid, fmt.Sprintf("%s is no compose file: %s", t.Compose, strings.ReplaceAll(err.Error(), "\n", " ")),
			"docker compose -f " + docker.ShellQuote(t.Compose) + " config",
		}
		if manifest.Match(text) {
			e.hint = "name a compose file; manifests of Kubernetes are not read"
		}
		return nil, e
	}
	file.addOverride(t.ReadFile)
	return file, nil
}

// manifest is what every document of Kubernetes has.
var manifest = regexp.MustCompile(`(?m)^apiVersion:`)

// names lists the services.
func (f *composeFile) names() string {
	names := make([]string, len(f.services))
	for i := range f.services {
		names[i] = f.services[i].name
	}
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// composeVars are the values of ${NAME}: the environment's, else those of the
// file .env beside the compose file.
func composeVars(t *probe.Target) func(string) (string, bool) {
	text, err := t.ReadFile(filepath.Join(filepath.Dir(t.Compose), ".env"))
	if err != nil {
		text = nil
	}
	file := dotenv(text)
	return func(name string) (string, bool) {
		for _, kv := range t.Environ {
			if value, ok := strings.CutPrefix(kv, name+"="); ok {
				return value, true
			}
		}
		value, ok := file[name]
		return value, ok
	}
}
