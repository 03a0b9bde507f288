package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
)

const idCompose = "compose"

// composeProbe reads a compose file for what keeps spans from arriving. It needs
// no engine.
func composeProbe() Probe {
	return Probe{
		ID:    idCompose,
		Hop:   HopNetwork,
		Title: "the compose file lets spans reach Jaeger",
		After: []string{idHost, idUDP, idCollector, idQuery, idCanary},
		Codes: []Code{
			codeComposeWell, codeComposeUnreadable, codeComposeInvalid, codeComposeNoJaeger, codeComposeNotUDP,
			codeComposePort, codeComposeNoUDP, codeComposeStorageURL, codeComposeStorageUnset, codeComposeNotFollowed, codeComposeNoGate, codeComposeV1Settings,
			codeComposeReceiver, codeComposeLoopback, codeComposeAgent,
		},
		Run: runCompose,
	}
}

func runCompose(ctx context.Context, env *Env) Finding {
	name := env.Compose
	if name == "" {
		return notUsed("no compose file was named")
	}
	file, err := readComposeFile(&env.Target)
	if err != nil {
		// Who runs the check was told before; the file has changed since.
		return found(StatusUnknown, err.code, "%s", err.text).hint(err.hint)
	}
	if len(file.jaegers()) == 0 {
		if len(file.gaps) > 0 {
			return file.notFollowed(nil)
		}
		return found(StatusUnknown, codeComposeNoJaeger, "%s has no service with an image of Jaeger, so nothing of it was checked; its services are %s",
			name, file.names())
	}
	needs := jaegerNeeds(env)
	resolve(ctx, env, needs)
	check := composeCheck{
		composeFile: file,
		needs:       needs,
		isHere:      func(n need) bool { return isOwn(ctx, &env.Target, n.addr) },
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
		return found(StatusOK, codeComposeWell, "nothing is wrong with %s in %s", file.jaegers()[0].name, name).
			hint("docker compose -f " + shellQuote(name) + " up -d")
	}
	return composeFinding(faults).saw(file.gapLines()...)
}

// composeFinding is about the first fault; all others are evidence and hints.
func composeFinding(faults []composeFault) Finding {
	worst := &faults[0]
	f := found(StatusWarn, worst.code, "%s: %s", worst.at(), worst.fact).at(worst.hop)
	if n := worst.need; n != nil && !n.met() {
		f.Status = StatusFail
		f = f.explains(n.probe)
	}
	for i := range faults {
		f = f.saw(faults[i].at() + ": " + faults[i].fact).hint(faults[i].at() + ": " + faults[i].mend)
		if faults[i].saw != "" {
			f = f.saw(faults[i].saw)
		}
		if faults[i].more != "" {
			f = f.hint(faults[i].at() + ": or " + faults[i].more)
		}
	}
	return f
}

// composeFileError says why a file cannot be checked.
type composeFileError struct {
	code       Code
	text, hint string
}

func (e *composeFileError) Error() string { return e.text }

// Hint is what to do about it.
func (e *composeFileError) Hint() string { return e.hint }

// validateCompose returns an error with a hint if Compose names what cannot be read
// or is no compose file.
func validateCompose(t Target) error {
	t = t.withDefaults()
	if t.Compose == "" {
		return nil
	}
	if _, err := readComposeFile(&t); err != nil {
		return err
	}
	return nil
}

// readComposeFile reads the file that Compose names.
func readComposeFile(t *Target) (*composeFile, *composeFileError) {
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
			"docker compose -f " + shellQuote(t.Compose) + " config",
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
func composeVars(t *Target) func(string) (string, bool) {
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
