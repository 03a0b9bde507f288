package elasticsearch

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/otdemo/otdemo/pkg/doctor/internal/identity"
	"github.com/otdemo/otdemo/pkg/doctor/internal/jaegers"
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

// releases are a range of releases; without a last one it is still open.
type releases struct{ first, last jaegers.Version }

func (r releases) has(v jaegers.Version) bool {
	if v.Major != r.first.Major || !v.AtLeast(r.first.Major, r.first.Minor) {
		return false
	}
	return !r.last.Known() || !v.AtLeast(r.last.Major, r.last.Minor+1)
}

// mayBe reports whether the Jaeger is of one of them, for all that is known.
func (r releases) mayBe(jaeger identity.Identity) bool {
	if jaeger.Version.Known() {
		return r.has(jaeger.Version)
	}
	return jaeger.Major == 0 || jaeger.Major == r.first.Major
}

func (r releases) String() string {
	first := fmt.Sprintf("%d.%d", r.first.Major, r.first.Minor)
	if !r.last.Known() {
		return first + " and newer"
	}
	return fmt.Sprintf("%s to %d.%d", first, r.last.Major, r.last.Minor)
}

// ownClient returns the releases with Jaeger's own Elasticsearch client, which
// sends only GET before it starts.
func ownClient() releases { return releases{first: jaegers.VersionAt(2, 20)} }

// logLine is a line of some releases.
type logLine struct {
	of   []releases
	text string
}

// logLines are the lines of a Jaeger, or of all when it is unknown or of none of
// the releases.
func logLines(all []logLine, jaeger identity.Identity) []string {
	var lines []string
	for _, s := range all {
		of := slices.DeleteFunc(slices.Clone(s.of), func(r releases) bool { return !r.mayBe(jaeger) })
		if len(of) == 0 {
			continue
		}
		text := s.text
		if jaeger.Major == 2 && (strings.HasPrefix(text, startPrimary) || strings.HasPrefix(text, startClient)) {
			text = startTwo + text
		}
		lines = append(lines, releaseNames(of, jaeger)+" prints: "+text)
	}
	if len(lines) == 0 && jaeger.Known() {
		return logLines(all, identity.Identity{})
	}
	return lines
}

// releaseNames names the Jaeger, or the releases that it may be.
func releaseNames(of []releases, jaeger identity.Identity) string {
	if jaeger.Version.Known() {
		return jaeger.String()
	}
	names := make([]string, len(of))
	for i, r := range of {
		names[i] = r.String()
	}
	return "Jaeger " + strings.Join(names, " and ")
}

// startFailure is how a Jaeger fails to reach Elasticsearch.
type startFailure struct {
	// client is the message of the client that Jaeger had up to 2.19, after the
	// start of the line.
	client string
	// later is the message of that client's last version, since 1.71 and 2.8,
	// if it differs.
	later string
	// own is the line of Jaeger's own client, since 2.20; empty if that client
	// does not fail.
	own string
}

// lines returns the log lines of that Jaeger for the failure.
func (f startFailure) lines(jaeger identity.Identity) []string {
	all := []logLine{
		{[]releases{{jaegers.VersionAt(1, 0), jaegers.VersionAt(1, 9)}}, bareNode},
		{[]releases{{jaegers.VersionAt(1, 10), jaegers.VersionAt(1, 65)}, {jaegers.VersionAt(2, 0), jaegers.VersionAt(2, 2)}}, startPrimary + f.client},
	}
	if f.later == "" {
		all = append(all, logLine{[]releases{{jaegers.VersionAt(1, 66), jaegers.VersionAt(1, 76)}, {jaegers.VersionAt(2, 3), jaegers.VersionAt(2, 19)}}, startClient + f.client})
	} else {
		all = append(all,
			logLine{[]releases{{jaegers.VersionAt(1, 66), jaegers.VersionAt(1, 70)}, {jaegers.VersionAt(2, 3), jaegers.VersionAt(2, 7)}}, startClient + f.client},
			logLine{[]releases{{jaegers.VersionAt(1, 71), jaegers.VersionAt(1, 76)}, {jaegers.VersionAt(2, 8), jaegers.VersionAt(2, 19)}}, startClient + f.later})
	}
	if f.own != "" {
		all = append(all, logLine{[]releases{ownClient()}, f.own})
	}
	return logLines(all, jaeger)
}

// failsTransport is an error without a response.
func failsTransport(base *url.URL, err error) startFailure {
	cause := probe.WithoutURL(err).Error()
	server := (&url.URL{Scheme: base.Scheme, Host: base.Host}).String()
	return startFailure{client: fmt.Sprintf("health check timeout: Head %q: %s: %s", server, cause, noNode), own: startOwn + cause}
}

// failsStatus is a response that is not a success. Up to 2.19 it is the
// response to HEAD, which has no body, and Jaeger does not print the status.
func failsStatus(a response) startFailure {
	f := startFailure{client: bareNode, own: startOwn + fmt.Sprintf("request failed, status code: %d, body: %s", a.status, probe.Excerpt(a.body))}
	if a.status == http.StatusUnauthorized {
		f.later = "elastic: Error 401 (Unauthorized)"
	}
	return f
}

// oneSlashLines are the lines for a URL without a host. Jaeger 2 validates URLs,
// and Jaeger 1 does since 1.70.
func oneSlashLines(raw string, jaeger identity.Identity) []string {
	text := fmt.Sprintf("health check timeout: Head %q: http: no Host in request URL: %s", raw, noNode)
	return logLines([]logLine{
		{[]releases{{jaegers.VersionAt(1, 0), jaegers.VersionAt(1, 9)}}, bareNode},
		{[]releases{{jaegers.VersionAt(1, 10), jaegers.VersionAt(1, 65)}}, startPrimary + text},
		{[]releases{{jaegers.VersionAt(1, 66), jaegers.VersionAt(1, 68)}}, startClient + text},
		{[]releases{{jaegers.VersionAt(1, 70), jaegers.VersionAt(1, 76)}, {first: jaegers.VersionAt(2, 0)}}, "Servers: " + raw + " does not validate as url"},
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
