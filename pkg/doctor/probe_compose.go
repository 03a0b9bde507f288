package doctor

import (
	"context"
	"path/filepath"
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
			codeComposePort, codeComposeNoUDP, codeComposeStorageURL, codeComposeNoGate, codeComposeV1Settings,
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
	text, err := env.ReadFile(name)
	if err != nil {
		return found(StatusWarn, codeComposeUnreadable, "the compose file cannot be read: %v", err)
	}
	file, err := parseCompose(name, text, composeVars(&env.Target))
	if err != nil {
		return found(StatusWarn, codeComposeInvalid, "%s is no compose file: %s", name,
			strings.ReplaceAll(err.Error(), "\n", " ")).hint("docker compose -f " + shellQuote(name) + " config")
	}
	if len(file.jaegers()) == 0 {
		return found(StatusWarn, codeComposeNoJaeger, "%s has no service with an image of Jaeger", name)
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
	faults := check.run()
	if len(faults) == 0 {
		return found(StatusOK, codeComposeWell, "nothing is wrong with %s in %s", file.jaegers()[0].name, name).
			hint("docker compose -f " + shellQuote(name) + " up -d")
	}
	return composeFinding(faults)
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
	}
	return f
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
