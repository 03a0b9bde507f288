package config

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/go-viper/mapstructure/v2"
	"github.com/spf13/viper"

	"github.com/otdemo/otdemo/pkg/tracer/kind"
)

// Source is all input of Load. Load reads nothing from the process itself.
type Source struct {
	// Dir is the working directory: where config.yaml is searched, and what a relative
	// File is relative to.
	Dir string
	// UserDir is the user's configuration directory, in which otdemo/config.yaml is
	// searched; empty when there is none.
	UserDir string
	// File is the file of --config; if empty, the file is searched.
	File string
	// Environ holds the environment as "KEY=value". An empty value counts as
	// unset, as it does for jaeger-client-go; of two with one name the first
	// is used, as in package os.
	Environ []string
	// AnyService is for a command that calls services whose propagation formats are
	// unknown: the default of propagation is the formats of all tracers then, not the
	// tracer's own alone.
	AnyService bool
	// Flags are those that were set on the command line; an empty value counts.
	Flags []Flag
	// TracerOfEnviron sets tracer otel if no flag, file or OTDEMO_TRACER sets a tracer,
	// no JAEGER_* variable is set, and OTEL_* variables are. It is for a command that
	// checks what a service would do in this environment.
	TracerOfEnviron bool
}

// Flag is a flag or an argument that overrides a key.
type Flag struct {
	Name  string // as typed, "--agent-port", or the argument's name, "URL"
	Key   string // "reporter.agent.port"
	Value string
}

// Loaded is a valid configuration and its origins.
type Loaded struct {
	Config Config
	// File is the configuration file that was read, as in origins; empty if none was.
	File string
	// Values has every key, in the order of config.yaml.
	Values []Value
	// Warnings should be printed to stderr; they are not errors.
	Warnings []Warning
}

// Value is the effective value of one key.
type Value struct {
	Key string
	// Text is the value in the form of a variable. Secrets and the user info of URLs are
	// hidden.
	Text   string
	Origin Origin
	// Note is which commands use another value; mostly empty.
	Note string
	// Secret reports that Text hides something.
	Secret bool
}

// Load merges defaults, config.yaml, JAEGER_*, OTEL_* and OTDEMO_* variables and
// flags, in that order, and checks the result. OTEL_* variables count only if the
// resulting tracer is otel. It reads at most one file and does not use the network.
//
// The error joins a *Fault for each error in the configuration; Loaded is nil then.
func Load(src Source) (*Loaded, error) {
	l := newLoader(src.Environ)
	file := l.loadFile(src)
	if src.TracerOfEnviron {
		l.chooseTracer(&src)
	}
	tracer := kind.Of(l.tracer(src.Flags))
	l.loadJaeger(&tracer)
	if tracer.OTelVariables {
		l.loadOTel()
	}
	l.loadOtdemo()
	for _, f := range src.Flags {
		from := Origin{LayerFlag, f.Name}
		if l.byName[f.Key] == nil {
			l.fail(from, "", "sets the unknown key %q", f.Key)
			continue
		}
		l.setText(f.Key, f.Value, from)
	}
	cfg, err := l.merged()
	if err != nil {
		return nil, err
	}
	l.resolve(&cfg, src.AnyService)
	l.validate(&cfg)
	if len(l.faults) == 0 {
		l.withholdCredentials(&cfg)
	}
	if len(l.faults) > 0 {
		slices.SortStableFunc(l.faults, byPlace)
		var errs []error
		for _, f := range l.faults {
			errs = append(errs, f)
		}
		return nil, errors.Join(errs...)
	}
	l.warnConfig(&cfg)
	return &Loaded{Config: cfg, File: file, Values: l.values(), Warnings: l.warnings}, nil
}

// loader is the state of Load. Layers are set from the lowest to the highest.
type loader struct {
	env  environ
	keys []Key
	// byName has pointers into keys.
	byName map[string]*Key
	viper  *viper.Viper
	// origins has the origin of the current value, by key. A key with its default is
	// missing, which results in the default's zero Origin.
	origins map[string]Origin
	// formatsNote is the Note of propagation.
	formatsNote string
	// invalid has the keys whose value is invalid, so that the value that is left in its
	// place is not checked.
	invalid map[string]bool
	// endpoints are the collectors that layers set.
	endpoints map[Layer]string
	// found reports that the file is ./config.yaml, which --config does not name.
	found    bool
	faults   []*Fault
	warnings []Warning
}

func newLoader(environment []string) *loader {
	l := &loader{
		env:       newEnviron(environment),
		keys:      Keys(),
		byName:    map[string]*Key{},
		viper:     viper.New(),
		origins:   map[string]Origin{},
		invalid:   map[string]bool{},
		endpoints: map[Layer]string{},
	}
	for i := range l.keys {
		l.byName[l.keys[i].Name] = &l.keys[i]
	}
	for name, value := range flatten(Defaults()) {
		l.viper.SetDefault(name, value)
	}
	return l
}

// tracer returns the resulting tracer. It determines which variables count, so it is
// found before they are read.
func (l *loader) tracer(flags []Flag) string {
	key := l.byName[keyTracer]
	name := cmp.Or(l.env[key.Otdemo], l.viper.GetString(keyTracer))
	for _, f := range flags {
		if f.Key == keyTracer {
			name = f.Value
		}
	}
	return key.canonical(name)
}

// set sets a key to a value of its type. Where only certain words are allowed, any case
// is accepted, as in jaeger-client-go.
func (l *loader) set(name string, value any, from Origin) {
	key := l.byName[name]
	switch v := value.(type) {
	case string:
		value = key.canonical(v)
	case []string:
		words := make([]string, len(v))
		for i, s := range v {
			words[i] = key.canonical(s)
		}
		value = words
	}
	l.viper.Set(name, value)
	l.origins[name] = from
	if url, ok := value.(string); ok && name == keyCollectorEndpoint && url != "" {
		l.endpoints[from.Layer] = url
	}
}

// canonical returns s in the case of the key's list of allowed words, or s.
func (k *Key) canonical(s string) string {
	for _, word := range k.values {
		if strings.EqualFold(s, word) {
			return word
		}
	}
	return s
}

// setVariable sets a key to the value of a variable, unless that is unset.
func (l *loader) setVariable(name string, from Origin) {
	if text := l.env[from.Detail]; text != "" {
		l.setText(name, text, from)
	}
}

// setText sets a key to a value in the form of variables and flags.
func (l *loader) setText(name, text string, from Origin) {
	key := l.byName[name]
	value, c := key.Type.parse(text, l.env)
	if c == nil {
		l.set(name, value, from)
		return
	}
	if n, err := strconv.ParseUint(text, 10, 63); err == nil && key.Type == TypeDuration && from.Layer == LayerJaeger {
		// The clients of other languages use milliseconds.
		c.instead = fmt.Sprintf("%dms", n)
	}
	l.failValue(name, from, c)
}

func (l *loader) text(name string) string { return l.byName[name].Type.format(l.viper.Get(name)) }

// failValue adds the fault of a key's value at from.
func (l *loader) failValue(name string, from Origin, c *problem) {
	l.invalid[name] = true
	l.faults = append(l.faults, c.fault(l.byName[name], from))
}

// fail adds a fault that is not about the value of one key.
func (l *loader) fail(from Origin, hint, format string, args ...any) {
	l.faults = append(l.faults, &Fault{Origin: from, Text: fmt.Sprintf(format, args...), hint: hint})
}

func (l *loader) warn(hint, format string, args ...any) {
	l.warnings = append(l.warnings, Warning{Text: fmt.Sprintf(format, args...), Hint: hint})
}

// merged returns viper's result of the layers. Every value has its key's type already,
// so nothing must be converted here, and an error is a bug of this package.
func (l *loader) merged() (Config, error) {
	var cfg Config
	err := l.viper.UnmarshalExact(&cfg, func(d *mapstructure.DecoderConfig) {
		d.TagName = "yaml"
		d.WeaklyTypedInput = false
		d.DecodeHook = nil
	})
	if err != nil {
		return Config{}, fmt.Errorf("merge configuration: %w", err)
	}
	return cfg, nil
}

// resolve replaces an empty list of propagation formats and an empty endpoint with the
// tracer's own. Their origins stay the default's.
func (l *loader) resolve(cfg *Config, anyService bool) {
	if len(cfg.Propagation) == 0 {
		all := cfg.callFormats()
		cfg.Propagation = cfg.Formats()
		if anyService {
			cfg.Propagation = all
		}
		l.formatsNote = "call sends " + strings.Join(all, ",")
	}
	l.viper.Set(keyPropagation, cfg.Propagation)
	l.viper.Set(keyCollectorEndpoint, cfg.CollectorURL())
}

func (l *loader) values() []Value {
	values := make([]Value, len(l.keys))
	for i, key := range l.keys {
		value, text := l.viper.Get(key.Name), l.text(key.Name)
		values[i] = Value{
			Key:    key.Name,
			Text:   text,
			Origin: l.origins[key.Name],
			Secret: key.Type == TypeSecret || key.Type == TypeURL && text != value,
		}
		if key.Name == keyPropagation {
			values[i].Note = l.formatsNote
		}
	}
	return values
}
