package elasticsearch

import (
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strings"

	"github.com/otdemo/otdemo/pkg/doctor/internal/identity"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
)

// What Jaeger prints when it cannot reach Elasticsearch, so that a search for
// the line finds the finding. The same words mean different things by Jaeger's
// release, see failures.md 1.1: measured with 1.62, 2.13 and 2.20. Which release
// has which start is from the source of 1.62 to 1.76, where 1.63 and 2.0 are one
// tag and so on to 1.76 and 2.13.

const (
	noNode   = "no Elasticsearch node available"
	bareNode = "health check timeout: " + noNode
)

// The starts of the line, before the cause.
const (
	startPrimary = "failed to create primary Elasticsearch client: "
	startClient  = "failed to create Elasticsearch client: "
	startOwn     = "failed to create Elasticsearch data client: failed to resolve backend version: "
	// startTwo is before the others in Jaeger 2 to 2.19.
	startTwo = "failed to initialize storage 'NAME': "
)

// logLine is what Jaeger prints from its releases 1.one and 2.two until those of
// the next line; nothing that is known if text is empty.
type logLine struct {
	one, two int
	text     string
}

// There is no Jaeger 1.77.
const afterOne = 77

// releases are those of one major version, before the minor version end.
type releases struct{ major, first, end int }

func (r releases) mayInclude(jaeger identity.Identity) bool {
	if v := jaeger.Version; v.Known() {
		return v.Major == r.major && v.Minor >= r.first && v.Minor < r.end
	}
	return r.first < r.end && (jaeger.Major == 0 || jaeger.Major == r.major)
}

func (r releases) String() string {
	if r.end == math.MaxInt {
		return fmt.Sprintf("%d.%d and newer", r.major, r.first)
	}
	return fmt.Sprintf("%d.%d to %d.%d", r.major, r.first, r.major, r.end-1)
}

// logLines returns the lines of a Jaeger, or all of them when it is unknown or of
// no release that has one.
func logLines(all []logLine, jaeger identity.Identity) []string {
	var lines []string
	for i, line := range all {
		next := logLine{one: afterOne, two: math.MaxInt}
		if i+1 < len(all) {
			next = all[i+1]
		}
		var names []string
		for _, r := range []releases{{1, line.one, next.one}, {2, line.two, next.two}} {
			if r.mayInclude(jaeger) {
				names = append(names, r.String())
			}
		}
		if len(names) == 0 || line.text == "" {
			continue
		}
		who, text := "Jaeger "+strings.Join(names, " and "), line.text
		if jaeger.Version.Known() {
			who = jaeger.String()
		}
		if jaeger.Major == 2 && (strings.HasPrefix(text, startPrimary) || strings.HasPrefix(text, startClient)) {
			text = startTwo + text
		}
		lines = append(lines, who+" prints: "+text)
	}
	if len(lines) == 0 && jaeger.Known() {
		return logLines(all, identity.Identity{})
	}
	return lines
}

// startFailure is how a Jaeger fails to reach Elasticsearch.
type startFailure struct {
	// client is the message of the client that Jaeger had up to 2.19, after the
	// start of the line.
	client string
	// later is the message of that client's last version, since 1.71 and 2.8,
	// if it differs.
	later string
	// own is the line of Jaeger's own client, since 2.20, which sends only GET
	// before it starts; empty if that client does not fail.
	own string
}

func (f startFailure) lines(jaeger identity.Identity) []string {
	all := []logLine{{0, 0, bareNode}, {10, 0, startPrimary + f.client}, {66, 3, startClient + f.client}}
	if f.later != "" {
		all = append(all, logLine{71, 8, startClient + f.later})
	}
	return logLines(append(all, logLine{afterOne, 20, f.own}), jaeger)
}

func failsTransport(base *url.URL, err error) startFailure {
	cause := probe.WithoutURL(err).Error()
	server := (&url.URL{Scheme: base.Scheme, Host: base.Host}).String()
	return startFailure{client: fmt.Sprintf("health check timeout: Head %q: %s: %s", server, cause, noNode), own: startOwn + cause}
}

// failsStatus is a response that is not a success. Up to 2.19 it is the
// response to HEAD, which has no body, and Jaeger does not print the status.
func failsStatus(a *probe.Fetched) startFailure {
	f := startFailure{client: bareNode, own: startOwn + fmt.Sprintf("request failed, status code: %d, body: %s", a.Status, probe.Excerpt(a.Body))}
	if a.Status == http.StatusUnauthorized {
		f.later = "elastic: Error 401 (Unauthorized)"
	}
	return f
}

// oneSlashLines are the lines for a URL without a host. Jaeger 2 validates URLs,
// and Jaeger 1 does since 1.70.
func oneSlashLines(raw string, jaeger identity.Identity) []string {
	text := fmt.Sprintf("health check timeout: Head %q: http: no Host in request URL: %s", raw, noNode)
	return logLines([]logLine{
		{0, 0, bareNode},
		{10, 0, startPrimary + text},
		{66, 0, startClient + text},
		{69, 0, ""},
		{70, 0, "Servers: " + raw + " does not validate as url"},
	}, jaeger)
}

// failsNoScheme is a URL without a scheme, with the error of reading it, if
// there is one.
func failsNoScheme(raw string, err error) startFailure {
	f := startFailure{client: bareNode, own: "invalid server URL"}
	if err != nil {
		f.client = fmt.Sprintf("parse %q: %v", raw, probe.WithoutURL(err))
	}
	return f
}
