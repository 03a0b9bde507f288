package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/go-viper/mapstructure/v2"
	"github.com/spf13/viper"

	"github.com/otdemo/otdemo/pkg/tracer/kind"
)

// Source is everything that a load looks at. Nothing is taken from the process
// itself.
type Source struct {
	// Dir is the working directory: config.yaml is looked for here, and a
	// relative File starts here.
	Dir string
	// UserDir is the user's configuration directory, in which otdemo/config.yaml
	// is looked for; empty when there is none.
	UserDir string
	// File is the file that --config names; empty searches.
	File string
	// Environ holds the environment as "KEY=value". An empty value counts as
	// unset, as it does for jaeger-client-go; of two with one name the first
	// holds, as in package os.
	Environ []string
	// AnyService says that the command calls services of which it does not know what
	// headers they read: without a choice of propagation the trace travels in the
	// formats of all, and not in the tracer's own alone.
	AnyService bool
	// Flags are those that were set on the command line; an empty value is a
	// value there.
	Flags []Flag
	// TracerOfEnviron takes tracer otel when no flag, file or OTDEMO_TRACER
	// chooses a tracer, no JAEGER_* variable is set, and OTEL_* variables are. It
	// is for a command that checks what a service would do in this environment.
	TracerOfEnviron bool
}

// Flag is a flag or an argument that overrides a key.
type Flag struct {
	Name  string // as typed, "--agent-port", or the argument's name, "URL"
	Key   string // "reporter.agent.port"
	Value string
}

// Loaded is a configuration without faults, and where it came from.
type Loaded struct {
	Config Config
	// File is the configuration file that was read, as origins name it; empty
	// when there was none.
	File string
	// Values has every key, in the order of config.yaml.
	Values []Value
	// Warnings are worth a line on stderr; they do not stop anything.
	Warnings []Warning
}

// Value is the effective value of one key.
type Value struct {
	Key string
	// Text is the value as a variable would spell it. Secrets and the user info
	// of URLs are hidden.
	Text   string
	Origin Origin
	// Note says which commands have another value; mostly empty.
	Note string
	// Secret says that Text hides something.
	Secret bool
}

// Load merges defaults, config.yaml, JAEGER_*, OTEL_* and OTDEMO_* variables and
// flags, in that order, and checks the outcome. OTEL_* variables count only when
// the tracer comes out as otel. It reads at most one file and does not
// touch the network.
//
// The error joins one *Fault for everything that is wrong; see Fault. There is
// no Loaded then.
func Load(src Source) (*Loaded, error) {
	l := newLoader(src.Environ)
	file := l.loadFile(src)
	if src.TracerOfEnviron {
		l.chooseTracer(src)
	}
	tracer := l.tracer(src.Flags)
	l.loadJaeger(tracer)
	if k := kind.Of(tracer); k.OTelVariables {
		l.loadOTel()
	}
	l.loadOtdemo()
	for _, f := range src.Flags {
		l.loadFlag(f)
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
		return nil, join(l.faults)
	}
	l.warnConfig(&cfg)
	return &Loaded{Config: cfg, File: file, Values: l.values(), Warnings: l.warnings}, nil
}

// loader holds one load. Layers are set from the lowest to the highest.
type loader struct {
	env  environ
	keys []Key
	// byName finds a key; it points into keys.
	byName map[string]*Key
	viper  *viper.Viper
	// origins has the origin of the value that holds so far, by key. A key that
	// still has its default has none, which is the default's zero Origin.
	origins map[string]Origin
	// notes has what is to be said of a key beside its value.
	notes map[string]string
	// broken marks keys with a value that could not be read, so that what is left
	// in its place is not judged.
	broken map[string]bool
	// endpoints are the collectors that layers name, one for each layer at most.
	endpoints []writtenEndpoint
	// found says that the file is ./config.yaml, which nobody named.
	found    bool
	faults   []*Fault
	warnings []Warning
}

func newLoader(environment []string) *loader {
	l := &loader{
		env:     newEnviron(environment),
		keys:    Keys(),
		byName:  map[string]*Key{},
		viper:   viper.New(),
		origins: map[string]Origin{},
		notes:   map[string]string{},
		broken:  map[string]bool{},
	}
	for i := range l.keys {
		l.byName[l.keys[i].Name] = &l.keys[i]
	}
	for name, value := range flatten(Defaults()) {
		l.viper.SetDefault(name, value)
	}
	return l
}

// tracer returns the tracer that will hold. Which variables count depends on it,
// so it is looked for before they are read.
func (l *loader) tracer(flags []Flag) string {
	key, name := l.byName[keyTracer], l.viper.GetString(keyTracer)
	if text := l.env.get(key.Otdemo); text != "" {
		name = text
	}
	for _, f := range flags {
		if f.Key == keyTracer {
			name = f.Value
		}
	}
	return key.word(name)
}

// set gives key a value of its own type. Where only certain words are allowed,
// any case will do, as in jaeger-client-go.
func (l *loader) set(key *Key, value any, from Origin) {
	switch v := value.(type) {
	case string:
		value = key.word(v)
	case []string:
		words := make([]string, len(v))
		for i, s := range v {
			words[i] = key.word(s)
		}
		value = words
	}
	l.viper.Set(key.Name, value)
	l.origins[key.Name] = from
	if url, ok := value.(string); ok && key.Name == keyCollectorEndpoint && url != "" {
		l.endpoints = append(l.endpoints, writtenEndpoint{url: url, from: from})
	}
}

// word returns s as the key's list of allowed words spells it, or s.
func (k *Key) word(s string) string {
	for _, word := range k.values {
		if strings.EqualFold(s, word) {
			return word
		}
	}
	return s
}

// setText gives key a value that is still text, as in variables and flags.
func (l *loader) setText(key *Key, text string, from Origin) {
	value, c := key.Type.parse(text, l.env)
	if c != nil {
		l.refuse(key, from, c)
		return
	}
	l.set(key, value, from)
}

// refuse notes that the value of key at from cannot be read.
func (l *loader) refuse(key *Key, from Origin, c *complaint) {
	l.broken[key.Name] = true
	l.fail(c.fault(key, from))
}

func (l *loader) fail(f *Fault) { l.faults = append(l.faults, f) }

func (l *loader) warn(hint, format string, args ...any) {
	l.warnings = append(l.warnings, Warning{Text: fmt.Sprintf(format, args...), Hint: hint})
}

func (l *loader) loadFlag(f Flag) {
	from := Origin{LayerFlag, f.Name}
	key, ok := l.byName[f.Key]
	if !ok {
		l.fail(&Fault{Origin: from, Text: fmt.Sprintf("sets the unknown key %q", f.Key)})
		return
	}
	l.setText(key, f.Value, from)
}

// merged returns what viper has made of the layers. Every value has its key's
// type already, so nothing may be converted here and an error is a mistake of
// this package.
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

// resolve puts the header formats in the place of an empty list, and shows the
// tracer's own collector in the place of an empty endpoint. Their origins stay:
// nobody else has named them.
func (l *loader) resolve(cfg *Config, anyService bool) {
	if len(cfg.Propagation) == 0 {
		all := cfg.callFormats()
		cfg.Propagation = ownFormats(cfg.Tracer)
		if anyService {
			cfg.Propagation = all
		}
		l.notes[keyPropagation] = "call sends " + strings.Join(all, ",")
	}
	l.viper.Set(keyPropagation, cfg.Propagation)
	l.viper.Set(keyCollectorEndpoint, cfg.CollectorURL())
}

func (l *loader) values() []Value {
	values := make([]Value, len(l.keys))
	for i, key := range l.keys {
		value := l.viper.Get(key.Name)
		text := key.Type.format(value)
		values[i] = Value{
			Key:    key.Name,
			Text:   text,
			Origin: l.origins[key.Name],
			Note:   l.notes[key.Name],
			Secret: key.Type == TypeSecret || key.Type == TypeURL && text != value,
		}
	}
	return values
}
