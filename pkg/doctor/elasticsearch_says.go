package doctor

import (
	"fmt"
	"net/http"
	"net/url"
)

// What Jaeger prints when it cannot reach Elasticsearch, so that a search for
// the line finds the finding. The same words mean different things by Jaeger's
// release, see failures.md 1.1: measured with 1.62, 2.13 and 2.20.

const noNode = "no Elasticsearch node available"

// says10to219 is the line of Jaeger 1.10 to 1.76 and 2.0 to 2.19 for an error
// of the transport.
func says10to219(transport string) string {
	return "Jaeger 1.10 to 2.19 prints: failed to create primary Elasticsearch client: health check timeout: " +
		transport + ": " + noNode
}

// saysBare is the line that Jaeger to 1.9 prints for every cause, and Jaeger to
// 2.19 when somebody answered with an error.
func saysBare() string {
	return "Jaeger to 2.19 prints: failed to create primary Elasticsearch client: health check timeout: " + noNode
}

func says220(cause string) string {
	return "Jaeger from 2.20 prints: failed to create Elasticsearch data client: failed to resolve backend version: " + cause
}

// saysTransport are the lines for an error without an answer.
func saysTransport(base *url.URL, err error) []string {
	cause := withoutURL(err).Error()
	server := (&url.URL{Scheme: base.Scheme, Host: base.Host}).String()
	return []string{
		says10to219(fmt.Sprintf("Head %q: %s", server, cause)),
		says220(cause),
	}
}

// saysStatus are the lines for an answer that is no success.
func saysStatus(a esAnswer) []string {
	lines := []string{saysBare()}
	if a.status == http.StatusUnauthorized {
		lines = append(lines, "Jaeger 1.71 to 1.76 and 2.8 to 2.19 prints: elastic: Error 401 (Unauthorized)")
	}
	if a.ok() {
		return nil
	}
	return append(lines, says220(fmt.Sprintf("request failed, status code: %d, body: %s", a.status, excerpt(a.body))))
}
