package compose

import (
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/otdemo/otdemo/pkg/doctor/internal/jaegers"
)

func someVars(name string) (string, bool) {
	value, ok := map[string]string{"SET": "x", "EMPTY": "", "PORT": "6831"}[name]
	return value, ok
}

func TestExpand(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		text string
		want string
		err  string
	}{
		"none":                   {"a b", "a b", ""},
		"both forms":             {"$SET-${SET}", "x-x", ""},
		"unset":                  {"[$UNSET${UNSET}]", "[]", ""},
		"default":                {"${UNSET:-d}${UNSET-e}${EMPTY:-f}${EMPTY-g}", "def", ""},
		"default within default": {"${UNSET:-a${UNSET-b}}c", "abc", ""},
		"instead":                {"${SET:+i}${EMPTY:+j}${EMPTY+k}${UNSET+l}", "ik", ""},
		"escaped":                {"$$SET $$", "$SET $", ""},
		"a lone dollar":          {"5$ each", "5$ each", ""},
		"required":               {"${UNSET:?say where}", "", "variable UNSET is not set: say where"},
		"required and set":       {"${SET?say where}", "x", ""},
		"not closed":             {"${SET", "", "${ without }"},
		"no name":                {"${}", "", "${} is not a variable"},
		"nested":                 {strings.Repeat("${UNSET:-", 30) + "x" + strings.Repeat("}", 30), "x", ""},
		"nested too deep":        {strings.Repeat("${UNSET:-", 200_000) + strings.Repeat("}", 200_000), "", "variables are nested more than 32 deep"},
		"no operator":            {"${SET!}", "", "${SET!} is not a variable"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := expand(tt.text, someVars)
			if got != tt.want || (err == nil) != (tt.err == "") || err != nil && err.Error() != tt.err {
				t.Errorf("expand(%q): got %q, %v, want %q, %s", tt.text, got, err, tt.want, tt.err)
			}
		})
	}
}

func TestDotenv(t *testing.T) {
	t.Parallel()
	got := dotenv([]byte("# a comment\nA=1\nexport B = two words \n\nC=\"q\"\nD='r'\nno\nE=\n"))
	want := map[string]string{"A": "1", "B": "two words", "C": "q", "D": "r", "E": ""}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestComposePorts(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		port string
		want string
		err  string
	}{
		"short":                 {`"6831:6831/udp"`, "6831:6831/udp", ""},
		"not quoted":            {`6831:6831`, "6831:6831", ""},
		"a number":              {`16686`, "16686", ""},
		"other port":            {`"16831:6831/UDP"`, "16831:6831/udp", ""},
		"address":               {`"127.0.0.1:6831:6831/udp"`, "127.0.0.1:6831:6831/udp", ""},
		"address only":          {`"127.0.0.1::6831"`, "127.0.0.1::6831", ""},
		"IPv6 address":          {`"[::1]:6831:6831"`, "[::1]:6831:6831", ""},
		"any address":           {`"0.0.0.0:6831:6831"`, "6831:6831", ""},
		"range":                 {`"6831-6832:6831-6832/udp"`, "6831:6831/udp 6832:6832/udp", ""},
		"range inside":          {`"6831-6832/udp"`, "6831/udp 6832/udp", ""},
		"variable":              {`"${PORT:-1}:6831/udp"`, "6831:6831/udp", ""},
		"long":                  {`{target: 6831, published: 6831, protocol: udp}`, "6831:6831/udp", ""},
		"long, TCP":             {`{target: 16686, published: "16686", host_ip: 127.0.0.1}`, "127.0.0.1:16686:16686", ""},
		"no number":             {`"x:6831"`, "", `line 4: port "x:6831": "x" is not a port`},
		"no address":            {`"host:1:2"`, "", `line 4: port "host:1:2": ParseAddr("host"): unable to parse IP`},
		"range that falls":      {`"6832-6831"`, "", `line 4: port "6832-6831": "6832-6831" is not a port range`},
		"too large":             {`"1-999999999"`, "", `line 4: port "1-999999999": "1-999999999" is not a port range`},
		"long without a target": {`{published: 1}`, "", `line 4: port "target: , published: 1, protocol: tcp": "" is not a port`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file, err := parseFile("c.yml", []byte("services:\n  jaeger:\n    ports:\n      - "+tt.port+"\n"), someVars)
			if tt.err != "" {
				if err == nil || err.Error() != tt.err {
					t.Errorf("error: got %v, want %s", err, tt.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, p := range file.services[0].ports {
				got = append(got, p.String())
			}
			if text := strings.Join(got, " "); text != tt.want {
				t.Errorf("got %s, want %s", text, tt.want)
			}
		})
	}
}

func TestParseCompose(t *testing.T) {
	t.Parallel()
	const text = `x-env: &env
  A: one
  B: two
services:
  app:
    build: .
    environment:
      <<: *env
      B: own
      C:
  jaeger:
    image: jaegertracing/jaeger:${TAG-2.13.0}
    container_name: tracing
    hostname: j
    restart: "no"
    command: --config /etc/jaeger/c.yaml
    environment: ["D=d=e", F]
    networks: {default: {aliases: [jg]}}
    volumes:
      - ./conf:/etc/jaeger:ro
      - {type: bind, source: ./x, target: /x}
    depends_on: {es: {condition: service_healthy}}
  es:
    image: elasticsearch:8.19.0
    network_mode: host
    depends_on: [app]
    healthcheck: {test: curl}
`
	file, err := parseFile("c.yml", []byte(text), someVars)
	if err != nil {
		t.Fatal(err)
	}
	want := []service{
		{
			name: "app", line: 5, Program: jaegers.Program{
				Env: []jaegers.Variable{{Name: "B", Value: "own", Line: 9}, {Name: "C", Line: 10}, {Name: "A", Value: "one", Line: 2}},
			},
			files: map[string]string{},
		},
		{
			name: "jaeger", line: 11, aliases: []string{"tracing", "jg"}, hostname: "j", restart: "no", Program: jaegers.Program{
				Image: jaegers.ImageOf("jaegertracing/jaeger:2.13.0", nil), Args: []string{"--config", "/etc/jaeger/c.yaml"},
				Env: []jaegers.Variable{{Name: "D", Value: "d=e", Line: 17}, {Name: "F", Line: 17}},
			},
			files:     map[string]string{"/etc/jaeger": "./conf", "/x": "./x"},
			dependsOn: map[string]string{"es": "service_healthy"}, dependsOnLine: 22,
		},
		{
			name: "es", line: 23, Program: jaegers.Program{Image: jaegers.ImageOf("elasticsearch:8.19.0", nil)}, hostNetwork: true, files: map[string]string{},
			dependsOn: map[string]string{"app": "service_started"}, dependsOnLine: 26,
		},
	}
	if diff := cmp.Diff(want, file.services, cmp.AllowUnexported(service{}, publishedPort{}, jaegers.Image{})); diff != "" {
		t.Errorf("services (-want +got):\n%s", diff)
	}
	if got, want := file.services[1].configSource(), "conf/c.yaml"; got != want {
		t.Errorf("configuration: got %q, want %q", got, want)
	}
}

func TestParseComposeRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ text, want string }{
		"empty":                  {"", "line 1: the file is empty"},
		"no YAML":                {"services: [", "yaml: "},
		"a list":                 {"- a", "line 1: the file has no services"},
		"a list inside":          {"services: [a]", "line 1: the file has no services"},
		"only networks":          {"networks:\n  a: {}\n", "line 1: the file has no services"},
		"a manifest":             {"apiVersion: v1\nkind: Pod\nspec: {}\n", "line 1: it is a Kubernetes manifest of kind Pod"},
		"no mapping":             {"services:\n  jaeger: x", "line 2: service jaeger is not a mapping"},
		"two documents":          {"services: {}\n---\na: 1", "the file has more than one document"},
		"a variable":             {"services:\n  j:\n    image: ${UNSET:?which}", "line 3: variable UNSET is not set: which"},
		"twice one name":         {"services:\n  j: {}\n  j: {}", "line 3: mapping key \"j\" already defined at line 2"},
		"alias to itself":        {"services:\n  j: &j\n    <<: *j\n", `line 3: anchor "j" contains itself`},
		"alias to one around it": {"services:\n  a: &a\n    b: [*a]\n", `line 3: anchor "a" contains itself`},
		"aliases without bounds": {
			"a: &a [1,1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\n" +
				"e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e]\ng: [*f,*f,*f]\n", "line 1: document contains excessive aliasing",
		},
		"a key that is a list": {"services: {[a]: b}", "line 1: a key is no text"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := parseFile("c.yml", []byte(tt.text), someVars); err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("got error %v, want %s", err, tt.want)
			}
		})
	}
}

var errNoFile = noFileError{}

// noFileError is the error of a file that is not there.
type noFileError struct{}

func (noFileError) Error() string        { return "no such file" }
func (noFileError) Is(target error) bool { return target == fs.ErrNotExist }
